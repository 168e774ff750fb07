#!/usr/bin/env bash
# observables.sh: trained observables on the command line: weights kept within limits, also by native programs and resumed runs; frozen
# ones; elements that nothing depends on.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >h.rq <<'RQ'
data digits = glyphs(train: 64, val: 16, test: 16, size: 8, classes: 3);
model M(limit: real = 0.5) {
    input x: image[1, 8, 8];
    layer r = dense(16);
    layer q = quantum(encode: amplitude(), circuit: strongly_entangling(layers: 1), measure: hermitian_matrix(limit: limit));
    layer head = dense(3);
    output head;
}
train go { model: M; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.05); epochs: 4; batch: 16; }
RQ

# extremes RUN: smallest and largest weight of the observable, and how many stand at the limit
extremes() {
    python3 - "$1/last.safetensors" <<'PY'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
begin, end = json.loads(raw[8:8 + size])["q.measure.a"]["data_offsets"]
w = struct.unpack("<%df" % ((end - begin) // 4), raw[8 + size + begin:8 + size + end])
print(min(w), max(w), sum(abs(x) == 0.5 for x in w))
PY
}

expect 0 out "test accuracy" train h.rq --out bounded
read -r low high at < <(extremes bounded)
[ "$low $high" = "-0.5 0.5" ] && [ "$at" -gt 4 ] && [ "$at" -lt 32 ] || fail "weights from $low to $high, $at at the limit"
expect 0 out "test accuracy" train h.rq --set limit=1e9 --out free
read -r low high at < <(extremes free)
awk -v low="$low" -v high="$high" 'BEGIN { exit !(low < -1 && high > 1) }' || fail "without a limit weights from $low to $high"

expect 0 out "h: 1 action" build h.rq -o h
./h train --out native >/dev/null 2>&1
cmp -s bounded/last.safetensors native/last.safetensors || fail "the native program has other bits"
expect 0 out "test accuracy" train h.rq --set epochs=2 --out half
expect 0 out "test accuracy" train --resume half --set epochs=4
[ "$(extremes half)" = "$(extremes bounded)" ] || fail "a resumed run has other weights"

# 4 qubits of 8 numbers each; the imaginary parts on the diagonal cancel
expect 0 out "44 params, 8 dead" flow h.rq
sed 's/layer head/freeze q.measure; &/' h.rq >frozen.rq
expect 0 out '{"path":"q.measure.a","verdict":"frozen","dead":0}' flow frozen.rq --json
expect 0 out "test accuracy" train frozen.rq --out frozen
expect 0 out "test accuracy" train frozen.rq --set epochs=1 --out shorter
[ "$(extremes frozen)" = "$(extremes shorter)" ] || fail "a frozen observable moves"
finish
