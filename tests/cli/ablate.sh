#!/usr/bin/env bash
# ablate.sh: ablations and means along skips give what the model written out by hand gives, bit for bit, and are tested against the
# variant that only lacks them.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >head.rq <<'RQ'
data digits = glyphs(train: 48, val: 24, test: 16, size: 8);
circuit open(depth: int) on q[n] {
    param theta[depth, n, 2] ~ uniform(0, 2*pi);
    for d in 0..depth { for i in 0..n { ry(theta[d, i, 0]) q[i]; rx(theta[d, i, 1]) q[i]; } }
}
circuit chained(depth: int) on q[n] {
    param theta[depth, n, 2] ~ uniform(0, 2*pi);
    for d in 0..depth {
        for i in 0..n { ry(theta[d, i, 0]) q[i]; rx(theta[d, i, 1]) q[i]; }
        for i in 0..n-1 { cx q[i], q[i+1]; }
        swap q[0], q[n-1];
    }
}
circuit swapped(depth: int) on q[n] {
    param theta[depth, n, 2] ~ uniform(0, 2*pi);
    for d in 0..depth { for i in 0..n { ry(theta[d, i, 0]) q[i]; rx(theta[d, i, 1]) q[i]; } swap q[0], q[n-1]; }
}
RQ
train='train t { model: Pair; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.02); epochs: 2; batch: 16; seed: 5; probe: 4; }'

# LAYERS: a model of two quanvolutional layers and a head.
model() { # Q1 Q2 SKIPS
    printf 'model Pair {\n    input x: image[1, 8, 8];\n    layer q1 = %s;\n    layer q2 = %s;\n    %s\n    layer head = dense(10);\n    output head;\n}\n' "$1" "$2" "$3"
}
layer() { echo "quanv(kernel: 2, stride: 2, encode: angle(), circuit: $1, measure: z_each)"; }
{
    cat head.rq
    model "$(layer 'chained(depth: 2)')" "$(layer 'open(depth: 1)')" "skip q1 -> q2; skip x -> q2;"
    echo "$train"
    echo 'explore all { train: t; over ablate: none, freeze(q1), no_entanglement(q1), constant(q1); over residual: sum, mean; seeds: 2; }'
    echo 'explore misfits { train: t; over ablate: none, no_entanglement(q2), no_entanglement(head); }'
    echo 'explore none { train: t; over skips: q1 -> q2, x -> q2; over residual: sum, mean; }'
} >all.rq
expect 0 out "results: all/results.csv" explore all.rq --action all --out all --quiet
cp out all.txt

# value VARIANT: its training loss for seed 5, 17 digits.
value() {
    python3 - "$1" <<'PY'
import csv, sys
print(*[r["value"] for r in csv.DictReader(open("all/results.csv")) if r["variant"] == sys.argv[1] and r["seed"] == "5" and r["metric"] in ("train.loss", "test.loss")])
PY
}
# written NAME VARIANT Q1 Q2 SKIPS: the same model by hand trains to the same numbers. A factor of 3 is not exact in floating point, so
# a mean of three agrees to rounding.
written() {
    { cat head.rq; model "$3" "$4" "$5"; echo "$train"; echo 'explore one { train: t; over gradient: exact; rank: val.loss; }'; } >"$1.rq"
    "$RQ" explore "$1.rq" --out "$1" --quiet >/dev/null 2>err || { fail "$1"; cat err; }
    python3 - "$1" "$(value "$2")" <<'PY' || fail "$1: not what is written by hand"
import csv, sys
got = [float(r["value"]) for r in csv.DictReader(open(sys.argv[1] + "/results.csv")) if r["metric"] in ("train.loss", "test.loss")]
want = [float(x) for x in sys.argv[2].split()]
assert len(got) == len(want) == 2 and all(abs(a - b) <= 2e-6 * abs(b) for a, b in zip(got, want)), (got, want)
PY
}
both="skip q1 -> q2; skip x -> q2;"
written plain "sum" "$(layer 'chained(depth: 2)')" "$(layer 'open(depth: 1)')" "$both" 2>/dev/null
written unentangled "no_entanglement(q1), sum" "$(layer 'swapped(depth: 2)')" "$(layer 'open(depth: 1)')" "$both"
written silent "constant(q1), sum" "x * 0" "$(layer 'open(depth: 1)')" "$both"
written mean "mean" "$(layer 'chained(depth: 2)')" "1/3 * (q1 |> $(layer 'open(depth: 1)'))" "skip q1 -> q2 scale: 1/3; skip x -> q2 scale: 1/3;"

# Each ablation is compared with the variant that lacks only it.
python3 - <<'PY' || fail "comparisons of ablations"
import csv
rows = [r for r in csv.DictReader(open("all/comparisons.csv")) if r["purpose"] == "ablate" and r["metric"] == "val.accuracy"]
assert len(rows) == 6 and {r["family"] for r in rows} == {"6"}, rows
for r in rows: assert r["a"] == r["b"].split(", ")[-1] and r["a"] != r["b"], r
PY
grep -qE '^freeze q1, mean +mean +[+-]0\.[0-9]{4} ' all.txt || { fail "no table of ablations"; cat all.txt; }

# A list is frozen together, and is what the training with both frozen gives.
sed -e 's/over ablate: none, no_entanglement(q2), no_entanglement(head)/over freeze: none, [q1, q2], q1/' all.rq >list.rq
expect 0 out "freeze q1 q2" explore list.rq --action misfits --out list --quiet
{ sed '/^explore/d; /^train/d' all.rq; echo "${train/probe: 4;/probe: 4; freeze: q1, q2;}"; echo 'explore one { train: t; over gradient: exact; }'; } >frozen.rq
expect 0 out "frozen" explore frozen.rq --out frozen --quiet
python3 - <<'PY' || fail "frozen together"
import csv
value = lambda d, v: sorted(r["value"] for r in csv.DictReader(open(d + "/results.csv")) if r["variant"] == v)
got = value("list", "freeze q1 q2")
assert got and got == value("frozen", "exact") and got != value("list", "freeze q1"), got
PY
sed 's/over ablate: none, no_entanglement(q2), no_entanglement(head)/over freeze: none, [q1, q7]/' all.rq >unknown.rq
expect 1 err "no layer or parameter has the path 'q7'" explore unknown.rq --action misfits

# What has no entanglement to lose is a row; where nothing is added there is one variant.
expect 0 out "does not fit: what loses its entanglement has to be a layer with a gate on two qubits or more, not head" explore all.rq --action misfits --dry-run
expect 0 out "does not fit: what loses its entanglement has to be a layer with a gate on two qubits or more, not q2" explore all.rq --action misfits --dry-run
expect 0 out "7 variants, 7 fit" explore all.rq --action none --dry-run
sed 's/over ablate: none, no_entanglement(q2)/over ablate: none, constant(x)/' all.rq >input.rq
expect 1 err "what is ablated has to be a layer, not an input" explore input.rq --action misfits
finish
