#!/usr/bin/env bash
# registers.sh: dissipative layers, channels and density matrices from the command line: they train with every engine, on one thread and
# two, as a native program, in an image classifier; losses and data that do not fit are one message.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >model.rq <<'RQ'
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
circuit swap_ry on q[2] { param t ~ uniform(0, 2*pi);  swap q[0], q[1];  ry(t) q[1]; }
circuit lossy on q[n] { param t ~ uniform(0, 1);  param g = 0.1 in [0, 0.5];  cry(t) q[0], q[n-1];  amplitude_damp(g) q[n-1]; }
data pairs = unitary_pairs(qubits: 2, pairs: 10, train: 10, seed: 7);
data wide = zeros(qubits: 10);
model Beer { input psi: state[2];  layer hidden = dissipative(3, perceptron: any);  layer out = dissipative(2, perceptron: any);  output out; }
model Lossy { input psi: density[2];  layer a = dissipative(2, perceptron: lossy);  layer b = evolve(any);  output b; }
model Wide { input psi: state[10];  layer out = dissipative(10, perceptron: swap_ry, fan_in: 1);  output out; }
train beer  { model: Beer;  data: pairs;  loss: infidelity;  optimizer: matrix_step(eta: 1, epsilon: 0.1);  rounds: 60; }
train damped { model: Lossy;  data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 1, others: adam(rate: 0.02));  rounds: 40; }
train local { model: Wide;  data: wide;  loss: local;  optimizer: adam(rate: 0.1);  rounds: 60; }
RQ

# losses NAME FIRST LAST: the first loss is above, the last one below, and no round is worse by much than the one before
losses() {
    python3 - "$@" <<'PY' || fail "$1: losses"
import json, sys
losses = [e["loss"] for e in map(json.loads, open(sys.argv[1] + "/metrics.jsonl")) if e["event"] == "epoch"]
assert losses[0] > float(sys.argv[2]) and losses[-1] < float(sys.argv[3]), losses
assert all(b < a + 0.05 for a, b in zip(losses, losses[1:])), losses
PY
}
expect 0 out "fidelity 0.9" train model.rq --action beer --threads 1 --out beer
losses beer 0.6 0.05
expect 0 out "out.p[1]     perceptron" train model.rq --action beer --threads 2 --out beer-2
cmp -s beer/last.safetensors beer-2/last.safetensors || fail "threads change the result"
expect 0 out "" gradcheck model.rq --action beer --init beer/last.safetensors
expect 0 out "" gradcheck model.rq --action beer --engine density
expect 0 out "loss" train model.rq --action local --out local
losses local 0.1 0.01
expect 0 out "" train model.rq --action damped --out damped
losses damped 0.75 0.7
expect 0 out "" gradcheck model.rq --action damped

# The form is free: density matrices from the beginning give the same first losses.
expect 0 out "" train model.rq --action beer --engine density --set beer.rounds=5 --out dense
python3 - <<'PY' || fail "engines differ"
import json
first = lambda run: [e["loss"] for e in map(json.loads, open(run + "/metrics.jsonl")) if e["event"] == "epoch"][:5]
assert all(abs(a - b) < 1e-12 for a, b in zip(first("beer"), first("dense"))), (first("beer"), first("dense"))
PY

# A native program has the same bits; layers whose density matrix is too large are not offered.
expect 0 out "" build model.rq -o native
./native train --action beer --threads 1 --out native-beer >/dev/null 2>err || fail "native: $(cat err)"
cmp -s beer/last.safetensors native-beer/last.safetensors || fail "native: other parameters"

# In an image classifier, with a skip around the quantum part.
cat >image.rq <<'RQ'
circuit p on q[n] { param t[2] ~ uniform(0, 2*pi);  ry(t[0]) q[n-1];  for i in 0..n-1 { cry(t[1]) q[i], q[n-1]; } }
data digits = glyphs(train: 64, test: 32, size: 8, classes: [0, 1]);
model Classifier {
    input x: image[1, 8, 8];
    layer flat = x |> flatten |> dense(4);
    layer q    = flat |> encode(angle()) |> dissipative(4, perceptron: p) |> measure(z_each);
    skip  flat -> q;
    layer head = q |> dense(2);
    output head;
}
train go { model: Classifier;  data: digits;  loss: cross_entropy;  optimizer: adam(rate: 0.02);  epochs: 12;  batch: 16; }
RQ
expect 0 out "q.p[3]  perceptron" train image.rq --out image
losses image 0.3 0.3
expect 0 out "" gradcheck image.rq
expect 0 out "skip flat -> q" flow image.rq

# Targets that 'local' cannot compare.
python3 - <<'PY'
import struct
def npy(name, rows):
    head = "{'descr': '<c16', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    head += " " * ((64 - (11 + len(head)) % 64) % 64) + "\n"
    body = b"".join(struct.pack("<dd", complex(x).real, complex(x).imag) for row in rows for x in row)
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body)
zero, plus, bell = [1, 0, 0, 0], [0.5, 0.5j, 0.5, 0.5j], [0.5 ** 0.5, 0, 0, 0.5 ** 0.5]
npy("in.npy", [zero, plus]), npy("product.npy", [plus, zero]), npy("bell.npy", [plus, bell])
PY
cat >states.rq <<'RQ'
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
data pairs = states(input: "in.npy", target: "product.npy");
model M { input psi: state[2];  layer a = dissipative(2, perceptron: any);  output a; }
train t { model: M;  data: pairs;  loss: local;  rounds: 5; }
RQ
expect 0 out "round 5/5" train states.rq --out product
expect 0 out "" gradcheck states.rq
sed -i 's/product.npy/bell.npy/' states.rq
expect 2 err "the target of sample 1 of 'states' is entangled (its qubit 0 alone is mixed, of purity 0.5): the loss 'local'" train states.rq
sed -i 's/loss: local/loss: infidelity/' states.rq
expect 0 out "fidelity" train states.rq --out bell
finish
