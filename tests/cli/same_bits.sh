#!/usr/bin/env bash
# same_bits.sh: the same seed gives the same bits for 1, 2 and 5 threads, another seed gives others.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
model=$work/model.rq # training images are moved and mirrored by seed, epoch and sample
sed '/^data digits/s/size: 8/size: 8, crop: 1, flip: 0.5/' "$RQ_SRC/tests/cli/model.rq" >model.rq
grep -q "flip: 0.5" model.rq || fail "no augmentation"

# Parameters and metrics without what is a time, a path or a thread count.
digest() {
    python3 - "$1" <<'PY'
import hashlib, json, struct, sys
raw = open(sys.argv[1] + "/last.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
sums = [hashlib.sha256(raw[8 + size:]).hexdigest()]
for line in open(sys.argv[1] + "/metrics.jsonl"):
    event = json.loads(line)
    for key in ("run", "out", "seconds", "first_step_seconds", "circuits_per_s", "threads", "compile_seconds"): event.pop(key, None)
    sums.append(json.dumps(event, sort_keys=True))
print(hashlib.sha256("\n".join(sums).encode()).hexdigest())
PY
}

for threads in 1 2 5; do
    expect 0 out "test accuracy" train "$model" --action quick --threads $threads --out "t$threads"
done
[ "$(digest t1)" = "$(digest t2)" ] || fail "two threads give other bits than one"
[ "$(digest t1)" = "$(digest t5)" ] || fail "five threads give other bits than one"
expect 0 out "test accuracy" train "$model" --action quick --seed 6 --out other
[ "$(digest t1)" != "$(digest other)" ] || fail "another seed gives the same bits"

# Masks of dropout are drawn by sample and epoch, so they do not depend on threads either; without them other bits come out.
sed 's/layer head = dense/layer head = dropout(0.3) |> dense/' "$model" >dropout.rq
for threads in 1 2; do
    expect 0 out "test accuracy" train dropout.rq --action quick --threads $threads --out "d$threads"
done
[ "$(digest d1)" = "$(digest d2)" ] || fail "dropout: two threads give other bits than one"
[ "$(digest d1)" != "$(digest t1)" ] || fail "dropout changes nothing"
finish
