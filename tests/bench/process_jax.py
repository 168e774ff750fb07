"""Whole processes in JAX, the circuits as matrices made once per step: `first` = one training step of batch 64 and out;
`epoch` = prints the seconds of an epoch over 60,000 images in batches of 32, compiled before, one scan over the batches."""
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import peer_jax
from works import WORKS

work = WORKS["resqunn-step"]
random = np.random.default_rng(1)
parameters = peer_jax.resqunn_parameters({
    "q1.theta": random.uniform(0, 2 * np.pi, (4, 4, 2)), "q2.theta": random.uniform(0, 2 * np.pi, (1, 4, 2)),
    "head.w": random.uniform(-1 / 28, 1 / 28, (10, 784)), "head.b": np.zeros(10)})
state = peer_jax.start_state(parameters)


def images(n):
    x = jnp.asarray(random.random((n, 784)), jnp.float32)
    return x, jax.nn.one_hot(random.integers(0, 10, n), 10)


def step(state, batch):
    return peer_jax.resqunn_step(peer_jax.FORMS[sys.argv[2]], work, state, *batch)


if sys.argv[1] == "first":
    jax.block_until_ready(jax.jit(step)(state, images(64)))
else:
    x, y = images(60000)
    batches = x.reshape((-1, 32, 784)), y.reshape((-1, 32, 10))
    epoch = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches))
    jax.block_until_ready(epoch(state, batches))
    start = time.perf_counter()
    jax.block_until_ready(epoch(state, batches))
    print(time.perf_counter() - start)
