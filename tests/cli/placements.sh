#!/usr/bin/env bash
# placements.sh: static verdicts of all variants of an exploration: the published counts, changes that do not fit, conditions.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

# Three chained layers, every sum of {x, q1, q2, q3}: 8 of 15 reach all layers with exact gradients, 2 of 15 with detached ones.
three=$RQ_SRC/examples/resqunn/three_layers.rq
expect 0 out "receives a gradient: exact 8 of 15, detached 2 of 15" flow "$three" --all-placements
[ "$(wc -l <out)" -eq 32 ] || fail "not a row for each of 30 variants"
grep -qE '^x \+ q1 \+ q3 +detached +partial +none +full +full$' out || fail "x + q1 + q3, detached"
expect 0 out '"placement":"q1 + q2 + q3"' flow "$three" --all-placements --json
python3 - out <<'PY' || fail "rule of the verdicts"
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert len(rows) == 30 and len({r["variant"] for r in rows}) == 30
for r in rows:
    chosen = r["placement"].split(" + ")
    for layer in r["layers"][:3]:
        l = int(layer["name"][1])
        own, later = f"q{l}" in chosen, any(f"q{k}" in chosen for k in range(l + 1, 4))
        if r["gradient"] == "exact": want = "full" if own or later else "unused"
        else: want = "unused" if not own and not later else "none" if not own else "partial" if later else "full"
        assert layer["verdict"] == want, (r["variant"], layer["name"], layer["verdict"], want)
PY

# Two layers, every subset of three skips.
expect 0 out "exact 8 of 8, detached 4 of 8" flow "$RQ_SRC/examples/resqunn.rq" --all-placements
grep -qE '^none +detached +none +full +full$' out || fail "no skip, detached"
grep -qE '^q1 -> q2 +detached +partial +full +full$' out || fail "q1 -> q2, detached"
usage_error "has no explore action" flow "$RQ_SRC/tests/cli/model.rq" --all-placements

# A declared skip keeps its scale, unlisted ones stay, placements replace all; what does not fit is a row; 'where' leaves rows out.
cat >space.rq <<'RQ'
const k = 3;
data digits = glyphs(train: 8, val: 8, test: 8, size: 8, classes: k);
model Small(depth: int = 1) {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: depth), measure: z_each);
    layer q2 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    skip x -> q1;
    skip q1 -> q2 scale: 0.5;
    layer head = dense(k);
    output head;
}
model Cut {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot());
    layer q2 = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot(), gradient: detached);
    layer head = dense(k);
    output head;
}
train t { model: Small; data: digits; loss: cross_entropy; epochs: 1; }
train c { model: Cut; data: digits; loss: cross_entropy; epochs: 1; }
explore cuts { train: c; over gradient: exact, detached; }
explore shapes { train: t; over skips: q1 -> q2, q1 -> head; placement "bare" { } }
explore sizes { train: t; over k: 2..4; over depth: 1, 2; where k + depth < 5; over freeze: none, q1; }
explore models { train: t; over model: Small, Small(depth: 3); }
RQ
expect 0 out "does not fit: a skip needs equal shapes" flow space.rq --action shapes --all-placements
[ "$(grep -c 'does not fit' out)" -eq 2 ] || fail "q1 -> head fits nowhere"
grep -q '^bare ' out || fail "no row for the placement"
expect 0 out '"settings":"k=3, depth=1, freeze q1"' flow space.rq --action sizes --all-placements --json
[ "$(wc -l <out)" -eq 6 ] || fail "where k + depth < 5 leaves three points of four"
python3 - out <<'PY' || fail "sizes"
import json, sys
for r in map(json.loads, open(sys.argv[1])):
    k, depth = (int(s.split("=")[1]) for s in r["settings"].split(", ")[:2])
    params = {l["name"]: l["params"] for l in r["layers"]}
    assert params == {"q1": 8 * depth, "q2": 8, "head": 65 * k}, r
    assert (r["layers"][0]["verdict"] == "frozen") == ("freeze q1" in r["settings"]), r
PY
expect 0 out "receives a gradient: exact 1 of 1, detached 0 of 1" flow space.rq --action cuts --all-placements
expect 0 out "model=Small(depth: 3)" flow space.rq --action models --all-placements

# Fair twins: params(..) of the variant, of another model of the same point, of one that does not fit there.
sed '/^explore/d' space.rq >twins.rq
cat >>twins.rq <<'RQ'
const w = 1;
model Twin(width: int) { input x: image[1, 8, 8]; layer c1 = conv(width, kernel: 2); layer head = dense(k); output head; }
explore fair { train: t; over model: Small(depth: 2), Twin(width: w); over w: 0, 3, 4; require params(Twin.c1) < params(Small.q1); }
explore own { train: t; over depth: 1, 2; require params(q1) + params(q1.theta) > 16; require params(Small) > 1; }
RQ
expect 0 out "does not fit: it does not meet: require params(Twin.c1) < params(Small.q1)" flow twins.rq --action fair --all-placements
[ "$(grep -c 'does not meet' out)" -eq 2 ] || fail "15 parameters are fewer than 16, 20 are not: for both models"
[ "$(grep -c '^as declared .* full$' out)" -eq 2 ] || fail "w = 3 fits"
grep -q 'Small.*w=0.*it cannot be compared: Twin(width: w) does not fit: ' out || fail "a twin that does not fit"
expect 0 out "depth=1" flow twins.rq --action own --all-placements
[ "$(grep -c 'does not meet: require params(q1) + params(q1.theta) > 16' out)" -eq 1 ] || fail "8 + 8 and 16 + 16"
expect 4 err "denied: layer 'q1'" flow "$RQ_SRC/examples/resqunn.rq" --all-placements --deny none
finish
