"""JAX in five forms, each jitted; chunks of the batch and one or two host devices are tried, and the fastest is taken.

    state     state vectors, batch last, gates as sums of slices: XLA fuses them
    unitary   the circuit's matrix is built once per step; a patch is a product state times it
    transfer  rq's own form written in JAX: the observables' coefficients are made once per step from that matrix, a patch is a
              multilinear polynomial in 1, cos, sin of its inputs
    products  depth 1 alone: behind one layer of RY, RX and CNOTs <Z_k> is a product over the qubits up to k
"""
import os

os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from works import compare, fastest, from_patches, tiled, to_patches


def pad(x, n):
    return jnp.pad(x, ((0, 0), (n, n), (n, n)))


# ---- state: [2^n, batch] ----


def turn(psi, n, q, m):
    a = psi.reshape((2**q, 2, 2 ** (n - q - 1), -1))
    x, y = a[:, 0], a[:, 1]
    return jnp.stack([m[0] * x + m[1] * y, m[2] * x + m[3] * y], 1).reshape(psi.shape)


def chain(n):
    """Row i of the state behind CNOTs 0 > 1 > 2 ..: where it was before."""
    i = np.arange(2**n)
    return i ^ (i >> 1)


def circuit(psi, n, theta):
    """RX RY as one matrix; a layer after the other in a loop, so that compiling takes no longer with depth."""
    a, b = theta[..., 0] / 2, theta[..., 1] / 2
    cc, cs, sc, ss = jnp.cos(a) * jnp.cos(b), jnp.cos(a) * jnp.sin(b), jnp.sin(a) * jnp.cos(b), jnp.sin(a) * jnp.sin(b)
    gates = jnp.stack([cc - 1j * ss, -sc - 1j * cs, sc - 1j * cs, cc + 1j * ss], -1)

    def layer(psi, gates):
        for q in range(n):
            psi = turn(psi, n, q, gates[q])
        return psi[chain(n)], None

    return jax.lax.scan(layer, psi, gates)[0]


def product_state(x):
    """[batch, n] -> real [2^n, batch], RY(pi x) on |0>."""
    c, s = jnp.cos(jnp.pi / 2 * x), jnp.sin(jnp.pi / 2 * x)
    psi = jnp.ones((1, x.shape[0]), x.dtype)
    for q in range(x.shape[1]):
        psi = (psi[:, None] * jnp.stack([c[:, q], s[:, q]])[None]).reshape((-1, x.shape[0]))
    return psi


def signs(n, last):
    z = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1)
    return jnp.asarray(z[:, -1:] if last else z, jnp.float32)


def state_form(theta, x, last=False):
    n = x.shape[1]
    psi = circuit(product_state(x).astype(jnp.complex64), n, theta)
    return (jnp.abs(psi) ** 2).T @ signs(n, last)


def unitary(theta):
    n = theta.shape[1]
    return circuit(jnp.eye(2**n, dtype=jnp.complex64), n, theta)


def unitary_form(theta, x, last=False):
    n, u = x.shape[1], unitary(theta)
    psi = product_state(x).T
    re, im = psi @ u.real.T, psi @ u.imag.T
    return (re * re + im * im) @ signs(n, last)


def transfer_form(theta, x, last=False):
    """E_k = sum over P in {1, X, Z}^n of C[k, P] <P>, with <X> = sin pi x and <Z> = cos pi x."""
    n, u = x.shape[1], unitary(theta)
    observables = jnp.einsum("ji,jk,jl->kil", u.conj(), signs(n, last), u).real
    paulis = jnp.asarray([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]]], jnp.float32)
    c = observables.reshape((-1,) + (2,) * (2 * n))
    for q in range(n):  # row and column of the next qubit become its Pauli number, at the end
        c = jnp.tensordot(c, paulis / 2, axes=[[1, 1 + n - q], [1, 2]])
    half = n // 2
    parts = jnp.stack([jnp.ones_like(x), jnp.sin(jnp.pi * x), jnp.cos(jnp.pi * x)], 2)
    sides = []
    for qubits in (range(half), range(half, n)):
        side = jnp.ones((x.shape[0], 1), x.dtype)
        for q in qubits:
            side = (side[:, :, None] * parts[:, q, None, :]).reshape((x.shape[0], -1))
        sides.append(side)
    left, right = sides
    c = c.reshape((c.shape[0], left.shape[1], right.shape[1]))
    y = (right @ c.reshape((-1, right.shape[1])).T).reshape((-1, c.shape[0], left.shape[1]))
    return jnp.einsum("bki,bi->bk", y, left)


def products_form(theta, x, last=False):
    a, b = theta[0, :, 0], theta[0, :, 1]
    each = jnp.cos(jnp.pi * x + a) * jnp.cos(b)
    y = jnp.cumprod(each, 1)
    return y[:, -1:] if last else y


FORMS = {"state": state_form, "unitary": unitary_form, "transfer": transfer_form, "products": products_form}


# ---- works ----


def layer(form, work, theta, x):
    y = form(theta, to_patches(x, work, pad, jnp.transpose), work.last)
    return from_patches(y, work, jnp.transpose)


def value(form, work, theta, x):
    y = layer(form, work, theta, x)
    return jnp.sum(y) if work.kind == "parameters" else 0.5 * jnp.sum(y * y), y


def call_of(form, work, chunks):
    """(theta, x) -> results by rq's names; x in as many chunks one after the other."""

    def one(theta, x):
        if work.kind == "forward":
            return {"output": layer(form, work, theta, x)}
        by = (0, 1) if work.kind == "gradient" else 0
        (_, y), g = jax.value_and_grad(partial(value, form, work), by, has_aux=True)(theta, x)
        if work.kind == "parameters":
            return {"output": y, "grad:q.theta": g}
        return {"output": y, "grad:q.theta": g[0], "grad:x": g[1]}

    def all_chunks(theta, x):
        if chunks == 1:
            return one(theta, x)
        r = jax.lax.map(lambda part: one(theta, part), x.reshape((chunks, -1) + x.shape[1:]))
        return {k: v.sum(0) if k == "grad:q.theta" else v.reshape((-1,) + v.shape[2:]) for k, v in r.items()}

    return all_chunks


def resqunn_loss(form, work, p, x, target):
    q1 = layer(form, work, p["q1.theta"], x)
    q2 = layer(form, work, p["q2.theta"], q1) + q1
    logits = q2 @ p["head.w"].T + p["head.b"]
    return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(logits), 1))


def adam(p, g, m, v, t, rate=1e-3):
    m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
    v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
    step = lambda a, b, c: a - rate * (b / (1 - 0.9**t)) / (jnp.sqrt(c / (1 - 0.999**t)) + 1e-8)
    return jax.tree.map(step, p, m, v), m, v


def resqunn_step(form, work, state, x, target):
    p, m, v, t = state
    loss, g = jax.value_and_grad(partial(resqunn_loss, form, work))(p, x, target)
    p, m, v = adam(p, g, m, v, t + 1)
    return (p, m, v, t + 1), loss


def resqunn_parameters(numbers):
    f = lambda name, *shape: jnp.asarray(numbers[name], jnp.float32).reshape(shape)
    return {"q1.theta": f("q1.theta", -1, 4, 2), "q2.theta": f("q2.theta", -1, 4, 2), "head.w": f("head.w", 10, 784),
            "head.b": f("head.b", 10)}


def start_state(p):
    zeros = jax.tree.map(jnp.zeros_like, p)
    return p, zeros, zeros, jnp.zeros((), jnp.int32)


def shardings(devices):
    mesh = Mesh(np.array(jax.devices()[:devices]), "batch")
    return NamedSharding(mesh, PartitionSpec("batch")), NamedSharding(mesh, PartitionSpec())


def run_step(form, work, numbers):
    p = resqunn_parameters(numbers)
    x, target = (jnp.asarray(numbers[k], jnp.float32) for k in ("x", "target"))
    loss, g = jax.jit(jax.value_and_grad(partial(resqunn_loss, form, work)))(p, x, target)
    compare(numbers, {"loss": loss, **{"grad:" + k: v for k, v in g.items()}})
    x, target = (jnp.asarray(tiled(numbers[k], work.samples), jnp.float32) for k in ("x", "target"))
    ways = []
    for devices in (1, 2):
        split, same = shardings(devices)
        f = jax.jit(partial(resqunn_step, form, work), in_shardings=(same, split, split))
        args = jax.device_put(start_state(p), same), jax.device_put(x, split), jax.device_put(target, split)
        ways.append((f"{devices} devices", lambda f=f, args=args: jax.block_until_ready(f(*args))))
    return fastest(ways)


def run(name, work, numbers):
    form = FORMS[name]
    if work.kind == "step":
        return run_step(form, work, numbers)
    theta = jnp.asarray(numbers["q.theta"], jnp.float32).reshape((work.depth, work.qubits, 2))
    x = jnp.asarray(numbers["x"], jnp.float32)
    compare(numbers, jax.jit(call_of(form, work, 1))(theta, x))
    x = jnp.asarray(tiled(numbers["x"], work.samples), jnp.float32)
    ways = []
    for devices in (1, 2) if work.samples > 1 else (1,):
        for chunks in (1, 4, 16, 64):
            if work.samples % (chunks * devices) or (devices == 2 and chunks > 1):
                continue
            split, same = shardings(devices)
            f = jax.jit(call_of(form, work, chunks), in_shardings=(same, split))
            args = jax.device_put(theta, same), jax.device_put(x, split)
            ways.append((f"{devices} devices, {chunks} chunks", lambda f=f, args=args: jax.block_until_ready(f(*args))))
    return fastest(ways)
