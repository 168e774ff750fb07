#!/usr/bin/env bash
# unitary.sh: unitary matrices as parameters: all optimizers lower the loss, resumed = never stopped, threads change nothing, files
# with matrices that do not fit are refused, a native program gives the same bits.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >model.rq <<'RQ'
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
circuit both on q[n] { param W: unitary[n] ~ haar;  param t ~ uniform(0, 1);  W q;  rx(t) q[0]; }
data pairs = unitary_pairs(qubits: 2, pairs: 10, train: 7, seed: 7);
model Plain { input psi: state[2];  layer a = evolve(any);  output a; }
model Mixed { input psi: state[2];  layer a = evolve(any);  layer b = evolve(both);  output b; }
train beer     { model: Plain;  data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.5);  rounds: 60; }
train momentum { model: Plain;  data: pairs;  loss: infidelity;  optimizer: sgd(rate: 0.3, momentum: 0.5);  rounds: 60; }
train adam     { model: Plain;  data: pairs;  loss: infidelity;  optimizer: adam(rate: 0.05);  epochs: 60;  batch: 3; }
train single   { model: Plain;  data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.5);  rounds: 60;  precision: f32; }
train mixed    { model: Mixed;  data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.4, others: adam(rate: 0.02));  rounds: 60; }
RQ

for action in beer momentum adam single mixed; do
    expect 0 out "on the test samples" train model.rq --action $action --threads 1 --out $action
    expect 0 out "on the test samples" train model.rq --action $action --threads 2 --out $action-2
    cmp -s $action/last.safetensors $action-2/last.safetensors || fail "$action: threads change the result"
    expect 0 out "" gradcheck model.rq --action $action --init $action/last.safetensors
    python3 - $action <<'PY' || fail "$action"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1] + "/metrics.jsonl")]
epochs = [e for e in events if e["event"] == "epoch"]
assert len(epochs) == 60
assert epochs[0]["loss"] > 0.4 and epochs[-1]["loss"] < 0.02, (epochs[0]["loss"], epochs[-1]["loss"])
assert epochs[-1]["test_loss"] < 0.1
limit = 1e-5 if sys.argv[1] == "single" else 1e-12
assert all(e["unitarity"] < limit and e["reorthogonalised"] >= 0 for e in epochs)
start = [e for e in events if e["event"] == "start"][0]
assert start["params"] == (33 if sys.argv[1] == "mixed" else 16), start["params"]
PY
done

# Dissipative layers: each perceptron has its row; states fill an input of densities to the same result; what has learnt has converged.
cat >net.rq <<'RQ'
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
data pairs = unitary_pairs(qubits: 1, pairs: 6, train: 4, seed: 7);
model Pure  { input psi: state[1];    layer h = dissipative(2, perceptron: any);  layer out = dissipative(1, perceptron: any);  output out; }
model Mixed { input psi: density[1];  layer h = dissipative(2, perceptron: any);  layer out = dissipative(1, perceptron: any);  output out; }
train pure  { model: Pure;   data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.2);  rounds: 400; }
train mixed { model: Mixed;  data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.2);  rounds: 400; }
RQ
for action in pure mixed; do
    expect 0 out "fidelity 0.99" train net.rq --action $action --out net-$action
    grep -q "^h.p\[1\]  *perceptron  *16  full .* converged" out || { fail "$action: no row for each perceptron"; cat out; }
    grep -q "^out.p" out && fail "$action: a row for the only perceptron of a layer"
done
python3 - <<'PY' || fail "densities: another result than states"
import json
loss = [[json.loads(l)["train_loss"] for l in open("net-%s/metrics.jsonl" % a) if '"epoch","run"' in l or '"event":"epoch"' in l] for a in ("pure", "mixed")]
assert len(loss[0]) == 400 and max(abs(a - b) for a, b in zip(*loss)) < 1e-9
PY
expect 0 out "" build net.rq -o net
./net train --action pure --threads 1 --out net-native >/dev/null 2>err || fail "native: $(cat err)"
cmp -s net-pure/last.safetensors net-native/last.safetensors || fail "native: other perceptrons"

# Without validation samples variants are ranked by what they were trained on.
echo 'explore frozen { train: pure;  over freeze: none, h;  rank: train.loss; }' >>net.rq
expect 0 out "train.loss" explore net.rq --out ranked --threads 1

# Killed and gone on with.
for action in adam mixed; do
    "$RQ" train model.rq --action $action --threads 1 --out cut >/dev/null 2>&1 &
    for _ in $(seq 200); do [ -e cut/last.safetensors ] && break; sleep 0.005; done
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    [ -s cut/report.html ] || expect 0 out "on the test samples" train --resume cut
    cmp -s $action/last.safetensors cut/last.safetensors || fail "$action: resumed, it has other parameters"
    rm -rf cut
done

# Matrices from files: a good one, and what does not fit.
python3 - <<'PY'
import json, struct
def write(name, tensors):
    head, body = {}, b""
    for key, (shape, values) in tensors.items():
        data = struct.pack("<%dd" % len(values), *values)
        head[key] = {"dtype": "F64", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + body)
one = [1.0 if i % 10 == 0 else 0.0 for i in range(32)]
write("one.safetensors", {"a.V": ([4, 4, 2], one)})
write("long.safetensors", {"a.V": ([4, 4, 2], [1.1 * x for x in one])})
write("flat.safetensors", {"a.V": ([16, 2], one)})
write("two.safetensors", {"a.V": ([4, 4, 2], one[:10] + [float("nan")] + one[11:]), "b.W": ([4, 4, 2], [0.0] * 32), "b.t": ([], [0.1])})
PY
expect 0 out "on the test samples" train model.rq --action beer --init one.safetensors --out from-one
expect 2 err "not unitary: a.V (V V^dagger differs from 1 by up to 0.21)" train model.rq --action beer --init long.safetensors
expect 2 err "another shape: a.V is [16, 2], the model wants [4, 4, 2]" train model.rq --action beer --init flat.safetensors
expect 2 err "not unitary: b.W (V V^dagger differs from 1 by up to 1)" train model.rq --action mixed --init two.safetensors
grep -q "not unitary: a.V" err || fail "only one of two matrices is named"
sed 's/^train beer     {/train beer { init from "long.safetensors" { a.V <- a.V; } /' model.rq >from.rq
expect 2 err "'a.V' is not unitary" train from.rq --action beer

# A native program: the same bits, and its settings.
expect 0 out "" build model.rq -o native
./native train --action mixed --threads 1 --out native-mixed >/dev/null 2>err || fail "native: $(cat err)"
cmp -s mixed/last.safetensors native-mixed/last.safetensors || fail "native: other parameters"
"$RQ" train model.rq --action beer --set 'beer.optimizer=matrix_step(eta: 0.5)' --set beer.rounds=5 --out set-rq >/dev/null 2>&1
./native train --action beer --set 'beer.optimizer=matrix_step(eta: 0.5)' --set beer.rounds=5 --out set-native >/dev/null 2>err || fail "native --set: $(cat err)"
cmp -s set-rq/last.safetensors set-native/last.safetensors || fail "native --set: other parameters"
./native train --action momentum --set 'momentum.optimizer=matrix_step(eta: 0.5)' >/dev/null 2>err && fail "native: matrix_step in place of sgd"
grep -q "build a program with it" err || fail "native: no way on is named: $(cat err)"
finish
