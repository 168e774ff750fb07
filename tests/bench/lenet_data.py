"""LeNet and its quantum twin for other programs: what rq left of one outer step of a distillation, and comparing with it.

A folder holds x.npy, y.npy (1,024 real samples), network/last.safetensors (the first values of the network), before/images.npy and
after/: images, rates and loss of an outer step of plain descent at rate 1, so that their difference is the gradient.
"""
import json
from dataclasses import dataclass

import numpy as np
from works import read_numbers

STEPS, RATE = 3, 0.02
FIRST = np.log(np.expm1(RATE))  # softplus of it is the rate


@dataclass
class OuterStep:
    x: np.ndarray
    y: np.ndarray
    network: dict
    images: np.ndarray
    after: np.ndarray
    rates: np.ndarray
    loss: float

    def compare(self, loss, by_images, by_first, tolerance=2e-3):
        """The peer's loss and gradients (by images and by what the rates are the softplus of); returns how far they are from rq's."""
        want = self.images - self.after
        off = {
            "loss": abs(loss / self.loss - 1),
            "gradient by images": np.max(np.abs(by_images.reshape(want.shape) - want)) / np.max(np.abs(want)),
            "rates": np.max(np.abs(np.log1p(np.exp(FIRST - by_first)) / self.rates - 1)),
        }
        for name, by in off.items():
            if not by < tolerance:
                raise ValueError(f"{name} differs from rq's by {by:.1e}")
        return f"gradient within {off['gradient by images']:.0e}"


def outer_step(folder):
    network = read_numbers(f"{folder}/network/last.safetensors")
    return OuterStep(
        np.load(f"{folder}/x.npy")[:1024].astype(np.float32),
        np.load(f"{folder}/y.npy")[:1024],
        {name: t for name, t in network.items() if not name.startswith("opt/")},
        np.load(f"{folder}/before/images.npy"),
        np.load(f"{folder}/after/images.npy"),
        np.load(f"{folder}/after/rates.npy"),
        json.loads(open(f"{folder}/after/epochs.jsonl").readline())["loss"],
    )
