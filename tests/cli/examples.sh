#!/usr/bin/env bash
# examples.sh: every example checks without a warning, the first one trains; what is shortened here is whole in examples_full.sh.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
examples=$RQ_SRC/examples

count=0
while IFS= read -r file; do
    count=$((count + 1))
    expect 0 out "model" check "$file" --deny none,unused
    [ ! -s err ] || { fail "$file: a warning"; cat err; }
done < <(find "$examples" -name '*.rq' | sort)
[ $count -ge 4 ] || fail "only $count examples were found"

# test accuracy LOW HIGH: the last event of the run, in percent
accuracy() {
    local value
    value=$(sed -n 's/.*"event":"result".*"test":{"loss":[^,]*,"accuracy":\([0-9.e-]*\)}.*/\1/p' out)
    awk -v x="${value:--1}" -v low="$1" -v high="$2" 'BEGIN { exit !(100 * x >= low && 100 * x <= high) }' ||
        fail "test accuracy '$value' is not from $1% to $2%"
}

# 200 samples, a quarter of the circuit, four epochs, one seed: 58% of the glyphs, 65% of MNIST; chance is 10%
small=(--set ResQuNN.depth1=1 --set baseline.epochs=4 --set baseline.batch=8 --set baseline.probe=4 --seed 42 --json --threads 2)
sed 's/train: 2000, val: 500, test: 500/train: 200, val: 50, test: 100/' "$examples/resqunn.rq" >small.rq
expect 0 out '"flow":{"q1":"full","q2":"full","head":"full"}' run small.rq "${small[@]}" --out first
accuracy 52 64
[ "$(grep -c '"event":"layer"' out)" -eq 15 ] || fail "not one gradient event for each layer, at the start and after each epoch"
! grep -q '"verdict":"zero"' out || fail "a layer received no gradient"

if [ -e "${RQ_DATA:-/nowhere}/mnist" ] || [ -e "${RQ_DATA:-/nowhere}/MNIST" ]; then
    sed 's/train: 2000, val: 500, test: 500/train: 200, val: 50, test: 100/' "$examples/mnist/resqunn.rq" >mnist.rq
    expect 0 out '"event":"result"' run mnist.rq "${small[@]}" --out second
    accuracy 59 71
else
    echo "skipped: examples/mnist/resqunn.rq: no mnist in RQ_DATA"
fi
finish
