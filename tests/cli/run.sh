#!/usr/bin/env bash
# run.sh: a run from source to run directory: table, events, checkpoint, evaluation and prediction from what it left.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
model=$RQ_SRC/tests/cli/model.rq
cd "$work" || exit 1

expect 0 out "healthy" train "$model" --action quick --out "$work/one"
grep -q "epoch 2/2" "$work/out" || fail "no plain line for each epoch"
grep -q "report: $work/one/report.html" "$work/out" || fail "the report is not named"
! grep -q $'\033\|\r' "$work/out" "$work/err" || fail "control characters without a terminal"
for file in model.rq settings.json versions.txt metrics.jsonl last.safetensors best.safetensors report.html; do
    [ -s "one/$file" ] || fail "run directory lacks $file"
done
[ -z "$(find one -name '.*.new')" ] || fail "temporary files are left"
cmp -s "$model" one/model.rq || fail "the source in the run directory differs"
! grep -qE 'https?://[^w]|<script' one/report.html || fail "the report reaches for the network"
grep -q 'Which layers receive gradients' one/report.html || fail "no gradient table in the report"

# A second run must not touch the first.
usage_error "already holds a run" train "$model" --action quick --out "$work/one"

# The default directory counts up.
expect 0 out "runs/quick-001/report.html" train "$model" --action quick
expect 0 out "runs/quick-002/report.html" train "$model" --action quick

# Events: every line is an object of the schema's shapes, in order start, layers of epoch 0, ..., result.
expect 0 out '"event":"result"' train "$model" --action quick --json --out "$work/json"
cmp -s <(grep -v '"event":"\(start\|epoch\|result\)"' "$work/out" | sed 's/"run":"[^"]*",//') \
       <(grep -v '"event":"\(start\|epoch\|result\)"' one/metrics.jsonl | sed 's/"run":"[^"]*",//') || fail "layer events differ from those of the first run"
python3 - "$work/out" <<'PY' || fail "events"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
kinds = [e["event"] for e in events]
assert kinds[0] == "start" and kinds[-1] == "result", kinds
assert kinds.count("epoch") == 2 and kinds.count("layer") == 3 * 3, kinds
for e in events:
    for key in ("schema", "run", "action", "variant", "seed"): assert key in e, (key, e)
start, result = events[0], events[-1]
assert start["params"] == 8 + 8 + 650 and start["engines"]["head"] == "blas", start
assert result["flow"] == {"q1": "full", "q2": "full", "head": "full"} and 0 <= result["test"]["accuracy"] <= 1, result
layer = [e for e in events if e["event"] == "layer"][0]
assert layer["epoch"] == 0 and layer["rms"] > 0 and layer["snr_low"] <= layer["snr"] <= layer["snr_high"], layer
PY

# Evaluation and prediction from the run directory.
expect 0 out "test" eval one
python3 - one <<'PY' || fail "input for predict"
import struct, sys
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1, 8, 8), }"
header += " " * (63 - (10 + len(header)) % 64) + "\n"
with open("x.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    f.write(struct.pack("<192d", *[(i % 17) / 17 for i in range(192)]))
PY
rq predict one --input x.npy --layer q1 -o y.npy
[ "$code" -eq 0 ] || { fail "predict: exit code $code"; cat "$work/err"; }
python3 - <<'PY' || fail "prediction"
import struct
raw = open("y.npy", "rb").read()
size = struct.unpack("<H", raw[8:10])[0]
assert b"(3, 64)" in raw[:10 + size] or b"(3, 1, 8, 8)" in raw[:10 + size], raw[:10 + size]
kind = "<f4" in raw[:10 + size].decode("latin1")
values = struct.unpack("<192" + ("f" if kind else "d"), raw[10 + size:])
assert all(-1.001 <= v <= 1.001 for v in values) and max(values) - min(values) > 0.1
PY
usage_error "has no layer 'q3'; did you mean 'q1'?" predict one --input x.npy --layer q3 -o y.npy
usage_error "has no trained parameters" eval "$model" --action quick
expect 0 out "test" eval "$model" --action quick --init one/last.safetensors

# A checkpoint of another model lists what differs.
rq train "$model" --action quick --set Small.depth=2 --init one/last.safetensors
[ "$code" -eq 2 ] || fail "a checkpoint of another model: exit code $code"
grep -q 'another shape: q1.theta is \[1, 4, 2\], the model wants \[2, 4, 2\]' "$work/err" || { fail "what differs"; cat "$work/err"; }

# init from: what is taken, what is left
sed 's|^train cut .*|train second { model: Small; data: digits; loss: cross_entropy; epochs: 1; seed: 6; init from "one" { q2 <- q1; head.* <- head.*; } }|' \
    "$model" >second.rq
expect 0 out "loaded q2.theta <- q1.theta, head.w, head.b; left as initialised: q1.theta" train second.rq --action second --out "$work/second"
sed -i 's|q2 <- q1|q2 <- q7|' second.rq
expect 2 err "nothing fits the rule 'q2 <- q7'" train second.rq --action second --out "$work/third"

# Denied verdicts, and what explains them.
expect 4 err "denied: layer 'q1'" train "$model" --action cut --deny partial
expect 0 out "cosine" train "$model" --action cut --compare exact --out "$work/compare"
grep -q '"cosine":' compare/metrics.jsonl || fail "no comparison in the events"

usage_error "no action" train "$model" --action nothing
usage_error "--threads" run "$model" --threads 0
finish
