#!/usr/bin/env bash
# report.sh: report.html of a training and of an exploration: well-formed, complete, alone, and with the numbers of the run.
source "$RQ_SRC/tests/cli/expect.bash"
cd "$work" || exit 1
source "$RQ_SRC/tests/cli/report_runs.bash"

python3 - one/report.html all/report.html <<'PY' || fail "pages"
import html.parser, re, sys
VOID = {"meta", "link", "br", "hr", "img", "input"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.seen, self.ids, self.text = [], {}, set(), []
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.seen[tag] = self.seen.get(tag, 0) + 1
        assert tag not in ("script", "iframe", "object", "embed"), tag
        for name in ("src", "href"): assert attrs.get(name, "data:").startswith("data:"), attrs
        if tag == "svg": assert attrs.get("role") == "img" and len(attrs.get("aria-label", "")) > 10, attrs
        if "id" in attrs:
            assert attrs["id"] not in self.ids, attrs["id"]
            self.ids.add(attrs["id"])
        if tag not in VOID: self.stack.append(tag)
    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID: self.stack.pop()
    def handle_endtag(self, tag): assert self.stack and self.stack.pop() == tag, (tag, self.stack)
    def handle_data(self, data): self.text.append(data)
for path in sys.argv[1:]:
    text = open(path).read()
    assert not re.search(r"https?:", text.replace("http://www.w3.org/2000/svg", "")), "an address"
    assert "nan" not in re.findall(r'="([^"]*)"', text) and not re.search(r'[dxy]="[^"]*nan', text), "not a number in a picture"
    p = Page()
    p.feed(text)
    p.close()
    assert not p.stack, p.stack
    assert "@media print" in text and "prefers-color-scheme:dark" in text and p.seen["main"] == 1 and p.seen["title"] >= 1
    words = " ".join(p.text)
    for word in ("Methods", "Source", "Settings", "Versions", "LLVM", "model Pair"): assert word in words, word
    if path.startswith("one"):
        assert {"flow", "loss", "accuracy", "gradient-rms", "gradient-snr", "confusion"} == p.ids, p.ids
        assert "Wilson" in words and "One seed" in words
    else:
        want = {"ranking", "ablation", "curve-val.accuracy", "curve-train.loss", "heat-first", "heat-last", "best-rms", "best-snr",
                "gradient-q1", "gradient-q2", "gradient-head", "flow-1", "flow-2"}
        assert want <= p.ids, want - p.ids
        for word in ("x -> q2, freeze q1, detached", "does not fit", "Ablation", "does the layer contribute", "fresh seeds", "p (Holm)"): assert word in words, word
PY

# The numbers of the page are those of the results.
python3 - <<'PY' || fail "numbers"
import json, re
page = open("all/report.html").read()
result = json.load(open("all/results.json"))
best = result["variants"][0]
assert f'{best["confirmed"]["val.accuracy"]["mean"]:.4f} (95% interval' in page
for v in result["variants"]:
    e = v["metrics"].get("val.accuracy")
    if e: assert f'{e["mean"]:.4f} &#177; {e["high"] - e["mean"]:.4f}' in page, v["variant"]
one = open("one/report.html").read()
last = [json.loads(l) for l in open("one/metrics.jsonl")][-1]
assert f'Test accuracy {100 * last["test"]["accuracy"]:.1f}%' in one
cells = [int(n) for n in re.findall(r'font-size="11.5"[^>]*>(\d+)</text>', one.split('id="confusion"')[1].split("</figure>")[0])]
assert sum(cells) == 40, cells
PY
finish
