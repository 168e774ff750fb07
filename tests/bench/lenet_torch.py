"""Classical LeNet in PyTorch, two threads: a training step of 256 images, or an outer step of a distillation.

    python lenet_torch.py step NUMBERS.safetensors      prints {"seconds": .., "how": ..}
    python lenet_torch.py distill DIR                   (lenet_data.py says what DIR holds)
"""
import json
import sys

import numpy as np
import torch
from lenet_data import FIRST, STEPS, outer_step
from torch.nn import functional as F
from works import compare, fastest, numbers_of, tiled

torch.set_num_threads(2)
NAMES = [f"{layer}.{part}" for layer in ("c1", "c2", "f1", "f2", "out") for part in "wb"]
SHAPES = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,)]


def lenet(x, p):
    x = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2).flatten(1)
    x = F.relu(F.linear(x, p[4], p[5]))
    return F.linear(F.relu(F.linear(x, p[6], p[7])), p[8], p[9])


def parameters(numbers):
    return [torch.tensor(numbers[name].reshape(shape), dtype=torch.float32).requires_grad_() for name, shape in zip(NAMES, SHAPES)]


def training_step(path):
    numbers = numbers_of(path, "lenet-step")
    p = parameters(numbers)
    x, y = (torch.tensor(numbers[name], dtype=torch.float32) for name in ("x", "target"))
    loss = F.cross_entropy(lenet(x.reshape(-1, 1, 28, 28), p), y)
    loss.backward()
    compare(numbers, {"grad:" + name: t.grad.numpy() for name, t in zip(NAMES, p)})
    x = torch.tensor(tiled(numbers["x"], 256), dtype=torch.float32).reshape(-1, 1, 28, 28)
    y = torch.tensor(tiled(numbers["target"], 256)).argmax(1)

    def steps(model, adam):
        def call():
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(model(x, p), y).backward()
            adam.step()

        return call

    ways = [(name, steps(lenet, torch.optim.Adam(p, lr=1e-3, **how))) for name, how in (("Adam", {}), ("fused Adam", {"fused": True}))]
    return fastest(ways)


def outer(folder):
    d = outer_step(folder)
    images = torch.tensor(d.images, dtype=torch.float32).requires_grad_()
    first = torch.full((STEPS,), float(FIRST), requires_grad=True)
    start, labels = parameters(d.network), torch.arange(len(images))
    x, y = torch.tensor(d.x), torch.tensor(d.y)

    def call():
        images.grad = first.grad = None
        p = start
        for t in range(STEPS):
            g = torch.autograd.grad(F.cross_entropy(lenet(images, p), labels), p, create_graph=True)
            p = [w - F.softplus(first[t]) * dw for w, dw in zip(p, g)]
        loss = F.cross_entropy(lenet(x, p), y)
        torch.autograd.backward(loss, inputs=[images, first])
        return loss

    near = d.compare(call().item(), images.grad.numpy(), first.grad.numpy().astype(np.float64))
    seconds, _ = fastest([("", call)])
    return seconds, near


kind, path = sys.argv[1:]
seconds, how = {"step": training_step, "distill": outer}[kind](path)
print(json.dumps({"seconds": seconds, "how": how}))
