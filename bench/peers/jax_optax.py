"""JAX with optax: the whole step compiled, parameters and the optimizer's state donated."""

from typing import Any

import jax
import optax  # type: ignore[import-untyped, unused-ignore]

from peers.jax_jit import mean_loss, place
from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """`jax.value_and_grad` and `optax.adam` in one compiled function."""

    def __init__(self, problem: Problem, device: str = "cpu") -> None:
        params, self.x, self.y = place(problem, device)
        optimizer = optax.adam(problem.learning_rate)
        self.state = (params, jax.device_put(optimizer.init(params), self.x.device))

        def step(state: Any, x: Any, y: Any) -> Any:
            params, moments = state
            loss, grads = jax.value_and_grad(mean_loss)(params, x, y, problem.stages)
            updates, moments = optimizer.update(grads, moments)
            return (optax.apply_updates(params, updates), moments), loss

        self._step = jax.jit(step, donate_argnums=0)

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"jax": jax.__version__, "optax": optax.__version__}

    def step(self) -> Any:
        """One training step."""
        self.state, loss = self._step(self.state, self.x, self.y)
        return loss

    def synchronize(self) -> None:
        """Wait for the last step."""
        jax.block_until_ready(self.state)
