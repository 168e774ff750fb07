#!/usr/bin/env bash
# budget.sh: successive halving: what trains in full is what it is without a budget, bit for bit; who goes on is decided on validation
# samples; any number of threads, or a kill in the middle, changes nothing.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >all.rq <<'RQ'
data digits = glyphs(train: 64, val: 48, test: 16, size: 8);
model Net(width: int = 4) { input x: image[1, 8, 8]; layer h = dense(width) |> tanh; layer head = dense(10) |> dropout(0.1); output head; }
train t { model: Net; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.02); schedule: cosine; epochs: 6; batch: 16; seed: 5; probe: 8; }
RQ
cp all.rq half.rq
echo 'explore e { train: t; over width: 2, 3, 4, 6, 8; over freeze: none, h; seeds: 2; }' >>all.rq
echo 'explore e { train: t; over width: 2, 3, 4, 6, 8; over freeze: none, h; seeds: 2; confirm: 1; budget: 60; }' >>half.rq
expect 0 out "10 variants x 1 epoch, 5 x 2, 3 x 3, 2 x 6, 48 epochs in all; then the best 3 x 1 fresh seeds" explore half.rq --dry-run
expect 0 out "results: all/results.csv" explore all.rq --out all --quiet
expect 0 out "budget of 60 epochs: 10 variants x 1 epoch, 5 x 2, 3 x 3, 2 x 6, 2 seeds each: 48 epochs" explore half.rq --out half --threads 2 --quiet
[ "$(grep -c 'ended after' out)" -eq 8 ] || { fail "not 8 variants ended"; cat out; }
grep -q "corrected by Holm over all 1 pair" out || fail "variants of different lengths are compared"
[ -z "$(ls half/states)" ] || fail "states are left"

python3 - <<'PY' || fail "who went on"
import csv, json
def read(d): return list(csv.DictReader(open(d + "/results.csv")))
full = {(r["variant"], r["seed"], r["metric"]): r["value"] for r in read("all")}
rows = [r for r in read("half") if r["purpose"] == "explore"]
result = json.load(open("half/results.json"))
ended = {v["variant"]: v.get("ended_after", 6) for v in result["variants"]}
assert sorted(ended.values()) == [1] * 5 + [2] * 2 + [3] + [6] * 2 and result["budget"]["used"] == 48, ended
assert [e for e in ended.values()] == sorted(ended.values(), reverse=True)
for r in rows:
    assert int(r["epochs"]) == ended[r["variant"]]
    if ended[r["variant"]] == 6: assert r["value"] == full[r["variant"], r["seed"], r["metric"]], r
# The metrics of a run hold its first epochs as those of the unbounded one do: who ended had the lower validation accuracy there.
def at(variant, epoch):
    n, values = [v for v in sorted(ended, key=order.index)].index(variant) + 1, []
    for seed in (5, 6):
        for line in open(f"all/metrics/{n:03d}-s{seed}.jsonl"):
            o = json.loads(line)
            if o["event"] == "epoch" and o["epoch"] == epoch: values.append(o["val_accuracy"])
    return sum(values) / 2
order = [f"width={w}{f}" for w in (2, 3, 4, 6, 8) for f in ("", ", freeze h")]
alive = set(ended)
for epoch in (1, 2, 3):
    out = {v for v in alive if ended[v] == epoch}
    assert max(at(v, epoch) for v in out) <= min(at(v, epoch) for v in alive - out), epoch
    alive -= out
PY

# Killed again and again, on one thread.
for n in 3 9 14; do
    "$RQ" explore half.rq --out killed --threads 1 --quiet >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 600); do [ "$(ls killed/metrics/*.jsonl 2>/dev/null | wc -l)" -ge $n ] && break; sleep 0.005; done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
done
rm -f killed/states/00[1-4]*.safetensors # a lost state costs time, no bits
expect 0 out "results: killed/results.csv" explore half.rq --out killed --quiet
for file in results.csv results.json comparisons.csv; do cmp -s half/$file killed/$file || fail "another $file after kills"; done
finish
