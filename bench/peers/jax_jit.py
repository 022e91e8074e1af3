"""JAX: the whole step compiled, the buffers of parameters and moments donated, on the processor or a GPU."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from peers.problem import Problem

__all__ = ["Peer", "mean_loss", "place"]

_product = partial(jnp.matmul, precision="highest")
"""In full float32, as the others compute, where a GPU would round the factors."""


class Peer:
    """A pure step over ``(params, m, v, t)``, with `jax.value_and_grad` and Adam by hand."""

    def __init__(self, problem: Problem, device: str = "cpu") -> None:
        params, self.x, self.y = place(problem, device)
        zeros = [[jnp.zeros_like(p) for p in params] for _ in range(2)]
        self.state = (params, *zeros, jnp.zeros((), jnp.float32, device=self.x.device))
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


def place(problem: Problem, device: str) -> tuple[list[Any], Any, Any]:
    """Parameters, inputs and labels on the first device of that platform."""
    put = partial(jax.device_put, device=jax.devices(device)[0], may_alias=False)
    return [put(part) for layer in problem.layers for part in layer], put(problem.x), put(problem.y.astype("int32"))


def mean_loss(params: list[Any], x: Any, y: Any) -> Any:
    """Cross-entropy of the network with `params`: weight, bias, weight, ..."""
    for i in range(0, len(params) - 2, 2):
        x = jax.nn.relu(_product(x, params[i]) + params[i + 1])
    log_p = jax.nn.log_softmax(_product(x, params[-2]) + params[-1])
    return -jnp.mean(log_p[jnp.arange(len(y)), y])


@partial(jax.jit, donate_argnums=0)
def _step(state: Any, x: Any, y: Any, rate: float) -> Any:
    params, m, v, t = state
    loss, grads = jax.value_and_grad(mean_loss)(params, x, y)
    t = t + 1
    m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
    scale, root = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
    params = [p - scale * a / (jnp.sqrt(b * root) + 1e-8) for p, a, b in zip(params, m, v, strict=True)]
    return (params, m, v, t), loss
