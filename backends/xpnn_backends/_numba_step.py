"""`NumbaStep`: a schedule whose parts numba compiles; what it cannot compile is replayed between them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numba
import numpy as np

from xpnn.typing import Array
from xpnn_backends._blas_threads import allowed_threads
from xpnn_backends._cblas import find_blas
from xpnn_backends._numba_cache import load_text
from xpnn_backends._numba_plan import APART, can_print
from xpnn_backends._numba_source import PartPrinter
from xpnn_backends._numpy_parts import cut
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Part, Replay
from xpnn_backends._ufunc_loops import find_loop

__all__ = ["NumbaStep", "compile_step"]

_REDUCTIONS = frozenset(("max", "min"))
"""Their order does not matter, so that they may run in the loop of what they reduce."""


class NumbaStep(Replay):
    """An executor; see `xpnn.typing.Executor`."""

    def __init__(self, schedule: Any, library: NumpyLibrary) -> None:
        self._slots = _slots(schedule)
        self._ones = {dtype: np.ones(_longest(schedule), dtype) for dtype in ("float32", "float64")}
        printer = PartPrinter(schedule, self._slots)
        super().__init__(schedule, library, _compile(schedule, printer))

    def _table(self, arrays: Mapping[Any, Array]) -> Array:
        """Addresses of all arrays but the given ones."""
        arrays = {**arrays, **{("ones", dtype): ones for dtype, ones in self._ones.items()}}
        return np.asarray([arrays[key].ctypes.data for key in self._slots], dtype=np.int64)


def compile_step(program: Any, schedule: Any, block_size: int) -> NumbaStep:
    """Compile `program`; see `xpnn_backends.compiler.Compiler`."""
    return NumbaStep(schedule(program, _REDUCTIONS, APART), NumpyLibrary(block_size))


def _slots(schedule: Any) -> dict[Any, int]:
    keys = [("arena", dtype) for dtype in schedule.arenas]
    keys += [("held", i) for i in range(len(schedule.program.held))]
    keys += [("constant", i) for i in range(len(schedule.constants))]
    keys += [("ones", "float32"), ("ones", "float64")]
    return {key: i for i, key in enumerate(keys)}


def _longest(schedule: Any) -> int:
    """Length of the longest sum."""
    sums = (node for ins in schedule.instructions for node in ins.nodes if node.op == "sum")
    return max((max(node.args[0].shape, default=1) for node in sums), default=1)


@cache
def _has_loop(name: str, dtype: str) -> bool:
    found = find_loop(name, dtype)
    return found is not None and not found[1]


def _compile(schedule: Any, printer: PartPrinter) -> list[Part]:
    has_blas = find_blas() is not None
    locations = schedule.locations

    def fits(instruction: Any) -> bool:
        needs_blas = not instruction.is_loop and instruction.nodes[0].op in ("matmul", "sum")
        return (has_blas or not needs_blas) and can_print(instruction, locations, _has_loop)

    groups = cut(schedule.instructions, allowed_threads(), fits)
    functions = [printer.function(f"part{i}", group) if fit else "" for i, (group, fit, _) in enumerate(groups)]
    text = "\n".join([*printer.header(), "", *filter(None, functions)])
    module, can_keep = load_text(text)
    options = {"cache": can_keep, "error_model": "numpy", "fastmath": False, "boundscheck": False}
    signature = _signature(schedule.program)
    parts = []
    for i, (group, fit, threads) in enumerate(groups):
        function = numba.njit(signature, **options)(getattr(module, f"part{i}")) if fit else None
        parts.append(Part(group, function, threads))
    return parts


def _signature(program: Any) -> Any:
    types = numba.types
    numbers = program.numbers[0].dtype if program.numbers else "none"
    kinds = [types.int64[::1], types.none if numbers == "none" else types.Array(_kind(numbers), 1, "C")]
    kinds += [types.Array(_kind(node.dtype), node.ndim, "C") for node in program.given]
    return types.void(*kinds)


def _kind(dtype: str) -> Any:
    return numba.from_dtype(np.dtype(dtype))
