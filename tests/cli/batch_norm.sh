#!/usr/bin/env bash
# batch_norm.sh: a model whose samples are coupled: the same bits for any number of threads, resumed, and as a native program; running
# statistics in checkpoints, used outside of training, frozen by path, and seen in `rq flow`; batches of one sample.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >bn.rq <<'RQ'
data digits = glyphs(train: 70, val: 20, test: 20, size: 8);
model M {
    input x: image[1, 8, 8];
    layer c = conv(4, kernel: 3) |> batch_norm(momentum: 1/4) |> relu;
    layer h = dense(10) |> batch_norm(affine: false) |> tanh;
    layer head = dense(10);
    output head;
}
train go { model: M; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.01); epochs: 4; batch: 32; probe: 17; }
RQ

# Threads: chunks of 16 samples, batches of 32 and 6
for threads in 1 2 3; do expect 0 out "test accuracy" train bn.rq --threads $threads --out t$threads; done
cmp -s t1/last.safetensors t2/last.safetensors || fail "two threads give other bits than one"
cmp -s t1/last.safetensors t3/last.safetensors || fail "three threads give other bits than one"

# Running statistics are part of a checkpoint, have no optimizer state, and move
python3 - t1/last.safetensors <<'PY' || fail "running statistics in the checkpoint"
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + size])
def values(name):
    begin, end = head[name]["data_offsets"]
    return struct.unpack("<%df" % ((end - begin) // 4), raw[8 + size + begin:8 + size + end])
assert all(v != 0 for v in values("c.batch_norm.mean")) and all(v > 0 and v != 1 for v in values("h.batch_norm.variance"))
assert len(values("h.batch_norm.mean")) == 10 and "h.batch_norm.w" not in head
assert "opt/m/c.batch_norm.w" in head and not [name for name in head if "opt" in name and ("mean" in name or "variance" in name)]
PY

# Resumed
expect 0 out "test accuracy" train bn.rq --set epochs=2 --out half
expect 0 out "test accuracy" train --resume half --set epochs=4
python3 - t1/last.safetensors half/last.safetensors <<'PY' || fail "a resumed run has other bits"
import sys
def tensors(path): # without the metadata, which names the settings
    raw = open(path, "rb").read()
    return raw[8 + int.from_bytes(raw[:8], "little"):]
assert tensors(sys.argv[1]) == tensors(sys.argv[2])
PY

# Native
expect 0 out "bn: 1 action" build bn.rq -o bn
./bn train --out native >/dev/null 2>&1 || fail "the native program fails"
cmp -s t1/last.safetensors native/last.safetensors || fail "the native program has other bits"

# Outside of training a sample's result does not depend on others
rq predict t1 --index 3 -o one.npy
rq predict t1 --index 0..9 -o many.npy
python3 - <<'PY' || fail "a prediction depends on the other samples"
def floats(path):
    raw = open(path, "rb").read()
    return raw[10 + int.from_bytes(raw[8:10], "little"):]
one, many = floats("one.npy"), floats("many.npy")
n = len(one)
assert n and many[3 * n:4 * n] == one
PY

# Frozen by path they stay, and training works with them; a frozen layer keeps its parameters alone
sed 's/layer head/freeze c.batch_norm.mean, c.batch_norm.variance; &/' bn.rq >frozen.rq
expect 0 out "running mean and variance of 4 channels, frozen" flow frozen.rq
expect 0 out "running mean and variance of 10 channels, moved by each step" flow frozen.rq
expect 0 out "test accuracy" train frozen.rq --out frozen
cmp -s t1/last.safetensors frozen/last.safetensors && fail "freezing changes nothing"
sed 's/layer head/freeze c; &/' bn.rq >layer.rq
expect 0 out "4 channels, moved by each step" flow layer.rq
expect 0 out '"params":48,"dead":0,"statistics":8' flow bn.rq --json

# Batches of one sample
expect 2 err "one needs 2 samples or more" check bn.rq --set batch=1
expect 2 err "70 training samples in batches of 23 leave a batch of one" train bn.rq --set batch=23
expect 2 err "leave a batch of one" train bn.rq --set batch=69
finish
