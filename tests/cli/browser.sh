#!/usr/bin/env bash
# browser.sh: the reports in a browser without a screen, narrow and wide, light, dark and on paper: nothing is fetched, no error, no
# text cut off, nothing wider than the page but what scrolls by itself. Skipped without chromium.
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "skipped: no chromium"; exit 77; }
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
source "$RQ_SRC/tests/cli/report_runs.bash" || exit 2
export HOME=$work

measure='<script>
const wrong = [];
addEventListener("error", e => wrong.push("error: " + e.message));
addEventListener("load", () => {
    document.querySelectorAll("details").forEach(d => { d.open = true; });
    const page = document.documentElement;
    if (page.scrollWidth > innerWidth) wrong.push("the page is " + page.scrollWidth + " wide");
    for (const entry of performance.getEntriesByType("resource")) wrong.push("fetched " + entry.name);
    for (const text of document.querySelectorAll("svg text")) {
        const a = text.getBoundingClientRect(), b = text.closest("svg").getBoundingClientRect();
        if (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1)
            wrong.push("cut off in " + text.closest("figure").id + ": " + text.textContent);
        if (a.height < 6) wrong.push("too small in " + text.closest("figure").id + ": " + text.textContent);
    }
    for (const e of document.querySelectorAll("h1, h2, p, li, td, th, figcaption, summary"))
        if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline") wrong.push("cut off: " + e.textContent.slice(0, 60));
    for (const e of document.querySelectorAll(".wide, pre"))
        if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "auto") wrong.push("does not scroll: " + e.textContent.slice(0, 60));
    const body = getComputedStyle(document.body);
    const texts = document.querySelectorAll("svg text").length;
    parent.postMessage(JSON.stringify({wrong: wrong.slice(0, 8), width: innerWidth, texts, back: body.backgroundColor}), "*");
});
</script>'
for run in one all; do
    awk -v add="$measure" '{ sub(/<\/body>/, ""); sub(/<\/html>/, ""); print } END { print add "</body></html>" }' $run/report.html >$run.html
    for look in "400 light" "1400 light" "400 dark" "1400 dark"; do
        set -- $look
        # A window has a least width, a frame has not.
        printf '<!DOCTYPE html><title></title><script>onmessage = e => { document.title = e.data }</script><iframe src="%s.html" width="%s" height="900" style="border:0"></iframe>' $run "$1" >frame.html
        options=(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --user-data-dir="$work/profile" --window-size=1500,1000)
        [ "$2" = dark ] && options+=(--blink-settings=preferredColorScheme=0)
        timeout 100 "$chromium" "${options[@]}" --virtual-time-budget=3000 --dump-dom "file://$work/frame.html" >dom.html 2>/dev/null
        python3 - "$1" "$2" <<'PY' || fail "$run at $look"
import html, json, re, sys
title = re.search(r"<title>(\{.*?\})</title>", open("dom.html").read(), re.S)
assert title, "the page did not load"
o = json.loads(html.unescape(title.group(1)))
assert not o["wrong"], o["wrong"]
assert o["width"] == int(sys.argv[1]) and o["texts"] > 60, o
assert (o["back"] == "rgb(255, 255, 255)") == (sys.argv[2] == "light"), o
PY
    done
    timeout 100 "$chromium" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" --no-pdf-header-footer \
        --print-to-pdf="$work/$run.pdf" "file://$work/$run/report.html" >/dev/null 2>&1
    [ "$(head -c 5 $run.pdf)" = "%PDF-" ] || fail "$run: not printed"
done
finish
