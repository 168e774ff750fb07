#!/usr/bin/env bash
# distances.sh: trace distance and Hilbert-Schmidt distance of mixed and pure outputs from their targets agree with numpy's eigenvalues of
# the density matrices that `rq predict` gives; train, eval and a native program say the same.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
python=
for p in python3 /usr/bin/python3; do "$p" -c 'import numpy' 2>/dev/null && python=$p && break; done
[ -n "$python" ] || { echo "skipped: python3-numpy is not installed"; exit 77; }
"$python" - <<'PY'
import numpy as np
r = np.random.default_rng(4)
for name in ("input", "target"):
    x = r.normal(size=(7, 4)) + 1j * r.normal(size=(7, 4))
    np.save(name, x / np.linalg.norm(x, axis=1, keepdims=True))
x = np.load("input.npy")
np.save("mixed", 0.7 * x[:, :, None] * x[:, None, :].conj() + 0.3 * np.eye(4) / 4)
PY
cat >model.rq <<'RQ'
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
circuit leak on q[n] { param t ~ uniform(0, 1);  ry(t) q[0];  amplitude_damp(0.2) q[n-1]; }
data pairs = states(input: "input.npy", target: "target.npy", train: 5, test: 2);
data mixed = states(input: "mixed.npy", target: "target.npy", train: 5, test: 2);
model Net   { input psi: state[2];    layer a = dissipative(3, perceptron: any);  layer out = dissipative(2, perceptron: any);  output out; }
model Pure  { input psi: state[2];    layer out = evolve(any);  output out; }
model Lossy { input psi: density[2];  layer out = evolve(leak);  output out; }
train net   { model: Net;    data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.2);  rounds: 9; }
train pure  { model: Pure;   data: pairs;  loss: infidelity;  optimizer: matrix_step(epsilon: 0.2);  rounds: 9; }
train lossy { model: Lossy;  data: mixed;  loss: infidelity;  rounds: 3; }
RQ
for action in net pure lossy; do
    expect 0 out "; Hilbert-Schmidt distance " train model.rq --action $action --out $action
    expect 0 out '"trace_distance": 0.' eval $action --json
    cp out $action.eval
    for split in train test; do
        last=$([ $split = train ] && echo 5 || echo 2)
        rq predict $action --split $split --index 0..$last --layer out -o $action-$split.npy
        [ "$code" -eq 0 ] || fail "predict: $(cat err)"
    done
    "$python" - $action <<'PY' || fail "$action: not numpy's distances"
import json, sys
import numpy as np
action, target = sys.argv[1], np.load("target.npy")
said = {r["split"]: r for r in map(json.loads, open(action + ".eval"))}
result = [e for e in map(json.loads, open(action + "/metrics.jsonl")) if e["event"] == "result"][0]
for split, rows in (("train", target[:5]), ("test", target[5:])):
    y = np.load("%s-%s.npy" % (action, split))
    y = y if np.iscomplexobj(y) else y.reshape(len(rows), -1, 2) @ [1, 1j]
    y = y.reshape(len(rows), 4, -1)
    rho = y @ y.conj().transpose(0, 2, 1) if y.shape[2] == 1 else y
    apart = rho - rows[:, :, None] * rows[:, None, :].conj()
    trace = np.mean(np.abs(np.linalg.eigvalsh(apart)).sum(1) / 2)
    schmidt = np.mean(np.sqrt((np.abs(apart) ** 2).sum((1, 2))))
    assert 0.1 < trace < 1 and abs(trace - schmidt) > 1e-3
    for have, want in ((result[split]["trace_distance"], trace), (result[split]["hilbert_schmidt"], schmidt),
                       (said[split]["trace_distance"], trace), (said[split]["hilbert_schmidt"], schmidt)):
        assert abs(have - want) < 1e-6, (split, have, want)
    assert said[split]["loss"] <= trace + 1e-9, "1 - F is at most the trace distance"
PY
done
grep -q "Means over samples: trace distance 0." net/report.html || fail "the report has no distances"

# A native program says the same; explorations rank by the loss and do without; ten qubits have no density matrix to compare.
expect 0 out "" build model.rq -o native
./native eval --action net --init net/last.safetensors --json >out 2>err || fail "native: $(cat err)"
cmp -s out net.eval || { fail "native: other distances"; diff out net.eval; }
echo 'explore both { train: net;  over model: Net, Pure;  rank: train.loss; }' >>model.rq
expect 0 out "train.loss" explore model.rq --out both
grep -q trace_distance both/metrics/*.jsonl && fail "an exploration measures distances"
cat >wide.rq <<'RQ'
circuit swap_ry on q[2] { param t ~ uniform(0, 1);  swap q[0], q[1];  ry(t) q[1]; }
data ground = zeros(qubits: 10);
model Wide { input psi: state[10];  layer out = dissipative(10, perceptron: swap_ry, fan_in: 1);  output out; }
train wide { model: Wide;  data: ground;  loss: local;  rounds: 2; }
RQ
expect 0 out "on the training samples" train wide.rq --out wide
grep -q "trace distance" out && fail "a distance of ten qubits"
finish
