#!/usr/bin/env bash
# reproduction_full.sh: the two-layer table of docs/reproductions/resqunn.md agrees with that of an independent program (JAX, 20 seeds):
# test accuracy on 500 images after 5 epochs, within 0.02 + 2 standard errors of the difference. Skipped without MNIST.
if [ ! -e "${RQ_DATA:-/nowhere}/mnist" ] && [ ! -e "${RQ_DATA:-/nowhere}/MNIST" ]; then
    echo "skipped: no mnist in RQ_DATA"
    exit 77
fi
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
for action in placements static; do
    rq explore "$RQ_SRC/examples/resqunn/two_layers.rq" --action $action --out $action --quiet
    [ "$code" -eq 0 ] || { fail "$action"; head -3 err; }
done
python3 - <<'PY' || fail "another table"
import json, math
# placement: exact, detached, frozen: mean and deviation over 20 seeds
reference = {
    "none": ((.847, .024), (.789, .051), (.718, .084)), "x -> q1": ((.849, .023), (.815, .034), (.766, .066)),
    "x -> q2": ((.872, .014), (.873, .011), (.869, .015)), "q1 -> q2": ((.876, .020), (.874, .022), (.814, .045)),
    "x -> q1, q1 -> q2": ((.873, .012), (.873, .014), (.858, .020)),
    "x -> q1, x -> q2, q1 -> q2": ((.863, .012), (.864, .014), (.855, .020)),
}
columns = {"exact": 0, "detached": 1, "frozen": 2}
found = {}
for name in ("placements", "static"):
    for v in json.load(open(name + "/results.json"))["variants"]:
        mode = "frozen" if v["settings"] else v["gradient"]
        found[v["placement"], mode] = v["metrics"]["test.accuracy"]
wrong = []
for placement, row in reference.items():
    for mode, column in columns.items():
        mean, deviation = row[column]
        e = found[placement, mode]
        within = 0.02 + 2 * math.sqrt(e["deviation"] ** 2 / 5 + deviation ** 2 / 20)
        print(f"{placement:28} {mode:9} {e['mean']:.4f} reference {mean:.3f} within {within:.3f}")
        if abs(e["mean"] - mean) > within: wrong.append((placement, mode))
assert not wrong, wrong
flow = {(v["placement"], v["gradient"]): v["flow"] for v in json.load(open("placements/results.json"))["variants"]}
for (placement, mode), layers in flow.items():
    fed = [layers[q] in ("full", "partial") for q in ("q1", "q2")]
    assert fed == [mode == "exact" or "q1 -> q2" in placement, True], (placement, mode, layers)
PY
expect 0 out "exact 8 of 15, detached 2 of 15" flow "$RQ_SRC/examples/resqunn/three_layers.rq" --all-placements
finish
