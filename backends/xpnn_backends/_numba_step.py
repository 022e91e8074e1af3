"""`NumbaStep`: a schedule whose parts numba compiles; what it cannot compile is replayed between them."""

from collections.abc import Mapping
from typing import Any

import numba
import numpy as np

from xpnn.typing import Array
from xpnn_backends._numba_cache import forget, is_kept, load_text
from xpnn_backends._numba_text import Text
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Part, Replay

__all__ = ["NumbaStep"]


class NumbaStep(Replay):
    """An executor; see `xpnn.typing.Executor`."""

    def __init__(self, printed: Text, library: NumpyLibrary) -> None:
        self._slots = printed.slots
        self._ones = {dtype: np.ones(_longest(printed.schedule), dtype) for dtype in ("float32", "float64")}
        super().__init__(printed.schedule, library, _compile(printed))

    def _table(self, arrays: Mapping[Any, Array]) -> Array:
        """Addresses of all arrays; those of the given ones are written by the parts that look them up here."""
        arrays = {**arrays, **{("ones", dtype): ones for dtype, ones in self._ones.items()}}
        addresses = [0 if key[0] == "given" else arrays[key].ctypes.data for key in self._slots]
        return np.asarray(addresses, dtype=np.int64)


def _longest(schedule: Any) -> int:
    """Length of the longest sum."""
    sums = (node for instruction in schedule.instructions for node in instruction.nodes if node.op == "sum")
    return max((max(node.args[0].shape, default=1) for node in sums), default=1)


def _compile(printed: Text) -> list[Part]:
    """Compile, or read from the cache; what cannot be read is compiled again."""
    try:
        return _compile_or_read(printed)
    except Exception:
        if not is_kept(printed.text):
            raise
        forget(printed.text)
        return _compile_or_read(printed)


def _compile_or_read(printed: Text) -> list[Part]:
    # Without `error_model`, every division is checked for 0, and no loop with one is vectorised. Without `fastmath`,
    # arithmetic is IEEE's: NaN and infinity pass through, and nothing is reordered.
    module, can_keep = load_text(printed.text)
    signature = _signature(printed.schedule.program)
    compiled = numba.njit(signature, cache=can_keep, error_model="numpy", fastmath=False, boundscheck=False)
    return [
        Part(group, compiled(getattr(module, f"part{i}")) if fits else None, threads)
        for i, (group, fits, threads) in enumerate(printed.groups)
    ]


def _signature(program: Any) -> Any:
    types = numba.types
    numbers = types.Array(_kind(program.numbers[0].dtype), 1, "C") if program.numbers else types.none
    given = [types.Array(_kind(node.dtype), node.ndim, "C") for node in program.given]
    return types.void(types.int64[::1], numbers, *given)


def _kind(dtype: str) -> Any:
    return numba.from_dtype(np.dtype(dtype))
