#!/usr/bin/env bash
# report.sh: report.html of a training and of an exploration: well-formed, complete, alone, and with the numbers of the run.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
source "$RQ_SRC/tests/cli/report_runs.bash" || exit 2

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
# Made again from the directory: the same page; figures, tables and words.
cp one/report.html one.html
cp all/report.html all.html
expect 0 out "one/report.html" report one
rq report all --quiet --format html,svg
[ "$code" -eq 0 ] || fail "report all"
[ -s out ] && fail "quiet names files"
cmp -s one.html one/report.html || { fail "another page of the same run"; diff one.html one/report.html | head -5; }
cmp -s all.html <(sed 's,all/model.rq,report.rq,' all/report.html) || { fail "another page of the same exploration"; diff all.html all/report.html | head -20; }
rm -r all/figures
expect 0 out "paper/gradients.safetensors" report one --format svg,pdf,png,csv,tex --out paper
expect 0 out "book/metrics.csv" report all --format svg,pdf,csv,tex --out book
[ ! -e paper/report.html ] && [ ! -e one/figures ] || fail "more than was asked for, or elsewhere"
for name in flow loss accuracy gradient-rms gradient-snr confusion; do
    [ "$(head -c 5 paper/figures/$name.pdf)" = "%PDF-" ] || fail "$name.pdf"
    [ "$(head -c 4 paper/figures/$name.png | tail -c 3)" = "PNG" ] || fail "$name.png"
done
for name in ranking ablation heat-first flow-1 curve-val.accuracy; do [ -s book/figures/$name.pdf ] || fail "book: no $name.pdf"; done
for file in results.csv comparisons.csv results.tex; do cmp -s all/$file <(sed 's,all/model.rq,report.rq,' book/$file) || fail "another $file"; done

python3 - <<'PY' || fail "exports"
import csv, glob, json, math, re, struct, xml.etree.ElementTree as tree
for path in glob.glob("paper/figures/*.svg") + glob.glob("book/figures/*.svg"):
    root = tree.parse(path).getroot()
    assert root.tag.endswith("svg") and float(root.get("width")) > 50, path
events = [json.loads(l) for l in open("one/metrics.jsonl")]
rows = list(csv.DictReader(open("paper/metrics.csv")))
assert list(rows[0]) == ["variant", "seed", "epoch", "group", "metric", "value"]
tidy = {(int(r["epoch"]), r["group"], r["metric"]): float(r["value"]) for r in rows}
assert len(tidy) == len(rows)
layers = [e for e in events if e["event"] == "layer"]
assert {e["epoch"] for e in layers} == {0, 1, 2, 3}
for e in layers: assert tidy[e["epoch"], e["name"], "gradient.rms"] == e["rms"]
for e in events:
    if e["event"] == "epoch": assert tidy[e["epoch"], "", "test.accuracy"] == e["test_accuracy"] and tidy[e["epoch"], "", "train.loss"] == e["loss"]
# Predictions are those of the outputs, and as often right as the run says.
raw = open("paper/logits-test.npy", "rb").read()
head = raw[10:10 + struct.unpack("<H", raw[8:10])[0]].decode()
assert "'shape': (40, 10)" in head and "<f8" in head, head
values = struct.unpack("<400d", raw[-3200:])
predictions = list(csv.DictReader(open("paper/predictions-test.csv")))
right = 0
for i, r in enumerate(predictions):
    row = values[10 * i:10 * i + 10]
    assert int(r["prediction"]) == row.index(max(row)) and r["is_right"] == str(int(r["label"] == r["prediction"]))
    right += int(r["is_right"])
assert right / 40 == events[-1]["test"]["accuracy"]
confusion = list(csv.DictReader(open("paper/confusion-test.csv")))
assert len(confusion) == 100 and sum(int(r["samples"]) for r in confusion if r["label"] == r["prediction"]) == right
# The gradients of the probe batch have the rms that the run reported after its last epoch.
raw = open("paper/gradients.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
index = json.loads(raw[8:8 + n])
def tensor(name):
    at = index[name]["data_offsets"]
    part = raw[8 + n + at[0]:8 + n + at[1]]
    return struct.unpack(f"<{len(part) // 4}f", part)
for layer, groups in (("q1", ["q1.theta"]), ("q2", ["q2.theta"]), ("head", ["head.w", "head.b"])):
    g = [x for group in groups for x in tensor(group)]
    rms = math.sqrt(sum(x * x for x in g) / len(g))
    want = [e["rms"] for e in layers if e["name"] == layer and e["epoch"] == 3][0]
    assert abs(rms - want) < 1e-5 * want, (layer, rms, want)
assert index["q1.theta"]["shape"] == [32, 2, 4, 2] and index["loss"]["shape"] == [32]
# Words: every default; entries of BibTeX whose braces match.
methods = open("paper/methods.txt").read()
for word in ("constant rate", "no clipping", "no early stopping", "eps 1e-08", "q1.theta uniform in [0, 6.28319)", "seed 5", "32 training samples"): assert word in methods, word
for path, keys in (("paper", {"henderson2020quanvolutional", "kingma2015adam", "salmon2011parallel", "wilson1927probable"}),
                   ("book", {"henderson2020quanvolutional", "kingma2015adam", "salmon2011parallel", "wilson1927probable", "holm1979simple"})):
    bib = open(path + "/references.bib").read()
    assert set(re.findall(r"@\w+\{(\w+),", bib)) == keys, bib
    assert bib.count("{") == bib.count("}")
book = list(csv.DictReader(open("book/metrics.csv")))
assert {r["variant"] for r in book} == {r["variant"] for r in csv.DictReader(open("all/results.csv"))}
seeds = {r["seed"] for r in book}
assert seeds == {"5", "6", "7", "8"}, seeds
PY

# What the compiler warned of and dead parameters are named in the page, also in that of a native program and of an exploration.
cat >warned.rq <<'RQ'
data digits = glyphs(train: 32, val: 16, test: 16, size: 8);
circuit turns on q[4] { param t[4]; for i in 0..4 { rz(t[i]) q[i]; } }
model Pair {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    layer q2 = quanv(kernel: 2, encode: angle(), circuit: turns, measure: z_each);
    skip x -> q1;
    layer head = dense(10);
    output head;
}
train t { model: Pair; data: digits; loss: cross_entropy; epochs: 1; batch: 16; probe: 8; }
explore e { train: t; over freeze: none, q1; seeds: 1; }
RQ
"$RQ" train warned.rq --out warned --quiet >/dev/null 2>&1 || fail "warned"
grep -q 'class="note">W0525: values into .q2. lie in \[-1, 2\]' warned/report.html || fail "the page does not name W0525"
grep -q 'class="note">q2: 4 of 4 parameters are dead' warned/report.html || fail "the page does not name dead parameters"
"$RQ" explore warned.rq --out warned_all --quiet >/dev/null 2>&1 || fail "warned_all"
grep -q 'class="note">W0525' warned_all/report.html || fail "the page of an exploration does not name W0525"
"$RQ" build warned.rq -o warned_program --quiet 2>/dev/null && ./warned_program train --out native --quiet >/dev/null || fail "native"
cmp -s <(grep 'class="note"' warned/report.html) <(grep 'class="note"' native/report.html) || fail "a native program names other warnings"

usage_error "did you mean 'pdf'" report one --format pfd
usage_error "is not the directory of a run" report report.rq
mkdir empty && cp one/model.rq one/settings.json empty
usage_error "holds no metrics" report empty
finish
