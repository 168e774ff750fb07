import sys

import autograd
import numpy
import pennylane as qml
from pennylane import numpy as np


def expectations(qubits, noisy, gates, words):
    """Expectation values of Pauli words behind the gates."""
    device = qml.device("default.mixed" if noisy else "default.qubit", wires=qubits)

    @qml.qnode(device, interface="autograd", diff_method="backprop")
    def circuit():
        gates()
        return [qml.expval(word) for word in words()]

    return circuit()


def amplitudes(v, first, qubits, zero_is_ground):
    """Values, in order and normalised, as amplitudes of the first qubits; v: [values] or [values][patches]."""
    v = np.reshape(v, (len(v), -1)).T
    v = np.concatenate([v, np.zeros((v.shape[0], 2**first - v.shape[1]))], axis=1)
    square = np.sum(v * v, axis=1, keepdims=True)
    if zero_is_ground:
        ground = numpy.eye(1, v.shape[1])
        v, square = np.where(square > 0, v, ground), np.where(square > 0, square, 1.0)
    state = v / np.sqrt(square)
    qml.StatePrep(state if len(state) > 1 else state[0], wires=range(first))


def step(x):
    return np.where(x >= 0, 1.0, 0.0)


def each(x):
    """Angles, one per patch, beside the two axes of a matrix."""
    return np.reshape(x, np.shape(x) + (1, 1))


def columns(results, maps):
    """[yields][maps] -> [maps][yields]; a result that depends on no value is the same for all."""
    return np.stack([np.ones(maps) * r for r in results], axis=1)


def windows(image, kernel, stride, pad, counts, border=0.0):
    """The pixels of every window: [channels][windows][kernel pixels]; `border` where it reaches over the edge."""
    channels, height, width = image.shape
    index = numpy.full((channels, counts[0] * counts[1], kernel[0] * kernel[1]), -1)
    for w in range(index.shape[1]):
        for k in range(index.shape[2]):
            y = w // counts[1] * stride[0] + k // kernel[1] - pad[0]
            x = w % counts[1] * stride[1] + k % kernel[1] - pad[1]
            if 0 <= y < height and 0 <= x < width:
                index[:, w, k] = (numpy.arange(channels) * height + y) * width + x
    return np.concatenate([np.reshape(image, -1), np.array([border])])[index]  # -1 is the border


def patches(image, kernel, stride, pad, counts, joint):
    """[patches][values]: of each channel in turn, or of all channels together."""
    seen = windows(image, kernel, stride, pad, counts)
    if joint:
        return np.reshape(np.transpose(seen, (1, 0, 2)), (seen.shape[1], -1))
    return np.reshape(seen, (-1, seen.shape[2]))


def fold(results, channels, shape, kernel, stride, pad, counts):
    """Result k of a patch back at pixel k of the patch; the padding is cut off, what no patch covers is 0."""
    (height, width), n = shape, counts[0] * counts[1]
    sources = [[[] for _ in range(height * width)] for _ in range(channels)]
    for c in range(channels):
        for p in range(n):
            for k in range(kernel[0] * kernel[1]):
                y = p // counts[1] * stride[0] + k // kernel[1] - pad[0]
                x = p % counts[1] * stride[1] + k % kernel[1] - pad[1]
                if 0 <= y < height and 0 <= x < width:
                    sources[c][y * width + x].append((c * n + p) * kernel[0] * kernel[1] + k)
    deepest = max(1, max(len(s) for row in sources for s in row))
    flat = np.concatenate([np.reshape(results, -1), np.zeros(1)])  # the last one is the 0 of short lists
    index = numpy.array([[s + [len(flat) - 1] * (deepest - len(s)) for s in row] for row in sources])
    return np.reshape(np.sum(flat[index], axis=2), (channels, height, width))


def conv(x, w, b, stride, pad, counts):
    seen = windows(x, w.shape[2:], stride, pad, counts)
    y = np.einsum("ock,cnk->on", np.reshape(w, (w.shape[0], w.shape[1], -1)), seen)
    return np.reshape(y if b is None else y + b[:, None], (w.shape[0], *counts))


def pool(x, kernel, stride, pad, counts, largest):
    seen = windows(x, kernel, stride, pad, counts, -numpy.inf if largest else 0.0)
    return np.reshape(np.max(seen, axis=2) if largest else np.mean(seen, axis=2), (x.shape[0], *counts))


def norm(x, groups, eps, w=None, b=None):
    """Less the mean and over the deviation of each group of channels; one w and b for each channel, or for each element."""
    rows = np.reshape(x, (groups, -1))
    centred = rows - np.mean(rows, axis=1, keepdims=True)
    y = np.reshape(centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + eps), x.shape)
    if w is None:
        return y
    shape = w.shape + (1,) * (x.ndim - w.ndim)
    return np.reshape(w, shape) * y + np.reshape(b, shape)


def shuffle(x, f, finer):
    c, h, w = x.shape
    if finer:
        x = np.reshape(x, (c // (f * f), f, f, h, w))
        return np.reshape(np.transpose(x, (0, 3, 1, 4, 2)), (c // (f * f), h * f, w * f))
    x = np.reshape(x, (c, h // f, f, w // f, f))
    return np.reshape(np.transpose(x, (0, 2, 4, 1, 3)), (c * f * f, h // f, w // f))


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def cross_entropy(y, t):
    largest = np.max(y)
    return np.sum(t * (largest + np.log(np.sum(np.exp(y - largest))) - y))


def nll(p, t):
    return -np.sum(t * np.log(np.where(t == 0, 1.0, p)))


def mse(y, t):
    return np.mean((y - t) ** 2)


def numbers(text, shape):
    """Doubles, written as hexadecimal digits."""
    return numpy.frombuffer(bytes.fromhex(text), dtype="<f8").reshape(shape).copy()


