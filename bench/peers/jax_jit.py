"""JAX: the whole step compiled, the buffers of parameters and moments donated."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """A pure step over ``(params, m, v, t)``, with `jax.value_and_grad` and Adam by hand."""

    def __init__(self, problem: Problem) -> None:
        params = [jnp.array(array) for layer in problem.layers for array in layer]
        zeros = [[jnp.zeros_like(p) for p in params] for _ in range(2)]
        self.state = (params, *zeros, jnp.zeros((), jnp.float32))
        self.x, self.y = jnp.array(problem.x), jnp.array(problem.y.astype("int32"))
        self.rate = problem.learning_rate

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"jax": jax.__version__}

    def step(self) -> Any:
        """One training step."""
        self.state, loss = _step(self.state, self.x, self.y, self.rate)
        return loss

    def synchronize(self) -> None:
        """Wait for the last step."""
        jax.block_until_ready(self.state)


def _loss(params: list[Any], x: Any, y: Any) -> Any:
    for i in range(0, len(params) - 2, 2):
        x = jax.nn.relu(x @ params[i] + params[i + 1])
    log_p = jax.nn.log_softmax(x @ params[-2] + params[-1])
    return -jnp.mean(log_p[jnp.arange(len(y)), y])


@partial(jax.jit, donate_argnums=0)
def _step(state: Any, x: Any, y: Any, rate: float) -> Any:
    params, m, v, t = state
    loss, grads = jax.value_and_grad(_loss)(params, x, y)
    t = t + 1
    m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
    scale, root = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
    params = [p - scale * a / (jnp.sqrt(b * root) + 1e-8) for p, a, b in zip(params, m, v, strict=True)]
    return (params, m, v, t), loss
