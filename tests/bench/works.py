"""The works of `rq bench`, as other programs see them: sizes, the numbers that rq exported, comparing, and timing.

Inputs, parameters and results of a few samples come from `rq bench --export`. A peer first computes the same samples, and only
where its values and gradients agree is it timed, on as many samples as rq (the same ones again and again).
"""
import json
import struct
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Work:
    kind: str  # forward; gradient: of half the square sum, by angles and inputs; parameters: of the one output, by angles; step
    qubits: int
    depth: int
    samples: int
    kernel: int = 0  # side of a patch of a 28x28 image; 0: the sample is the circuit's input
    pad: int = 0
    last: bool = False  # <Z> of the last qubit alone

    @property
    def side(self):
        return 28 + 2 * self.pad

    @property
    def patches(self):
        return (self.side // self.kernel) ** 2 if self.kernel else 1

    @property
    def circuits(self):
        return self.samples * self.patches * (2 if self.kind == "step" else 1)


WORKS = {
    "4q-d4-grad": Work("gradient", 4, 4, 256, 2),
    "4q-d4-forward": Work("forward", 4, 4, 256, 2),
    "4q-d1-grad": Work("gradient", 4, 1, 256, 2),
    "9q-d1-grad": Work("gradient", 9, 1, 256, 3, 1),
    "9q-d4-grad": Work("gradient", 9, 4, 64, 3, 1),
    "10q-d2-grad": Work("gradient", 10, 2, 64),
    "16q-d4-state": Work("parameters", 16, 4, 1, last=True),
    "20q-d4-state": Work("parameters", 20, 4, 1, last=True),
    "resqunn-step": Work("step", 4, 4, 64, 2),
}


def read_numbers(path):
    """Every tensor of a safetensors file, by name."""
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    kinds = {"F64": np.float64, "F32": np.float32}
    return {
        name: np.frombuffer(data[slice(*t["data_offsets"])], kinds[t["dtype"]]).reshape(t["shape"])
        for name, t in header.items()
        if name != "__metadata__"
    }


def numbers_of(path, work):
    return {name[len(work) + 1 :]: t for name, t in read_numbers(path).items() if name.startswith(work + "/")}


def tiled(x, samples):
    """The exported samples again and again: as many as the work has."""
    return np.tile(x, (-(-samples // len(x)), 1))[:samples]


# ---- patches: the same lines serve numpy, jax and torch, which all have reshape and a way to swap axes ----


def to_patches(x, work, pad, permute):
    """[samples, 784] -> [samples * patches, qubits]: pixel q of a patch is the input of qubit q."""
    if not work.kernel:
        return x
    k, n = work.kernel, work.side // work.kernel
    x = x.reshape((-1, 28, 28))
    if work.pad:
        x = pad(x, work.pad)
    x = permute(x.reshape((-1, n, k, n, k)), (0, 1, 3, 2, 4))
    return x.reshape((-1, k * k))


def from_patches(y, work, permute):
    """[samples * patches, qubits] -> [samples, 784]: each <Z> at its pixel; the padding is cut off."""
    if not work.kernel:
        return y
    k, n = work.kernel, work.side // work.kernel
    y = permute(y.reshape((-1, n, n, k, k)), (0, 1, 3, 2, 4)).reshape((-1, work.side, work.side))
    if work.pad:
        y = y[:, work.pad : -work.pad, work.pad : -work.pad]
    return y.reshape((-1, 784))


# ---- numbers before times ----


def compare(numbers, results, tolerance=2e-3):
    """results: by the names that rq exported. Raises where one is off by more than the tolerance, relative to the largest value."""
    for name, mine in results.items():
        mine, theirs = np.asarray(mine, np.float64).ravel(), numbers[name].ravel()
        if mine.shape != theirs.shape:
            raise ValueError(f"{name}: {mine.size} numbers in place of {theirs.size}")
        off = np.max(np.abs(mine - theirs)) / max(1e-3, np.max(np.abs(theirs)))
        if not off < tolerance:
            raise ValueError(f"{name} differs from rq's by {off:.1e} of its largest value")


def time_calls(call, seconds=1.0, repeats=5):
    """Median seconds of a call, after one that is not counted."""
    call()
    times, begun = [], time.perf_counter()
    while len(times) < repeats or (time.perf_counter() - begun < seconds and len(times) < 100):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        if time.perf_counter() - begun > 60:
            break
    return float(np.median(times))


def fastest(candidates):
    """Of several ways to do the same, by (name, call): the seconds of the fastest, and its name. Each is first tried once."""
    tried = []
    for name, call in candidates:
        tried.append((time_calls(call, 0.2, 2), name, call))
    tried.sort(key=lambda t: t[0])
    return min((time_calls(call), name) for _, name, call in tried[:2])
