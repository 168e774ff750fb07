#!/usr/bin/env bash
# examples_full.sh: the examples as they are written, with the accuracy they reach, and their gradients compared four ways.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
examples=$RQ_SRC/examples

# whole FILE LOW HIGH: trains it; test accuracy in percent
whole() {
    local value
    expect 0 out '"flow":{"q1":"full","q2":"full","head":"full"}' run "$1" --json --out "$work/run"
    rm -rf run
    value=$(sed -n 's/.*"event":"result".*"test":{"loss":[^,]*,"accuracy":\([0-9.e-]*\)}.*/\1/p' out)
    awk -v x="${value:--1}" -v low="$2" -v high="$3" 'BEGIN { exit !(100 * x >= low && 100 * x <= high) }' ||
        fail "$1: test accuracy '$value' is not from $2% to $3%"
}

whole "$examples/resqunn.rq" 77 85
expect 0 out "q1.theta  32 of 32" gradcheck "$examples/resqunn.rq"
if [ -e "${RQ_DATA:-/nowhere}/mnist" ] || [ -e "${RQ_DATA:-/nowhere}/MNIST" ]; then
    whole "$examples/mnist/resqunn.rq" 83 90
    expect 0 out "q1.theta  32 of 32" gradcheck "$examples/mnist/resqunn.rq"
else
    echo "skipped: examples/mnist/resqunn.rq: no mnist in RQ_DATA"
fi
finish
