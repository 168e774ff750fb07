"""Quantum LeNet in jitted JAX, f32: an outer step of a distillation (lenet_data.py says what DIR holds).

    python qlenet_jax.py FORM DIR      prints {"seconds": .., "how": ..}

state: gates on the states of a batch; unitary: the circuit's 64 x 64 matrix is made once per network, and multiplies the states.
"""
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
from lenet_data import FIRST, STEPS, outer_step
from works import fastest

form, folder = sys.argv[1:]
QUBITS, LAYERS = 6, 3


def rotation(a):
    """RZ(c) RY(b) RZ(a)"""
    c, s = jnp.cos(a[1] / 2), jnp.sin(a[1] / 2)
    phase = lambda x: jnp.exp(-0.5j * x)
    return jnp.array([[c * phase(a[0] + a[2]), -s * phase(a[2] - a[0])], [s * phase(a[0] - a[2]), c * phase(-a[0] - a[2])]])


def cx_order(c, t):
    k = np.arange(2**QUBITS)
    return np.where(k >> (QUBITS - 1 - c) & 1, k ^ 1 << (QUBITS - 1 - t), k)


def circuit(theta, psi):
    """psi [batch, 64]"""
    for l in range(LAYERS):
        for i in range(QUBITS):
            psi = jnp.einsum("ij,bajc->baic", rotation(theta[l, i]), psi.reshape((-1, 2**i, 2, 2 ** (QUBITS - 1 - i)))).reshape((-1, 64))
        order = np.arange(64)
        for i in range(QUBITS):
            order = order[cx_order(i, (i + l % (QUBITS - 1) + 1) % QUBITS)]
        psi = psi[:, order]
    return psi


def observe(h, psi):
    values = []
    for i in range(QUBITS):
        t = psi.reshape((-1, 2**i, 2, 2 ** (QUBITS - 1 - i)))
        a, b = t[:, :, 0], t[:, :, 1]
        along = jnp.sum(a.conj() * b, (1, 2))
        z = jnp.sum(jnp.abs(a) ** 2 - jnp.abs(b) ** 2, (1, 2))
        values.append((h[i, 0] + 2 * (h[i, 1] * along.real + h[i, 2] * along.imag) + h[i, 3] * z) / jnp.sqrt(2.0))
    return jnp.stack(values, 1)


def quantum(p, r):
    psi = (r / jnp.linalg.norm(r, axis=1, keepdims=True)).astype(jnp.complex64)
    if form == "unitary":
        psi = psi @ circuit(p["q.theta"], jnp.eye(64, dtype=jnp.complex64))
    else:
        psi = circuit(p["q.theta"], psi)
    return observe(p["q.measure.h"], psi)


def conv(p, name, x, pad):
    y = jax.lax.conv_general_dilated(x, p[name + ".w"], (1, 1), [(pad, pad)] * 2) + p[name + ".b"][:, None, None]
    b, c, h, w = y.shape
    return jax.nn.relu(y).reshape((b, c, h // 2, 2, w // 2, 2)).max((3, 5))


def dense(p, name, x):
    return x @ p[name + ".w"].T + p[name + ".b"]


def qlenet(p, x):
    x = conv(p, "c2", conv(p, "c1", x, 2), 0).reshape((x.shape[0], -1))
    r = dense(p, "r", jax.nn.relu(dense(p, "f1", x)))
    a, b = dense(p, "a", quantum(p, r)), jax.nn.relu(dense(p, "b", r))
    return dense(p, "out", p["alpha"] * a + (1 - p["alpha"]) * b)


def loss(p, x, y):
    logits = qlenet(p, x)
    return jnp.mean(jax.nn.logsumexp(logits, 1) - jnp.take_along_axis(logits, y[:, None], 1)[:, 0])


def outer(unknowns, p, x, y):
    images, first = unknowns
    for t in range(STEPS):
        g = jax.grad(loss)(p, images, jnp.arange(10))
        p = jax.tree.map(lambda w, dw: w - jax.nn.softplus(first[t]) * dw, p, g)
    return loss(p, x, y)


d = outer_step(folder)
p = {name: jnp.asarray(t, jnp.float32) for name, t in d.network.items()}
unknowns = jnp.asarray(d.images, jnp.float32), jnp.full(STEPS, FIRST, jnp.float32)
call = jax.jit(jax.value_and_grad(outer))
value, (by_images, by_first) = call(unknowns, p, d.x, d.y)
near = d.compare(float(value), np.asarray(by_images), np.asarray(by_first, np.float64))
seconds, _ = fastest([("", lambda: jax.block_until_ready(call(unknowns, p, d.x, d.y)))])
print(json.dumps({"seconds": seconds, "how": near}))
