"""`LayerBench`: a layer with what it takes to run it both ways."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xpnn._tree import map_shapes, map_tree
from xpnn.backend import float_dtype
from xpnn.context import RunContext
from xpnn.random import HostRng, Streams
from xpnn.typing import Array, Backend, HostArray, Layer

__all__ = ["LayerBench"]


class LayerBench:
    """A layer with parameters that are away from their special initial values, and inputs for it."""

    def __init__(
        self, layer: Layer, input_shape: Any, backend: Backend, seed: int, draw: Callable[[Any, int], Any] | None
    ) -> None:
        self.layer, self.input_shape, self.backend, self.seed, self.draw = layer, input_shape, backend, seed, draw
        self.rng = np.random.default_rng(seed)
        self.params, self.state, self.output_shape = layer.init(HostRng(np.random.default_rng(seed)), input_shape)
        self.first = self.params
        self.params = map_tree(lambda a: a + 0.1 * self.rng.standard_normal(a.shape), self.params)

    def run(self, x: Any, training: bool, dtype: str = "float64") -> tuple[Array, Array, Any, Any]:
        ctx = self.context(training)
        params, state = self.tree(self.params, dtype), self.tree(self.state, dtype)
        x = self.tree(x, dtype)
        y, saved, new_state = self.layer.forward(params, state, x, ctx)
        dx, grads = self.layer.backward(params, saved, self.direction(y), ctx)
        return y, dx, grads, new_state

    def forward(self, x: HostArray, params: Any = None, training: bool = True) -> tuple[Array, Any, Any]:
        params = self.tree(self.params if params is None else params)
        return self.layer.forward(params, self.tree(self.state), self.tree(x), self.context(training))

    def inputs(self, batch: int) -> HostArray:
        if self.draw is not None:
            return map_tree(np.array, self.draw(self.rng, batch))
        if isinstance(bound := getattr(self.layer, "index_bound", None), int):
            return self.rng.integers(bound, size=(batch, *self.input_shape))
        return map_shapes(lambda shape: self.rng.standard_normal((batch, *shape)), self.input_shape)

    def transposed(self, x: HostArray) -> Array:
        """The same numbers as a view of an array whose axes are in reverse order."""
        axes = tuple(reversed(range(x.ndim)))
        return self.backend.xp.permute_dims(self.device(np.ascontiguousarray(np.transpose(x, axes))), axes)

    def direction(self, y: Any) -> Any:
        """A fixed upstream gradient for outputs of these shapes."""
        rng = np.random.default_rng(self.seed + 1)
        return map_tree(lambda a: self.backend.asarray(rng.standard_normal(tuple(a.shape)), a.dtype), y)

    def context(self, training: bool = True) -> RunContext:
        return RunContext(self.backend, training, Streams(self.seed))

    def device(self, values: Any, dtype: str = "float64") -> Array:
        """Copy what is on the host, integers as such; what is on the device stays as it is."""
        if not isinstance(values, np.ndarray | np.generic | float):
            return values
        values = np.array(values)
        return self.backend.asarray(values, None if values.dtype.kind == "i" else float_dtype(self.backend, dtype))

    def host(self, x: Array) -> HostArray:
        return self.backend.to_numpy(x)

    def tree(self, tree: Any, dtype: str = "float64") -> Any:
        return map_tree(lambda a: self.device(a, dtype), tree)
