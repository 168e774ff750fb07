"""TorchQuantum: all patches in the batch axis of one device, which is new, so in |0..0>, for every call."""
import torch
import torchquantum as tq
import torchquantum.functional as tqf
from works import compare, fastest, from_patches, tiled, to_patches

torch.set_num_threads(2)


def circuit(theta, x):
    n = x.shape[1]
    device = tq.QuantumDevice(n_wires=n, bsz=x.shape[0])
    for q in range(n):
        tqf.ry(device, q, params=torch.pi * x[:, q : q + 1])
    for d in range(theta.shape[0]):
        for q in range(n):
            tqf.ry(device, q, params=theta[d, q, 0])
            tqf.rx(device, q, params=theta[d, q, 1])
        for q in range(n - 1):
            tqf.cnot(device, [q, q + 1])
    return tq.MeasureAll(tq.PauliZ)(device)


def call(work, theta, x):
    theta, x = theta.clone().requires_grad_(), x.clone().requires_grad_()
    patches = to_patches(x, work, lambda x, n: torch.nn.functional.pad(x, (n, n, n, n)), torch.permute)
    y = from_patches(circuit(theta, patches), work, torch.permute)
    if work.kind == "forward":
        return {"output": y}
    (0.5 * (y * y).sum()).backward()
    return {"output": y, "grad:q.theta": theta.grad, "grad:x": x.grad}


FORMS = {"batched": circuit}


def run(form, work, numbers):
    theta = torch.tensor(numbers["q.theta"], dtype=torch.float32).reshape(work.depth, work.qubits, 2)
    x = torch.tensor(numbers["x"], dtype=torch.float32)
    compare(numbers, {k: v.detach().numpy() for k, v in call(work, theta, x).items()})
    x = torch.tensor(tiled(numbers["x"], work.samples), dtype=torch.float32)
    return fastest([(f"{n} chunks", lambda n=n: [call(work, theta, part) for part in x.chunk(n)]) for n in (1, 4, 16) if n <= len(x)])
