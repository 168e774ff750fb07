"""Beer et al.'s training in jitted JAX by automatic differentiation, f64: costs compared with rq's, then timed.

    python dqnn_jax.py FORM DIR WIDTHS ETA EPSILON      prints {"seconds": of a round, "how": ..}

DIR holds input.npy, target.npy and init.safetensors as tests/reference/beer.py writes them, and costs.json: rq's fidelity before each
round and after the last one. Three forms:

    plain     as the formula stands: each pair's rho (x) |0..0><0..0|, U_j rho U_j^+ for one perceptron after the other, partial trace
    density   the perceptrons of a layer become one map V of its inputs to inputs and outputs, made once per round for all pairs, and
              rho -> tr_in[V rho V^+]
    pure      the same V; the state keeps the qubits that are traced out
"""
import json
import os
import sys
from functools import partial

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
from works import fastest, read_numbers

form, folder, widths, eta, epsilon = sys.argv[1:]
widths, eta, epsilon = [int(w) for w in widths.split(",")], float(eta), float(epsilon)


def isometry(us, inputs):
    """[perceptrons, d, d] -> [2^inputs, 2^outputs, 2^inputs]: U_k .. U_1 on |in>|0..0>."""
    a = 2**inputs
    v = jnp.eye(a, dtype=us.dtype).reshape((a, 1, a))
    for u in us:  # [in, outputs so far, in'] -> one output qubit more, which starts in |0>
        u = u.reshape((a, 2, a, 2))[:, :, :, 0]
        v = jnp.einsum("xoi,ipj->xpoj", u, v).reshape((a, 2 * v.shape[1], a))
    return v


def apply_left(u, t, qubits):
    """u on the listed axes of t, each of size 2."""
    k = len(qubits)
    t = jnp.tensordot(u.reshape([2] * (2 * k)), t, axes=[list(range(k, 2 * k)), qubits])
    return jnp.moveaxis(t, list(range(k)), qubits)


def fidelity_plain(us, inputs, targets):
    def one(psi, phi):
        rho = jnp.outer(psi, psi.conj())
        for n, u in zip(widths, us):
            k = len(u)
            ground = jnp.zeros((2**k, 2**k), rho.dtype).at[0, 0].set(1)
            t = jnp.kron(rho, ground).reshape([2] * (2 * (n + k)))
            for j in range(k):
                at = [*range(n), n + j]
                t = apply_left(u[j], t, at)
                t = apply_left(u[j].conj(), t, [n + k + q for q in at])
            rho = jnp.trace(t.reshape((2**n, 2**k, 2**n, 2**k)), axis1=0, axis2=2)
        return (phi.conj() @ rho @ phi).real

    return jnp.mean(jax.vmap(one)(inputs, targets))


def fidelity_density(us, inputs, targets):
    rho = inputs[:, :, None] * inputs[:, None, :].conj()
    for n, u in zip(widths, us):
        v = isometry(u, n)
        w = jnp.einsum("xpi,sij->sxpj", v, rho)
        rho = jnp.einsum("sxpj,xqj->spq", w, v.conj())
    return jnp.mean(jnp.einsum("sp,spq,sq->s", targets.conj(), rho, targets).real)


def fidelity_pure(us, inputs, targets):
    psi = inputs[:, None, :]  # [pairs, traced out, qubits of the layer]
    for n, u in zip(widths, us):
        v = isometry(u, n)
        psi = jnp.einsum("xpi,sti->stxp", v, psi).reshape((psi.shape[0], -1, v.shape[1]))
    return jnp.mean(jnp.sum(jnp.abs(jnp.einsum("stp,sp->st", psi, targets.conj())) ** 2, 1))


FORMS = {"plain": fidelity_plain, "density": fidelity_density, "pure": fidelity_pure}


def moved(u, g, inputs):
    """exp(eta epsilon 2^m K) U, K the skew-Hermitian part of G U^+; JAX's gradient is the conjugate of G."""
    a = g.conj() @ u.conj().swapaxes(1, 2)
    k = (a - a.conj().swapaxes(1, 2)) / 2
    values, vectors = jnp.linalg.eigh(-1j * k)
    phases = jnp.exp(1j * eta * epsilon * 2**inputs * values)
    return (vectors * phases[:, None, :]) @ vectors.conj().swapaxes(1, 2) @ u


def one_round(us, data):
    cost, g = jax.value_and_grad(FORMS[form])(us, *data)
    return [moved(u, d, n) for u, d, n in zip(us, g, widths)], cost


@partial(jax.jit, static_argnums=2)
def rounds(us, data, count):
    return jax.lax.scan(lambda us, _: one_round(us, data), us, None, count)


numbers = read_numbers(folder + "/init.safetensors")
matrix = lambda l, j: numbers[f"l{l}.p[{j}].V" if f"l{l}.p[{j}].V" in numbers else f"l{l}.V"]
us = [jnp.asarray(np.stack([matrix(l, j) @ [1, 1j] for j in range(k)])) for l, k in enumerate(widths[1:], 1)]
data = jnp.asarray(np.load(folder + "/input.npy")), jnp.asarray(np.load(folder + "/target.npy"))
want = np.array(json.load(open(folder + "/costs.json")))
have = np.array(rounds(us, data, len(want))[1])
if not np.max(np.abs(have - want)) < 1e-9:
    sys.exit(f"the cost of a round differs from rq's by {np.max(np.abs(have - want)):.1e}")
single = jax.jit(one_round)
ways = [("a call per round", lambda: jax.block_until_ready(single(us, data))),
        ("100 rounds in one scan", lambda: jax.block_until_ready(rounds(us, data, 100)))]
times = [(fastest([way])[0] / (100 if "scan" in way[0] else 1), way[0]) for way in ways]
seconds, how = min(times)
print(json.dumps({"seconds": seconds, "how": f"{how}, costs within {np.max(np.abs(have - want)):.0e}"}))
