#!/usr/bin/env bash
# explore.sh: an exploration from plan to ranking: same table for any number of threads and after a kill, what does not fit or fails
# is a row with its reason.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >space.rq <<'RQ'
data digits = glyphs(train: 32, val: 64, test: 16, size: 8);
data small = glyphs(train: 24, val: 8, test: 8, size: 8, classes: 2);
model Pair {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    layer q2 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    layer head = dense(10);
    output head;
}
model Plain { input x: image[1, 8, 8]; layer wide = dense(8); layer head = dense(2); output head; }
train t { model: Pair; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.02); epochs: 1; batch: 16; seed: 5; probe: 4; }
train p { model: Plain; data: small; loss: cross_entropy; epochs: 2; batch: 8; seed: 7; probe: 4; }
train wild { model: Plain; data: small; loss: cross_entropy; optimizer: sgd(rate: 1e30); epochs: 2; batch: 8; probe: 4; }
explore all { train: t; over skips: x -> q1, x -> q2, q1 -> q2; over gradient: exact, detached; seeds: 1; }
explore misfit { train: p; over skips: x -> wide; over freeze: none, wide; rank: val.loss; seeds: 3; confirm: 2; }
explore wilder { train: wild; over freeze: none, head; rank: val.loss; }
RQ
sed '/^explore/d' space.rq >tested.rq
echo 'explore tested { train: p; over freeze: none, wide, head; rank: test.accuracy; seeds: 3; }' >>tested.rq

# All 16 variants once; the table has the static verdicts and every file is there.
expect 0 out "results: all/results.csv" explore space.rq --action all --out all --threads 2
[ "$(grep -cE '^[0-9]+ +' out)" -eq 16 ] || fail "not 16 ranks"
grep -qE '^[0-9]+ +none +detached +none +full +full +0\.[0-9]{4} +0\.[0-9]{4} +0\.[0-9]{3}\.\.0\.[0-9]{3}$' out || { fail "none, detached"; cat out; }
[ "$(ls all/metrics/*.jsonl | wc -l)" -eq 16 ] || fail "not a file for each run"
for file in model.rq settings.json versions.txt results.csv results.json results.tex comparisons.csv; do [ -s "all/$file" ] || fail "no $file"; done
cp out first.txt
grep -q "every quanvolutional layer receives a gradient: exact 8 of 8, detached 4 of 8" out || fail "how many reach all layers"

# Half of the runs taken away and made again, on one thread: the same bits.
cp -r all half
rm half/metrics/*1-s5.jsonl half/metrics/*[68]-s5.jsonl half/results.*
stat -c '%n %i' half/metrics/*.jsonl >kept.txt
expect 0 out "results: half/results.csv" explore space.rq --action all --out half --threads 1
[ "$(stat -c '%n %i' half/metrics/*.jsonl | grep -cxFf kept.txt)" -eq "$(wc -l <kept.txt)" ] || fail "finished runs are made again"
cmp -s all/results.csv half/results.csv || { fail "another table on one thread"; diff all/results.csv half/results.csv; }
cmp -s all/comparisons.csv half/comparisons.csv || fail "other comparisons on one thread"
cmp -s all/results.json half/results.json || fail "another results.json on one thread"
cmp -s <(sed '$d' first.txt) <(sed '$d' out) || fail "another text on one thread"

# What ranks first is the largest mean, and a run equals the training of the same model with the same seed.
python3 - all <<'PY' || fail "ranking"
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/results.csv")))
val = [(int(r["rank"]), float(r["value"])) for r in rows if r["metric"] == "val.accuracy"]
assert len(val) == 16 and len({v for _, v in val}) > 3, val
assert [v for _, v in sorted(val)] == sorted((v for _, v in val), reverse=True), val
exact = {(r["placement"], r["metric"]): r["value"] for r in rows if r["gradient"] == "exact"}
detached = {(r["placement"], r["metric"]): r["value"] for r in rows if r["gradient"] == "detached"}
assert exact[("q1 -> q2", "train.loss")] != detached[("q1 -> q2", "train.loss")]
assert len({v for (p, m), v in exact.items() if m == "train.loss"}) == 8, "placements train alike"
result = json.load(open(sys.argv[1] + "/results.json"))
assert [v["rank"] for v in result["variants"]] == list(range(1, 17)) and not result["selected_on_test"]
PY
expect 0 out '"event":"result"' train space.rq --action t --json --out plain
loss=$(grep -o '"test":{"loss":[0-9.e-]*' out)
grep -hq "\"variant\":\"none, exact\".*$loss" all/metrics/*.jsonl || fail "'none, exact' is not what train gives"

# Killed in the middle and started again.
"$RQ" explore space.rq --action misfit --out straight --threads 2 >straight.txt 2>/dev/null || fail "misfit: exit code $?"
"$RQ" explore space.rq --action misfit --out killed --threads 1 >/dev/null 2>&1 &
pid=$!
for _ in $(seq 400); do ls killed/metrics/*.jsonl >/dev/null 2>&1 && break; sleep 0.01; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
expect 0 out "results: killed/results.csv" explore space.rq --action misfit --out killed
cmp -s straight/results.csv killed/results.csv || fail "another table after a kill"
[ -z "$(find killed -name '*.new' -newer straight.txt -size +0 -name '.result*')" ] || fail "temporary results are left"

# What does not fit is a row; confirmed are fresh seeds; the interval is Student's.
grep -qE '^- +x -> wide .*does not fit: a skip needs equal shapes' straight.txt || { fail "no row for the misfit"; cat straight.txt; }
python3 - straight <<'PY' || fail "statistics"
import csv, json, math, statistics, sys
rows = [r for r in csv.DictReader(open(sys.argv[1] + "/results.csv")) if r["metric"] == "val.loss"]
assert {r["seed"] for r in rows if r["purpose"] == "explore"} == {"7", "8", "9"}, rows
assert {r["seed"] for r in rows if r["purpose"] == "confirm"} == {"10", "11"}, rows
result = json.load(open(sys.argv[1] + "/results.json"))
means = [v["metrics"]["val.loss"]["mean"] for v in result["variants"] if v["rank"]]
assert len(set(means)) > 1 and means == sorted(means), means
for v in result["variants"]:
    got = [float(r["value"]) for r in rows if r["variant"] == v["variant"] and r["purpose"] == "explore"]
    if v["rank"] is None: assert not got and v["reason"]; continue
    e = v["metrics"]["val.loss"]
    half = 4.302652729749462 * statistics.stdev(got) / math.sqrt(3)
    assert abs(e["mean"] - statistics.mean(got)) < 1e-12 and abs(e["high"] - e["mean"] - half) < 1e-9, (e, half)
PY

# Pairs are tested on the differences of each seed; the test set's doubt is another one.
expect 0 out "corrected by Holm over all 3 pairs" explore tested.rq --out tested --quiet
python3 - tested <<'PY' || fail "comparisons"
import csv, itertools, json, math, statistics, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/results.csv")))
value = {(r["variant"], r["metric"], r["seed"]): float(r["value"]) for r in rows}
order = sorted({(int(r["rank"]), r["variant"]) for r in rows})
pairs = [p for p in csv.DictReader(open(sys.argv[1] + "/comparisons.csv")) if p["purpose"] == "explore"]
assert [(p["a"], p["b"]) for p in pairs] == [(a, b) for (_, a), (_, b) in itertools.combinations(order, 2)], pairs
raw = []
for p in pairs:
    assert p["metric"] == "test.accuracy" and p["pairs"] == "3" and p["family"] == "3"
    d = [value[p["a"], p["metric"], s] - value[p["b"], p["metric"], s] for s in ("7", "8", "9")]
    spread = statistics.stdev(d)
    assert abs(float(p["difference"]) - statistics.mean(d)) < 1e-12
    assert abs(float(p["high"]) - statistics.mean(d) - 4.302652729749462 * spread / math.sqrt(3)) < 1e-9
    if spread:
        t = statistics.mean(d) / spread * math.sqrt(3)
        assert abs(float(p["p"]) - (1 - abs(t) / math.sqrt(2 + t * t))) < 1e-12, (p, t)
    raw.append(float(p["p"]))
low = 0
for k, i in enumerate(sorted(range(3), key=raw.__getitem__)):
    low = max(low, min(1, raw[i] * (3 - k)))
    assert abs(float(pairs[i]["p_holm"]) - low) < 1e-12
for v in json.load(open(sys.argv[1] + "/results.json"))["variants"]:
    e, n, z = v["metrics"]["test.accuracy"], 8, 1.959963984540054
    p, h = e["mean"], z / (1 + z * z / n) * math.sqrt(e["mean"] * (1 - e["mean"]) / n + z * z / (4 * n * n))
    assert abs(e["test_set"][1] - min(1, (p + z * z / (2 * n)) / (1 + z * z / n) + h)) < 1e-12 and "test_set" not in v["metrics"]["test.loss"]
PY

# Divergence is a row with its reason; selection on test data is said; another exploration does not go on in the directory.
grep -q "selected on test data" out || fail "selection on test data is not said"
expect 0 out "diverged in epoch" explore space.rq --action wilder --out wilder
expect 2 err "holds an exploration with other settings" explore tested.rq --out tested --seed 3

# The same text, but files that hold something else.
if python3 -c 'import numpy' 2>/dev/null; then
    draw() { python3 -c 'import numpy as n, sys; r = n.random.default_rng(int(sys.argv[1])); n.save("x.npy", r.random((40, 4))); n.save("y.npy", r.integers(0, 2, 40))' "$1"; }
    cat >files.rq <<'RQ'
data drawn = npy(input: "x.npy", target: "y.npy", train: 20, val: 10, test: 10);
model Small { input x: real[4]; layer h = dense(3); layer o = dense(2); output o; }
train t { model: Small; data: drawn; loss: cross_entropy; epochs: 1; batch: 10; }
explore few { train: t; over freeze: none, h; rank: val.accuracy; seeds: 1; }
RQ
    draw 1
    expect 0 out "results: files/results.csv" explore files.rq --out files
    expect 0 out "results: files/results.csv" explore files.rq --out files
    draw 2
    expect 2 err "holds an exploration of other data:" explore files.rq --out files
fi

# The plan runs nothing; 'run' takes an exploration by its name.
expect 0 out "16 variants, 16 fit; 16 runs: 16 variants x 1 seeds" explore space.rq --action all --dry-run --threads 2 --out plan
grep -q "exact 8 of 8, detached 4 of 8" out || fail "no verdicts in the plan"
grep -qE "^none +detached +666 +none +full +full$" out || fail "no parameters in the plan"
grep -qE "^(less than a second|about [0-9]+ s) on 2 threads, and .* to compile" out || fail "no time in the plan"
[ ! -e plan ] || fail "a plan makes a directory"
expect 0 out '"variant":"freeze wide"' run tested.rq --action tested --out tested --json

# An interrupt leaves finished runs and says how to go on.
sed 's/epochs: 2;/epochs: 20000;/' tested.rq >long.rq
"$RQ" explore long.rq --out long --threads 1 --quiet >out 2>err &
pid=$!
for _ in $(seq 400); do [ -e long/metrics/.001-s7.jsonl.new ] && break; sleep 0.01; done
kill -INT $pid
wait $pid
[ $? -eq 3 ] || { fail "interrupted: another exit code"; cat err; }
grep -q "interrupted after 0 of 9 runs; the same command with --out long goes on" err || { fail "how to go on"; cat err; }
[ -z "$(find long/metrics -type f)" ] || fail "unfinished runs are left"
usage_error "several explore actions" explore space.rq
finish
