#!/usr/bin/env bash
# windows.sh: dissipative layers with every kind of window (fan_in, boundary, shift), the general form with two registers, reset and partial
# traces against dense matrices in numpy.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
python=
for p in python3 /usr/bin/python3; do "$p" -c 'import numpy' 2>/dev/null && python=$p && break; done
[ -n "$python" ] || { echo "skipped: python3-numpy is not installed"; exit 77; }
cat >dense.py <<'PY'
import subprocess, sys
import numpy as np
r = np.random.default_rng(8)
rx = lambda t: np.array([[np.cos(t / 2), -1j * np.sin(t / 2)], [-1j * np.sin(t / 2), np.cos(t / 2)]])
ry = lambda t: np.array([[np.cos(t / 2), -np.sin(t / 2)], [np.sin(t / 2), np.cos(t / 2)]])
controlled = lambda u: np.block([[np.eye(2), np.zeros((2, 2))], [np.zeros((2, 2)), u]])
def on(u, at, n):
    """u on the listed qubits of n, qubit 0 the most significant."""
    rest = [q for q in range(n) if q not in at]
    t = np.kron(u, np.eye(2 ** len(rest))).reshape([2] * (2 * n))
    place = list(np.argsort(list(at) + rest))
    return t.transpose(place + [n + p for p in place]).reshape(2**n, 2**n)
def gate(rho, u, at, n):
    u = on(u, at, n)
    return u @ rho @ u.conj().T
def keep(rho, at, n):
    rest = [q for q in range(n) if q not in at]
    t = rho.reshape([2] * (2 * n)).transpose(list(at) + rest + [n + q for q in at] + [n + q for q in rest])
    d = 2 ** len(at)
    return np.einsum("iaja->ij", t.reshape(d, 2 ** len(rest), d, 2 ** len(rest)))
def reset(rho, q, n):
    lower, upper = np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]])
    return gate(rho, lower, [q], n) + gate(rho, upper, [q], n)
def fresh(rho, k):
    zero = np.zeros((2**k, 2**k)); zero[0, 0] = 1
    return np.kron(rho, zero)
def perceptron(rho, at, n):
    rho = gate(rho, ry(0.4), at[-1:], n)
    for i, q in enumerate(at[:-1]):
        rho = gate(rho, controlled(rx(0.5 + 0.3 * i)), [q, at[-1]], n)
        rho = gate(rho, controlled(ry(0.9 - 0.2 * i)), [at[-1], q], n)
    return rho
def window(n, m, j, boundary, shift):
    if boundary == "periodic": return [(j + shift + i) % n for i in range(m)]
    first = min(max(j + shift, 0), n - m)
    return list(range(first, first + m))
def dissipative(rho, n, k, m, boundary="open", shift=0):
    rho = fresh(rho, k)
    for j in range(k): rho = perceptron(rho, window(n, m, j, boundary, shift) + [n + j], n + k)
    return keep(rho, range(n, n + k), n + k)
def general(rho, n, k):
    rho = fresh(rho, k)
    for i in range(k):
        rho = gate(rho, controlled(rx(0.7)), [i, n + i], n + k)
        rho = gate(rho, ry(0.3 * (i + 1)), [n + i], n + k)
    rho = reset(rho, 0, n + k)
    return keep(gate(rho, controlled(ry(1.1)), [n, 0], n + k), range(n, n + k), n + k)
def anew(rho, n):
    rho = reset(gate(rho, controlled(rx(0.8)), [0, 1], n), 0, n)
    return gate(rho, controlled(ry(0.6)), [1, 0], n)
cases = []
for n, k, m in ((3, 3, 2), (4, 3, 1), (3, 4, 3)):
    for boundary in ("open", "periodic"):
        for shift in (-1, 0, 2):
            text = f"dissipative({k}, perceptron: p, fan_in: {m}, boundary: {boundary}, shift: {shift})"
            cases.append((n, text, lambda rho, a=(n, k, m, boundary, shift): dissipative(rho, *a)))
cases.append((3, "dissipative(2, perceptron: p)", lambda rho: dissipative(rho, 3, 2, 3)))
cases.append((3, "dissipative(2, circuit: both)", lambda rho: general(rho, 3, 2)))
cases.append((3, "dissipative(3, perceptron: p, fan_in: 2) |> dissipative(2, circuit: both)", lambda rho: general(dissipative(rho, 3, 3, 2), 3, 2)))
cases.append((3, "evolve(anew)", lambda rho: anew(rho, 3)))
for first in (0, 1, 2): cases.append((4, f"dissipative(2, circuit: keep(first: {first}))", lambda rho, f=first: keep(rho, [f, f + 1], 4)))
file = """circuit p on q[n] {
    ry(0.4) q[n-1];
    for i in 0..n-1 { crx(0.5 + 0.3*i) q[i], q[n-1];  cry(0.9 - 0.2*i) q[n-1], q[i]; }
}
circuit both on a[m], b[k] {
    for i in 0..k { crx(0.7) a[i], b[i];  ry(0.3*(i + 1)) b[i]; }
    reset a[0];
    cry(1.1) b[0], a[0];
}
circuit anew on q[n] { crx(0.8) q[0], q[1];  reset q[0];  cry(0.6) q[1], q[0]; }
circuit turn on q[n] { param t ~ uniform(0, 1);  rx(t - t) q[0]; }
"""
groups = {}
for i, (n, text, _) in enumerate(cases): groups.setdefault(n, []).append(i)
for n, numbers in groups.items():
    x = r.normal(size=(2, 2**n)) + 1j * r.normal(size=(2, 2**n))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    np.save(f"psi{n}", x)
    np.save(f"rho{n}", 0.8 * x[:, :, None] * x[:, None, :].conj() + 0.2 * np.eye(2**n) / 2**n)
    for kind, name in (("state", "psi"), ("density", "rho")):
        body = "".join(f"  layer o{i} = s |> {cases[i][1]};\n" for i in numbers)
        open(f"{name}{n}.rq", "w").write(
            file + f'data d = states(input: "{name}{n}.npy");\nmodel M {{ input psi: {kind}[{n}];\n  layer s = psi |> evolve(turn);\n{body}'
            f"  layer out = s |> measure(z_each);\n  output out; }}\ntrain t {{ model: M;  data: d;  loss: mse;  rounds: 1; }}\n")
        worst = 0
        for i in numbers:
            done = subprocess.run([sys.argv[1], "predict", f"{name}{n}.rq", "--init", "t.safetensors", "--input", f"{name}{n}.npy",
                                   "--layer", f"o{i}", "--precision", "f64", "-o", "y.npy"], capture_output=True, text=True)
            if done.returncode: sys.exit(f"{cases[i][1]}: {done.stderr}")
            y = np.load("y.npy")
            for s in range(2):
                rho = np.outer(x[s], x[s].conj()) if name == "psi" else np.load(f"rho{n}.npy")[s]
                want = cases[i][2](rho)
                have = y[s] if np.iscomplexobj(y) else y[s].reshape(*want.shape, 2) @ [1, 1j]
                off = np.max(np.abs(have.reshape(want.shape) - want))
                worst = max(worst, off)
                if not off < 1e-12: print(f"FAIL: {name}{n} {cases[i][1]}: off by {off:.1e}")
        print(f"{name}{n}: {len(numbers)} layers, off by at most {worst:.1e}")
PY
"$python" - <<'PY'
import json, struct
text = json.dumps({"s.t": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}).encode()
open("t.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + struct.pack("<d", 0.3))
PY
"$python" dense.py "$RQ" >out 2>err || { fail "dense.py"; cat err; }
cat out
grep -q "^FAIL" out && fail "a layer differs"
[ "$(grep -c "layers, off by at most" out)" -eq 4 ] || fail "not every size was compared"
finish
