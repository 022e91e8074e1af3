"""JAX: the whole step compiled, the buffers of parameters and moments donated, on the processor or a GPU."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from peers.problem import Problem, Stage

__all__ = ["Peer", "mean_loss", "place"]

_product = partial(jnp.matmul, precision="highest")
"""In full float32, as the others compute, where a GPU would round the factors."""

_correlation = partial(jax.lax.conv_general_dilated, dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest")


class Peer:
    """A pure step over ``(params, m, v, t)``, with `jax.value_and_grad` and Adam by hand."""

    def __init__(self, problem: Problem, device: str = "cpu") -> None:
        params, self.x, self.y = place(problem, device)
        zeros = [[jnp.zeros_like(p) for p in params] for _ in range(2)]
        self.state = (params, *zeros, jnp.zeros((), jnp.float32, device=self.x.device))
        self.rate, self.stages = problem.learning_rate, problem.stages

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"jax": jax.__version__}

    def step(self) -> Any:
        """One training step."""
        self.state, loss = _step(self.state, self.x, self.y, self.rate, self.stages)
        return loss

    def synchronize(self) -> None:
        """Wait for the last step."""
        jax.block_until_ready(self.state)


def place(problem: Problem, device: str) -> tuple[list[Any], Any, Any]:
    """Parameters, inputs and labels on the first device of that platform."""
    put = partial(jax.device_put, device=jax.devices(device)[0], may_alias=False)
    return [put(part) for layer in problem.layers for part in layer], put(problem.x), put(problem.y.astype("int32"))


def mean_loss(params: list[Any], x: Any, y: Any, stages: Sequence[Stage]) -> Any:
    """Cross-entropy of the network with `params`: weight, bias, weight, ..."""
    parameters = iter(params)
    for stage in stages:
        if stage.kind == "pool":
            window = (1, stage.size, stage.size, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
            continue
        weight, bias = next(parameters), next(parameters)
        if stage.kind == "lstm":
            x = _last_state(x, weight, bias)
            continue
        if stage.kind == "conv":
            x = _correlation(x, weight, (1, 1), [(stage.padding, stage.padding)] * 2) + bias
        else:
            x = _product(x.reshape(len(x), -1), weight) + bias
        x = x if stage is stages[-1] else jax.nn.relu(x)
    return -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(len(y)), y])


def _last_state(x: Any, weight: Any, bias: Any) -> Any:
    """Run an LSTM by `jax.lax.scan`; `weight` has the rows of the inputs before those of the state."""
    recurrent = weight[x.shape[-1] :]
    z = jnp.swapaxes(_product(x, weight[: x.shape[-1]]) + bias, 0, 1)

    def step(states: Any, z: Any) -> Any:
        h, c = states
        i, f, g, o = jnp.split(z + _product(h, recurrent), 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), len(recurrent)), x.dtype)
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), z)
    return h


@partial(jax.jit, donate_argnums=0, static_argnames="stages")
def _step(state: Any, x: Any, y: Any, rate: float, stages: Sequence[Stage]) -> Any:
    params, m, v, t = state
    loss, grads = jax.value_and_grad(mean_loss)(params, x, y, stages)
    t = t + 1
    m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
    scale, root = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
    params = [p - scale * a / (jnp.sqrt(b * root) + 1e-8) for p, a, b in zip(params, m, v, strict=True)]
    return (params, m, v, t), loss
