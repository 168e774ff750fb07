"""PennyLane in three forms.

    jax        default.qubit, jitted by JAX, patches by vmap
    torch      default.qubit, patches by parameter broadcasting, gradients by torch
    lightning  lightning.qubit, complex64, adjoint gradients, a loop over circuits: for one large state; of many small circuits a
               few hundred are timed, as each takes as long as the other
"""
import numpy as np
import pennylane as qml
from works import compare, fastest, from_patches, tiled, time_calls, to_patches


def ansatz(theta, x, n):
    for q in range(n):
        qml.RY(np.pi * x[..., q], q)
    for d in range(theta.shape[0]):
        for q in range(n):
            qml.RY(theta[d, q, 0], q)
            qml.RX(theta[d, q, 1], q)
        for q in range(n - 1):
            qml.CNOT([q, q + 1])


def observables(work):
    return [qml.expval(qml.PauliZ(q)) for q in ([work.qubits - 1] if work.last else range(work.qubits))]


def run_jax(work, numbers):
    import jax
    import jax.numpy as jnp
    import peer_jax

    device = qml.device("default.qubit", wires=work.qubits)

    def measured(theta, x):
        ansatz(theta, x, work.qubits)
        return observables(work)

    circuit = qml.QNode(measured, device, interface="jax")

    def form(theta, x, last=False):
        return jnp.stack(jax.vmap(circuit, (None, 0))(theta, x), 1)

    peer_jax.FORMS["pennylane"] = form
    return peer_jax.run("pennylane", work, numbers)


def run_torch(work, numbers):
    import torch

    torch.set_num_threads(2)
    device = qml.device("default.qubit", wires=work.qubits)

    def measured(theta, x):
        ansatz(theta, x, work.qubits)
        return observables(work)

    circuit = qml.QNode(measured, device, interface="torch", diff_method="backprop")

    def call(theta, x):
        theta, x = theta.clone().requires_grad_(), x.clone().requires_grad_()
        patches = to_patches(x, work, lambda x, n: torch.nn.functional.pad(x, (n, n, n, n)), torch.permute)
        y = from_patches(torch.stack(tuple(circuit(theta, patches)), 1), work, torch.permute)
        if work.kind == "forward":
            return {"output": y}
        (0.5 * (y * y).sum()).backward()
        return {"output": y, "grad:q.theta": theta.grad, "grad:x": x.grad}

    theta = torch.tensor(numbers["q.theta"], dtype=torch.float32).reshape(work.depth, work.qubits, 2)
    x = torch.tensor(numbers["x"], dtype=torch.float32)
    compare(numbers, {k: v.detach().numpy() for k, v in call(theta, x).items()})
    x = torch.tensor(tiled(numbers["x"], work.samples), dtype=torch.float32)
    return fastest([(f"{n} chunks", lambda n=n: [call(theta, part) for part in x.chunk(n)]) for n in (1, 4, 16) if n <= len(x)])


MOST_CIRCUITS = 200


def run_lightning(work, numbers):
    from pennylane import numpy as pnp

    device = qml.device("lightning.qubit", wires=work.qubits, c_dtype=np.complex64)

    def measured(theta, x):
        ansatz(theta, x, work.qubits)
        return observables(work)[0] if work.last else observables(work)

    circuit = qml.QNode(measured, device, diff_method="adjoint")
    theta = pnp.array(numbers["q.theta"].reshape(work.depth, work.qubits, 2), requires_grad=True)
    if work.last:
        x = pnp.array(numbers["x"][0], requires_grad=False)
        gradient = qml.grad(circuit, argnums=0)
        g = gradient(theta, x)
        compare(numbers, {"output": gradient.forward, "grad:q.theta": g})
        return time_calls(lambda: gradient(theta, x)), "adjoint, value with it"
    x = pnp.array(to_patches(numbers["x"], work, lambda x, n: np.pad(x, ((0, 0), (n, n), (n, n))), np.transpose), requires_grad=True)
    x = x[:MOST_CIRCUITS]
    gradient = qml.grad(lambda theta, x: 0.5 * qml.math.sum(qml.math.stack(circuit(theta, x)) ** 2))
    seconds = time_calls(lambda: [gradient(theta, each) for each in x[:20]])
    return seconds / 20 * work.circuits, "a loop over circuits"


RUN = {"jax": run_jax, "torch": run_torch, "lightning": run_lightning}


def run(form, work, numbers):
    return RUN[form](work, numbers)
