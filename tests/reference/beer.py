"""Beer et al.'s training rule (Nat. Commun. 11:808, 2020) in dense numpy, from its formulas alone.

    python3 beer.py WIDTHS PAIRS ROUNDS ETA EPSILON SEED

WIDTHS is 2,3,2 for layers of dissipative perceptrons, or =2 for one plain unitary on two qubits. Writes what rq is to start from,
init.safetensors, input.npy and target.npy, and cost.txt: the fidelity before each round and after the last one, to the last digit.
Layer l's perceptron j has the parameter "l<l>.p[<j>].V"; the plain unitary is "l1.V".
"""
import json
import struct
import sys

import numpy as np

widths, pairs, rounds, eta, epsilon, seed = sys.argv[1:7]
pairs, rounds, eta, epsilon = int(pairs), int(rounds), float(eta), float(epsilon)
plain = widths.startswith("=")
widths = [int(w) for w in widths.lstrip("=").split(",")]
random = np.random.default_rng(int(seed))


def gaussian(*shape):
    return random.normal(size=shape) + 1j * random.normal(size=shape)


def haar(dim):
    q, r = np.linalg.qr(gaussian(dim, dim))
    return q * (np.diag(r) / abs(np.diag(r)))


def embedded(u, qubits, n):
    """u on the listed qubits of n, qubit 0 the most significant."""
    k = len(qubits)
    rest = [q for q in range(n) if q not in qubits]
    full = np.kron(u, np.eye(2 ** len(rest))).reshape([2] * (2 * n))
    place = np.argsort(list(qubits) + rest)
    return full.transpose(list(place) + [n + p for p in place]).reshape(2**n, 2**n)


def traced(rho, keep, n):
    """The partial trace of an operator on n qubits onto the listed ones, in their order."""
    rest = [q for q in range(n) if q not in keep]
    t = rho.reshape([2] * (2 * n)).transpose(list(keep) + rest + [n + q for q in keep] + [n + q for q in rest])
    a, b = 2 ** len(keep), 2 ** len(rest)
    return np.trace(t.reshape(a, b, a, b), axis1=1, axis2=3)


def projector(psi):
    return np.outer(psi, psi.conj())


def ground(n):
    z = np.zeros((2**n, 2**n), complex)
    z[0, 0] = 1
    return z


def exponential(k):
    """exp of a skew-Hermitian matrix by its eigenvectors."""
    values, vectors = np.linalg.eigh(-1j * k)
    return (vectors * np.exp(1j * values)) @ vectors.conj().T


class Layer:
    def __init__(self, inputs, outputs):
        self.m, self.k, self.n = inputs, outputs, inputs + outputs
        self.u = [haar(2 ** (inputs + 1)) for _ in range(outputs)]

    def qubits(self, j):
        return list(range(self.m)) + [self.m + j]

    def full(self):
        return [embedded(u, self.qubits(j), self.n) for j, u in enumerate(self.u)]

    def before(self, rho):
        return np.kron(rho, ground(self.k))

    def forward(self, rho):
        state = self.before(rho)
        for u in self.full():
            state = u @ state @ u.conj().T
        return traced(state, list(range(self.m, self.n)), self.n)

    def backward(self, sigma):
        whole = np.kron(np.eye(2**self.m), sigma)
        for u in reversed(self.full()):
            whole = u.conj().T @ whole @ u
        return traced(np.kron(np.eye(2**self.m), ground(self.k)) @ whole, list(range(self.m)), self.n)

    def commutators(self, rho, sigma):
        """tr_rest [A, B] of each perceptron for one pair."""
        a, out = self.before(rho), []
        full = self.full()
        for j, u in enumerate(full):
            a = u @ a @ u.conj().T
            b = np.kron(np.eye(2**self.m), sigma)
            for later in reversed(full[j + 1 :]):
                b = later.conj().T @ b @ later
            out.append(traced(a @ b - b @ a, self.qubits(j), self.n))
        return out


class Plain(Layer):
    def __init__(self, n):
        self.m, self.u = 0, [haar(2**n)]

    def forward(self, rho):
        return self.u[0] @ rho @ self.u[0].conj().T

    def backward(self, sigma):
        return self.u[0].conj().T @ sigma @ self.u[0]

    def commutators(self, rho, sigma):
        a = self.forward(rho)
        return [a @ sigma - sigma @ a]


layers = [Plain(widths[0])] if plain else [Layer(a, b) for a, b in zip(widths, widths[1:])]
assert widths[0] == widths[-1]
secret = haar(2 ** widths[0])
inputs = gaussian(pairs, 2 ** widths[0])
inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
targets = inputs @ secret.T
np.save("input.npy", inputs)
np.save("target.npy", targets)

head, body = {}, b""
for l, layer in enumerate(layers):
    for j, u in enumerate(layer.u):
        name = "l1.V" if plain else "l%d.p[%d].V" % (l + 1, j)
        data = np.stack([u.real, u.imag], -1).tobytes()
        head[name] = {"dtype": "F64", "shape": list(u.shape) + [2], "data_offsets": [len(body), len(body) + len(data)]}
        body += data
text = json.dumps(head).encode()
open("init.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)


def one_round(step):
    """The mean fidelity; all perceptrons are changed together."""
    total, cost = [[0] * len(layer.u) for layer in layers], 0
    for psi, phi in zip(inputs, targets):
        rho, sigma = [projector(psi)], [projector(phi)]
        for layer in layers:
            rho.append(layer.forward(rho[-1]))
        for layer in reversed(layers):
            sigma.insert(0, layer.backward(sigma[0]))
        cost += (phi.conj() @ rho[-1] @ phi).real / pairs
        for l, layer in enumerate(layers):
            for j, c in enumerate(layer.commutators(rho[l], sigma[l + 1])):
                total[l][j] = total[l][j] + c
    for l, layer in enumerate(layers if step else []):
        for j in range(len(layer.u)):
            layer.u[j] = exponential(-epsilon * eta * 2**layer.m / pairs * total[l][j]) @ layer.u[j]
    return cost


with open("cost.txt", "w") as out:
    for r in range(rounds + 1):
        out.write("%.17g\n" % one_round(r < rounds))
