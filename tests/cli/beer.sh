#!/usr/bin/env bash
# beer.sh: training with matrix_step from given unitaries and pairs against Beer et al.'s rule in dense numpy (tests/reference/beer.py):
# the cost of each of 30 rounds agrees to 1e-6.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
python=
for p in python3 /usr/bin/python3; do "$p" -c 'import numpy' 2>/dev/null && python=$p && break; done
[ -n "$python" ] || { echo "skipped: python3-numpy is not installed"; exit 0; }

# same WIDTHS PAIRS ETA EPSILON SEED MODEL: the model's layers are l1, l2, ...
same() {
    "$python" "$RQ_SRC/tests/reference/beer.py" "$1" "$2" 30 "$3" "$4" "$5" || { fail "$1: beer.py"; return; }
    cat >model.rq <<RQ
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
data pairs = states(input: "input.npy", target: "target.npy");
model M { $6 }
train learn { model: M;  data: pairs;  loss: infidelity;  optimizer: matrix_step(eta: $3, epsilon: $4);  rounds: 30; }
RQ
    rm -rf run
    expect 0 out "fidelity" train model.rq --init init.safetensors --out run
    "$python" - "$1" <<'PY' || fail "$1: another cost"
import json, sys
want = [float(x) for x in open("cost.txt")]
epochs = [e for e in map(json.loads, open("run/metrics.jsonl")) if e["event"] == "epoch"]
have = [1 - e["loss"] for e in epochs] + [1 - epochs[-1]["train_loss"]]
worst = max(abs(a - b) for a, b in zip(have, want))
assert len(have) == len(want) == 31 and want[-1] > want[0] + 0.05, (len(have), want[0], want[-1])
assert all(abs(1 - e["train_loss"] - w) < 1e-6 for e, w in zip(epochs, want[1:]))
assert worst < 1e-6, (worst, have[:3], want[:3])
print("%s: fidelity %.4f -> %.4f, largest difference %.1e" % (sys.argv[1], want[0], want[-1], worst))
PY
}

same =2 8 1 0.5 1 "input psi: state[2];  layer l1 = evolve(any);  output l1;"
same =3 6 0.5 0.8 2 "input psi: state[3];  layer l1 = evolve(any);  output l1;"

# Networks of dissipative layers: every perceptron is one unitary on all qubits of the layer before and its own.
network() { # WIDTHS PAIRS ETA EPSILON SEED
    local first=${1%%,*} number=0 layers='' width
    for width in $(echo "${1#*,}" | tr , ' '); do
        number=$((number + 1))
        layers+="layer l$number = dissipative($width, perceptron: any);  "
    done
    same "$1" "$2" "$3" "$4" "$5" "input psi: state[$first];  ${layers}output l$number;"
}
network 1,1 5 1 0.2 3
network 1,2,1 10 1 0.1 4
network 2,3,2 10 1 0.1 5
network 3,3,3 4 0.6667 0.1 6
network 2,3,3,2 5 0.25 0.1 7
finish
