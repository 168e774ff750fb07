#!/usr/bin/env bash
# dqnn_full.sh: what docs/reproductions/dqnn.md says of long runs: unitarity over 10,000 rounds, the closed forms at every n up to 10 and 12,
# the variances of global perceptrons beside independent measurements, 2-3-2 above 0.95 in 120 rounds from most starts.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
dqnn=$RQ_SRC/examples/dqnn

# Matrices stay unitary to 1e-12, repairs are counted.
expect 0 out "fidelity 1 on" train "$dqnn/beer.rq" --action learn --set learn.rounds=10000 --threads 1 --out long --quiet
python3 - <<'PY' || fail "unitarity"
import json
epochs = [e for e in map(json.loads, open("long/metrics.jsonl")) if e["event"] == "epoch"]
assert len(epochs) == 10000 and all(e["unitarity"] < 1e-12 for e in epochs)
print("10,000 rounds: |V V^dagger - 1| at most %.1e, %d repairs" % (max(e["unitarity"] for e in epochs), epochs[-1]["reorthogonalised"]))
PY

# A worse start: matrices that are unitary to 3e-6 only are repaired at once, and it is said.
python3 - <<'PY'
import json, struct
data = open("long/last.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + size])
keep, body = {}, b""
for name, t in head.items():
    if name == "__metadata__" or name.startswith("opt/"): continue
    a, b = t["data_offsets"]
    part = data[8 + size + a:8 + size + b]
    values = [x * (1 + 1.5e-6) for x in struct.unpack("<%dd" % (len(part) // 8), part)]
    keep[name] = {"dtype": t["dtype"], "shape": t["shape"], "data_offsets": [len(body), len(body) + len(part)]}
    body += struct.pack("<%dd" % len(values), *values)
text = json.dumps(keep).encode()
open("worse.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
PY
expect 0 out "fidelity 1 on" train "$dqnn/beer.rq" --action learn --set learn.rounds=3 --init worse.safetensors --out worse --quiet
python3 - <<'PY' || fail "repairs"
import json
epochs = [e for e in map(json.loads, open("worse/metrics.jsonl")) if e["event"] == "epoch"]
assert epochs[0]["reorthogonalised"] >= 5 and epochs[-1]["unitarity"] < 1e-12, epochs
PY

expect 0 out "20 of 20 expectations met" scan "$dqnn/sharma.rq" --action plateau --out plateau
expect 0 out "12 of 12 expectations met" scan "$dqnn/sharma.rq" --action single --out single
python3 - <<'PY' || fail "closed forms"
import csv
for name in ("plateau", "single"):
    rows = list(csv.DictReader(open(name + "/scan.csv")))
    assert all(abs(float(r["z"])) < 3 and float(r["relative_error"]) < 0.05 and r["reliable"] == "1" for r in rows), name
    print(name, "z between", min(float(r["z"]) for r in rows), "and", max(float(r["z"]) for r in rows))
PY

# Independent measurements: of our own in another program, each with about its relative error.
expect 0 out "variance" scan "$dqnn/sharma.rq" --action haar --out haar
python3 - <<'PY' || fail "global perceptrons"
import csv
table = {"global": [2.67e-2, 6.89e-3, 9.4e-4, 1.85e-4, 2.6e-5], "local": [2.67e-2, 5.17e-3, 6.9e-4, 2.08e-4, 4.3e-5]}
share = [0.02, 0.03, 0.04, 0.06, 0.07]
for r in csv.DictReader(open("haar/scan.csv")):
    n, v = int(r["n"]), float(r["variance"])
    want = table[r["cost"]][n - 1]
    error = want * (share[n - 1] ** 2 + float(r["relative_error"]) ** 2) ** 0.5
    print("n=%d %s %.3g, measured elsewhere %.3g, %.1f errors apart" % (n, r["cost"], v, want, (v - want) / error))
    assert abs(v - want) < 3 * error
PY

expect 0 out "train.loss" explore "$dqnn/beer.rq" --action starts --set learn.rounds=120 --out starts --quiet
python3 - <<'PY' || fail "starts"
import csv
values = [float(r["value"]) for r in csv.DictReader(open("starts/results.csv")) if r["metric"] == "train.loss"]
assert len(values) == 20 and sum(v < 0.05 for v in values) >= 15, values
PY
finish
