#!/usr/bin/env bash
# states.sh: quantum data: unitary_pairs, zeros, states from npy and npz, and what is said of files that hold no states.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
unset RQ_DATA

# model SOURCE [QUBITS]
model() {
    cat >model.rq <<RQ
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
data set = $1;
model M { input psi: state[${2:-1}];  layer a = evolve(any);  output a; }
train go { model: M;  data: set;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.5);  rounds: 80; }
RQ
}

cat >make.py <<'PY'
import math, struct, zipfile
def npy(descr, shape, values):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, tuple(shape))
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    body = struct.pack("<%d%s" % (len(values), "q" if descr == "<i8" else "f" if descr[-1] in "8" and descr[1] == "c" else "d"), *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body
def save(name, *of):
    open(name, "wb").write(npy(*of))
r = math.sqrt(0.5)
zero, one, plus, turn = [1.0, 0, 0, 0], [0, 0, 1.0, 0], [r, 0, r, 0], [r, 0, 0, r]
inputs, targets = zero + one + plus + turn, one + zero + plus + [0, r, r, 0]
save("in.npy", "<c16", (4, 2), inputs)
save("in32.npy", "<c8", (4, 2), inputs)
save("out.npy", "<c16", (4, 2), targets)
save("real.npy", "<f8", (3, 2), [1.0, 0, 0, 1.0, 0.6, 0.8])
save("half.npy", "<c16", (2, 2), zero + [0.5, 0, 0, 0])
save("three.npy", "<c16", (1, 3), [1.0, 0, 0, 0, 0, 0])
save("whole.npy", "<i8", (2, 2), [1, 0, 0, 1])
save("flat.npy", "<c16", (4,), [1.0, 0, 0, 0, 0, 0, 0, 0])
save("mixed.npy", "<c16", (1, 2, 2), [0.5, 0, 0, 0, 0, 0, 0.5, 0])
save("four.npy", "<c16", (4, 2, 2), [0.5, 0, 0, 0, 0, 0, 0.5, 0] * 4)
save("skew.npy", "<c16", (1, 2, 2), [0.5, 0, 0.1, 0, 0.2, 0, 0.5, 0])
save("trace.npy", "<c16", (1, 2, 2), [0.5, 0, 0, 0, 0, 0, 0.4, 0])
save("minus.npy", "<c16", (1, 2, 2), [1.5, 0, 0, 0, 0, 0, -0.5, 0])
for name, method in ("stored.npz", zipfile.ZIP_STORED), ("packed.npz", zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(name, "w", method) as z:
        with z.open("other.npy", "w", force_zip64=True) as f: f.write(npy("<f8", (2,), [1.0, 2.0]))
        with z.open("input.npy", "w", force_zip64=True) as f: f.write(npy("<c16", (4, 2), inputs))
        with z.open("target.npy", "w", force_zip64=True) as f: f.write(npy("<c16", (4, 2), targets))
with zipfile.ZipFile("odd.npz", "w") as z: z.writestr("x.npy", npy("<c16", (4, 2), inputs))
PY
python3 make.py || fail "make.py"

# A swap of the basis states is learnt from three pairs, from every kind of file alike.
for source in 'input: "in.npy", target: "out.npy"' 'input: "stored.npz"' 'input: "packed.npz"' 'input: "packed.npz", target: "out.npy"'; do
    model "states($source, train: 3, test: 1)"
    rm -rf run
    expect 0 out "on the test samples" train model.rq --out run
    tail -c 64 run/last.safetensors >values
    [ -e first ] || cp values first
    cmp -s first values || fail "$source: other parameters"
    grep -q "fidelity 1 on the training samples, 1 on the test samples" out || { fail "$source"; tail -n 2 out; }
done
model 'states(input: "in32.npy", train: 2, val: 1, test: 1)'
expect 0 out "fidelity" train model.rq --out single
model 'states(input: "real.npy")'
expect 0 out "fidelity" train model.rq --out real

# What is no state.
wrong() { model "states($1)" "${3:-1}"; expect 2 err "$2" train model.rq; }
wrong 'input: "half.npy"' "'half.npy': state 1 is not normalised: the squares of its amplitudes add up to 0.25, not 1"
wrong 'input: "in.npy", target: "half.npy"' "'half.npy' holds 2 targets for the 4 states of 'in.npy'"
wrong 'input: "three.npy"' "'three.npy' has states of 3 amplitudes; 2, 4, 8, ... are those of whole qubits"
wrong 'input: "whole.npy"' "'whole.npy' holds integers of shape [2, 2]; states are complex [N, d]"
wrong 'input: "flat.npy"' "'flat.npy' holds complex numbers of shape [4]; states are complex [N, d]" 2
wrong 'input: "skew.npy"' "density matrix 0 is not Hermitian: entries differ by up to 0.1"
wrong 'input: "trace.npy"' "density matrix 0 has trace 0.9, not 1"
wrong 'input: "minus.npy"' "density matrix 0 has -0.5 on its diagonal"
wrong 'input: "in.npy"' "wants 8 values for its 'psi', but a sample of 'states' has 4" 2
wrong 'input: "in.npy", train: 4, test: 1' "'in.npy' holds 4 states; at least one for training"
wrong 'input: "odd.npz"' "'odd.npz' has no array 'input'; it holds x.npy"
wrong 'input: "absent.npy"' "'absent.npy'"
wrong 'input: "packed.npz", target: "four.npy"' "the targets of 'states' are density matrices; losses of states compare with pure ones, of 2 amplitudes"

# Damaged archives are refused wherever they are cut.
size=$(wc -c <packed.npz)
for at in 0 3 21 22 40 200 $((size / 2)) $((size - 60)) $((size - 23)) $((size - 1)); do
    head -c "$at" packed.npz >cut.npz
    wrong 'input: "cut.npz"' "cut.npz"
done
python3 - <<'PY'
import random
random.seed(1)
whole = open("packed.npz", "rb").read()
for i in range(40):
    b = bytearray(whole)
    for _ in range(3): b[random.randrange(len(b))] = random.randrange(256)
    open("bent%d.npz" % i, "wb").write(b)
PY
for i in $(seq 0 39); do
    model "states(input: \"bent$i.npz\")"
    rq train model.rq --out "bent-$i"
    [ "$code" -eq 0 ] || [ "$code" -eq 2 ] || fail "bent$i.npz: exit code $code"
done

# The program's own states: pairs are what the unitary makes of them but for the noisy ones, and do not depend on how many there are.
rq data show 'unitary_pairs(qubits: 1, pairs: 6, train: 4, seed: 3)'
cp out six
expect 0 out "unitary_pairs [2, 2]  train 4  val 0  test 2" data show 'unitary_pairs(qubits: 1, pairs: 6, train: 4, seed: 3)'
expect 0 out "zeros [4, 2]  train 1  val 0  test 0" data show 'zeros(qubits: 2)'
expect 0 out "states [2, 2, 2]  train 1" data show 'states(input: "mixed.npy")'
expect 0 out "unitary_pairs" data list
rq data show 'unitary_pairs(qubits: 1, pairs: 4, seed: 3)'
[ "$(sed -n 2,5p out)" = "$(sed -n 2,5p six)" ] || fail "the first pairs depend on the number of pairs"
model 'unitary_pairs(qubits: 1, pairs: 12, train: 8, seed: 3)'
expect 0 out "fidelity 1 on the training samples, 1 on the test samples, 1 on all" train model.rq --set go.rounds=400
model 'unitary_pairs(qubits: 1, pairs: 12, train: 8, noise_pairs: 5, seed: 3)'
expect 0 out "fidelity 0." train model.rq --set go.rounds=400 --out noisy
model 'zeros(qubits: 3)' 3
expect 0 out "fidelity" train model.rq --set go.rounds=5 --out zeros
finish
