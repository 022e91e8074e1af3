"""Keras on JAX without its training loop: `stateless_call` and `stateless_apply` in one compiled, donated step."""

from typing import Any

import jax
import jax.numpy as jnp

from peers import keras_model
from peers.problem import Problem

__all__ = ["Peer"]


class Peer(keras_model.Peer):
    """The same model; its variables are a state that the step takes and returns."""

    def __init__(self, problem: Problem) -> None:
        if keras_model.backend() != "jax":
            raise RuntimeError(f"KERAS_BACKEND must be 'jax', got {keras_model.backend()!r}.")
        super().__init__(problem)
        model, optimizer = self.model, self.model.optimizer
        optimizer.build(model.trainable_variables)
        variables = (model.trainable_variables, optimizer.variables)
        self.state = tuple([jnp.array(variable.value) for variable in part] for part in variables)
        self.x, self.y = jnp.array(problem.x), jnp.array(problem.y.astype("int32"))

        def mean_loss(params: list[Any], x: Any, y: Any) -> Any:
            return model.loss(y, model.stateless_call(params, [], x, training=True)[0])

        def step(state: Any, x: Any, y: Any) -> Any:
            params, moments = state
            loss, grads = jax.value_and_grad(mean_loss)(params, x, y)
            return optimizer.stateless_apply(moments, grads, params), loss

        self._step = jax.jit(step, donate_argnums=0)

    def step(self) -> Any:
        """One training step."""
        self.state, loss = self._step(self.state, self.x, self.y)
        return loss

    def synchronize(self) -> None:
        """Wait for the last step."""
        jax.block_until_ready(self.state)
