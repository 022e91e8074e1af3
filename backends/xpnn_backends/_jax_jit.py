"""`Jit`: a program compiled by `jax.jit`, the memory of what it replaces donated."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xpnn.typing import Array

__all__ = ["Jit"]


class Jit:
    """An executor of `program`; see `xpnn.typing.Executor`."""

    nbytes = 0
    """Working memory is XLA's own affair."""

    def __init__(self, program: Any) -> None:
        replaced = {node for node, _ in program.updates}
        self._is_replaced = [node in replaced for node in program.held]
        self._dtype = program.numbers[0].dtype if program.numbers else "float32"

        def run(replaced: list[Array], kept: list[Array], given: Sequence[Array], numbers: Array) -> Any:
            sources = iter(replaced), iter(kept)
            held = [next(sources[0] if is_replaced else sources[1]) for is_replaced in self._is_replaced]
            # Sliced while it is traced: an index of a traced array would be a gather.
            scalars = [jax.lax.index_in_dim(numbers, i, keepdims=False) for i in range(len(program.numbers))]
            outputs, held = program.evaluate(jnp, partial(getattr, jnp), held, given, scalars, jax.lax.scan)
            return outputs, [array for array, is_new in zip(held, self._is_replaced, strict=True) if is_new]

        self._run = jax.jit(run, donate_argnums=0)
        self._given = [jax.ShapeDtypeStruct(node.shape, node.dtype) for node in program.given]
        self._n_numbers = len(program.numbers)

    def prepare(self, held: Sequence[Array]) -> None:
        """Trace the program; the first run compiles it."""
        self._run.lower(*self._split(held), self._given, np.zeros(self._n_numbers, dtype=self._dtype))

    def run(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> tuple[Any, Any]:
        """Run once. The arrays in `held` that the program replaces must not be used again."""
        parts = self._split(held)
        outputs, new = self._run(*parts, list(given), np.asarray(numbers, dtype=self._dtype))
        if not parts[0]:
            return outputs, held
        fresh = iter(new)
        return outputs, [next(fresh) if r else array for array, r in zip(held, self._is_replaced, strict=True)]

    def _split(self, held: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """Arrays that the program replaces, and the others."""
        parts: tuple[list[Array], list[Array]] = [], []
        for array, is_replaced in zip(held, self._is_replaced, strict=True):
            parts[not is_replaced].append(array)
        return parts
