"""`./dev bench`: rq and its peers on the same works, one table of ratios.

    python run.py RQ [--works a,b] [--peers jax,pennylane] [--limit SECONDS] [--list MISSING-PEERS]

Every peer runs in a process of its own; what takes longer than the limit is said to. Ratios are of the seconds of the fastest form
of any peer to those of rq in the engine that its cost model chooses.
"""
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from works import WORKS

HERE = Path(__file__).resolve().parent
FORMS = {
    "jax": ["state", "unitary", "transfer", "products"],
    "pennylane": ["jax", "torch", "lightning"],
    "tensorcircuit": ["jax"],
    "torchquantum": ["batched"],
    "torch": [],
}
DQNN = {"dqnn-1-2-1": "1,2,1", "dqnn-2-3-2": "2,3,2", "dqnn-3-3-3": "3,3,3"}
OUTER = {"distill-lenet": "LeNet", "distill-qlenet": "QLeNet"}
GOALS = {"lenet-step": 0.83, "distill-qlenet": 3, "dqnn-2-3-2": 8, "4q-d4-grad": 50, "4q-d4-forward": 40, "4q-d1-grad": 150, "9q-d1-grad": 500, "9q-d4-grad": 25,
         "10q-d2-grad": 10, "16q-d4-state": 3, "20q-d4-state": 3, "resqunn-step": 25, "first-step": 20, "epoch": 15}

OUTER_STEP = """use lenets;
data one = npy(input: "x.npy", target: "y.npy", train: 1024, test: 32);
data eight = npy(input: "x8.npy", target: "y8.npy", train: 8192, test: 32);
train network { model: MODEL; data: one; loss: cross_entropy; optimizer: sgd(rate: 1e-30); rounds: 1; seed: 1; }
distill outer { model: MODEL; data: one; inner_epochs: 3; rate: 0.02; epochs: 1; batch: 1024; outer: sgd(rate: 1); seed: 1;
                baselines: none; full_epochs: 0; }
distill many { model: MODEL; data: eight; inner_epochs: 3; rate: 0.02; epochs: 6; batch: 1024; outer: sgd(rate: 1e-30); seed: 1;
               baselines: none; full_epochs: 0; }
"""


def write_samples(folder):
    """1,024 training samples, once and eight times over, and 32 test samples: times do not depend on what the images show."""
    draw = np.random.default_rng(1)
    x, y = draw.standard_normal((1056, 1, 28, 28)).astype(np.float32), draw.integers(0, 10, 1056)
    for name, values in (("x", x), ("y", y)):
        np.save(folder / f"{name}.npy", values)
        np.save(folder / f"{name}8.npy", np.concatenate([values[:1024]] * 8 + [values[1024:]]))


def fits(peer, form, work):
    """Which forms are for which works."""
    if form == "lightning":
        return work.last or work.qubits == 4 and work.kind == "gradient"
    if work.last:
        return (peer, form) == ("jax", "state") and work.qubits <= 16
    if work.kind == "step":
        return peer == "jax" and form in ("unitary", "transfer")
    if form == "products":
        return work.depth == 1
    if form == "transfer":
        return work.qubits == 4
    return True


def run(command, limit, env=None, folder=HERE):
    """Seconds and output of a process, or what went wrong."""
    start = time.perf_counter()
    try:
        p = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired:
        return None, f"no result in {limit} s"
    if p.returncode:
        return None, (p.stderr.strip().splitlines() or ["failed"])[-1]
    return time.perf_counter() - start, p.stdout


class Bench:
    def __init__(self, options):
        self.o, self.rows = options, []
        self.work = Path(tempfile.mkdtemp(prefix="rq-bench-"))
        self.numbers = self.work / "numbers.safetensors"

    def rq(self, name):
        """Seconds of the engine that the costs choose, and how."""
        _, text = run([self.o.rq, "bench", name, "--engine", "auto", "--json"], self.o.limit)
        rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        rows = [r for r in rows if r.get("chosen")]
        return (rows[0]["seconds"], f"{rows[0]['engine']}, {100 * rows[0]['share_of_peak']:.0f}% of peak") if rows else (None, text.strip())

    def peer(self, peer, form, name):
        _, text = run([sys.executable, "measure.py", peer, form, name, str(self.numbers)], self.o.limit,
                      {"OMP_NUM_THREADS": "2" if WORKS[name].last else "1"})
        try:
            r = json.loads(text.splitlines()[-1])
        except (ValueError, IndexError):
            return None, text
        return r.get("seconds"), r.get("how", r.get("error"))

    def add(self, name, count, mine, peers):
        self.rows.append((name, count, mine, peers))
        print_work(name, count, mine, peers)

    def works(self):
        for name, work in WORKS.items():
            if self.o.works and name not in self.o.works:
                continue
            _, why = run([self.o.rq, "bench", name, "--export", str(self.numbers)], self.o.limit)
            if _ is None:
                self.add(name, work.circuits, (None, why), [])
                continue
            peers = [(f"{p} {f}", self.peer(p, f, name)) for p in self.o.peers for f in FORMS[p] if fits(p, f, work)]
            self.add(name, work.circuits, self.rq(name), peers)

    def whole(self, name, action, form, read):
        """What is measured as a process: of rq the action, of JAX the script."""
        if self.o.works and name not in self.o.works:
            return
        out = self.work / name
        took, text = run([self.o.rq, "train", str(HERE / "resqunn.rq"), "--action", action, "--json", "--out", str(out)], self.o.limit,
                         {"XDG_CACHE_HOME": str(self.work / "cache")})
        mine = (read(took, text), "whole process" if form == "first" else "") if took else (None, text)
        peers = []
        for f in ("unitary", "transfer") if "jax" in self.o.peers else ():
            took, text = run([sys.executable, "process_jax.py", form, f], self.o.limit)
            peers.append((f"jax {f}", ((took if form == "first" else float(text)) if took else None, "" if took else text)))
        self.add(name, 1, mine, peers)

    def dqnn(self, name, widths):
        """A round of Beer et al.'s training, 10 pairs, f64. rq is measured before and after the peer."""
        if self.o.works and name not in self.o.works:
            return
        folder = self.work / name
        folder.mkdir()
        layers = "".join(f"layer l{i} = dissipative({w}, perceptron: any);  " for i, w in enumerate(widths.split(",")[1:], 1))
        (folder / "model.rq").write_text(
            "circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }\n"
            'data pairs = states(input: "input.npy", target: "target.npy");\n'
            f"model M {{ input psi: state[{widths[0]}];  {layers}output l{widths.count(',')}; }}\n"
            "train learn { model: M;  data: pairs;  loss: infidelity;  optimizer: matrix_step(eta: 1, epsilon: 0.1);  rounds: 500; }\n")
        took, why = run([sys.executable, str(HERE.parent / "reference/beer.py"), widths, "10", "30", "1", "0.1", "5"], self.o.limit, folder=folder)
        mine, why = self.rounds(folder, "first") if took else (None, why)
        if not mine:
            return self.add(name, 1, (None, why), [])
        peers = []
        for form in ("plain", "density", "pure") if "jax" in self.o.peers else ():
            _, text = run([sys.executable, "dqnn_jax.py", form, str(folder), widths, "1", "0.1"], self.o.limit)
            r = json.loads(text.splitlines()[-1]) if text.startswith("{") else {"how": text}
            peers.append((f"jax {form}", (r.get("seconds"), r["how"])))
        again, _ = self.rounds(folder, "second")
        self.add(name, 1, (min(mine, again), "f64, one thread, median of 500 rounds"), peers)

    def rounds(self, folder, out):
        """Median seconds of a round; the fidelity before each of the first 31 goes into costs.json, and has to be beer.py's."""
        took, text = run([self.o.rq, "train", "model.rq", "--init", "init.safetensors", "--threads", "1", "--json", "--out", out],
                         self.o.limit, folder=folder)
        if not took:
            return None, text
        epochs = [e for e in map(json.loads, text.splitlines()) if e["event"] == "epoch"]
        costs = [1 - e["loss"] for e in epochs[:31]]
        want = [float(x) for x in (folder / "cost.txt").read_text().split()]
        if max(abs(a - b) for a, b in zip(costs, want)) > 1e-9:
            return None, "the cost of a round differs from beer.py's"
        (folder / "costs.json").write_text(json.dumps(costs))
        return sorted(e["seconds"] for e in epochs)[len(epochs) // 2], ""

    def timed(self, command):
        """Seconds and how of a program that prints them as JSON, on two threads."""
        _, text = run([sys.executable, *command], self.o.limit, {"OMP_NUM_THREADS": "2"})
        r = json.loads(text.splitlines()[-1]) if text.startswith("{") else {"how": text}
        return r.get("seconds"), r["how"]

    def lenet_step(self):
        name = "lenet-step"
        if self.o.works and name not in self.o.works:
            return
        run([self.o.rq, "bench", name, "--export", str(self.numbers)], self.o.limit)
        peers = [("torch", self.timed(["lenet_torch.py", "step", str(self.numbers)]))] if "torch" in self.o.peers else []
        self.add(name, 1, self.rq(name), peers)

    def outer_step(self, name, model):
        """An outer step of distilling MNIST-like images, by rq, classical LeNet in PyTorch and quantum LeNet in JAX."""
        if self.o.works and name not in self.o.works:
            return
        folder = self.work / name
        folder.mkdir()
        try:
            write_samples(folder)
            shutil.copy(HERE.parent.parent / "examples/qlenet/lenets.rq", folder)
            (folder / "model.rq").write_text(OUTER_STEP.replace("MODEL", model))
            rq = lambda *words: self.checked([self.o.rq, *words, "--threads", "2", "--json"], folder)
            rq("train", "model.rq", "--out", "network")
            rq("distill", "model.rq", "--action", "outer", "--out", "after")
            rq("distill", "model.rq", "--action", "outer", "--set", "outer.outer=sgd(rate: 1e-30)", "--out", "before")
            text = rq("distill", "model.rq", "--action", "many", "--out", "many")
        except RuntimeError as e:
            return self.add(name, 1, (None, str(e)), [])
        ends = [e["seconds"] for e in map(json.loads, text.splitlines()) if e["event"] == "distill_epoch"]
        each = sorted(b - a for a, b in zip(ends, ends[1:]))
        peers = []
        if model == "LeNet" and "torch" in self.o.peers:
            peers.append(("torch", self.timed(["lenet_torch.py", "distill", str(folder)])))
        for form in ("state", "unitary") if model == "QLeNet" and "jax" in self.o.peers else ():
            peers.append((f"jax {form}", self.timed(["qlenet_jax.py", form, str(folder)])))
        self.add(name, 1, (each[len(each) // 2] / 8, "f32, two threads, an eighth of the median epoch of 8 steps"), peers)

    def checked(self, command, folder):
        took, text = run(command, self.o.limit, folder=folder)
        if not took:
            raise RuntimeError(text)
        return text

    def all(self):
        self.works()
        self.lenet_step()
        for name, model in OUTER.items():
            self.outer_step(name, model)
        for name, widths in DQNN.items():
            self.dqnn(name, widths)
        self.whole("first-step", "step", "first", lambda took, text: took)
        epochs = lambda text: [json.loads(line) for line in text.splitlines() if '"epoch"' in line]
        self.whole("epoch", "epoch", "epoch", lambda took, text: min(e["seconds"] for e in epochs(text) if e["event"] == "epoch"))
        shutil.rmtree(self.work, ignore_errors=True)


def text_of(seconds, count):
    if seconds is None:
        return "-"
    return f"{count / seconds:.2g}/s" if count > 1 else f"{1e3 * seconds:.3g} ms"


def best_of(peers):
    times = [(s, name) for name, (s, _) in peers if s]
    return min(times) if times else (None, "-")


def print_work(name, count, mine, peers):
    print(f"{name}\n  {'rq':22} {text_of(mine[0], count):>12}  {mine[1] or ''}")
    for peer, (seconds, how) in peers:
        print(f"  {peer:22} {text_of(seconds, count):>12}  {how or ''}")
    sys.stdout.flush()


def print_table(rows):
    print("\n| work | rq | best peer | of | ratio | goal |\n|---|--:|--:|---|--:|--:|")
    for name, count, (mine, _), peers in rows:
        best, who = best_of(peers)
        ratio = f"{best / mine:.3g}" if best and mine else "-"
        print(f"| {name} | {text_of(mine, count)} | {text_of(best, count)} | {who} | {ratio} | {GOALS.get(name, '')} |")


def main():
    p = argparse.ArgumentParser()
    words = lambda text: text.split(",")
    p.add_argument("rq", type=lambda text: str(Path(text).resolve()))
    p.add_argument("--works", type=words, default=[])
    p.add_argument("--peers", type=words, default=list(FORMS))
    p.add_argument("--limit", type=float, default=300)
    o = p.parse_args()
    known = list(WORKS) + ["lenet-step"] + list(OUTER) + list(DQNN) + ["first-step", "epoch"]
    for given, names in ((o.works, known), (o.peers, FORMS)):
        for name in given:
            if name not in names:
                sys.exit(f"bench: no '{name}'; there are {', '.join(names)}")
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{cpu}, {len(os.sched_getaffinity(0))} threads, load {os.getloadavg()[0]:.1f}\n")
    b = Bench(o)
    b.all()
    print_table(b.rows)


main()
