"""NumPy on the processor."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from xpnn.typing import Array, DType, HostArray, Namespace
from xpnn_backends._blas_threads import allowed_threads
from xpnn_backends._numba_cache import is_kept
from xpnn_backends._numba_text import print_step
from xpnn_backends._numpy_namespace import NumpyNamespace
from xpnn_backends._numpy_parts import cut
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Part, Replay
from xpnn_backends.compiler import Compiler
from xpnn_backends.unavailable import UnavailableError

__all__ = ["NumpyBackend", "open_backend"]

_XP = NumpyNamespace()


@dataclass(frozen=True)
class NumpyBackend:
    """NumPy arrays in the memory of the host. See `xpnn.typing.Backend`."""

    name: str
    device: Any = "cpu"
    xp: Namespace = _XP
    shares_views: bool = True
    block_size: int = 32768
    no_float16: str = "NumPy computes float16 number by number in software, far slower than float32"
    """Parameters, gradient and both moments of Adam, of this length in float32, fit a cache of 512 KiB."""

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Return `values` as an array; without a copy if it is one of that type already."""
        return np.asarray(values, dtype=dtype)

    def to_numpy(self, x: Array) -> HostArray:
        """Return `x` itself; a scalar, which NumPy's reductions return, as a 0-d array."""
        return np.asarray(x)

    @property
    def compilers(self) -> tuple[Compiler, ...]:
        """Replay with ``out=``, which needs NumPy alone; with numba (``pip install 'xpnn[fast]'``) one function."""
        if self.xp is not _XP:
            return ()  # another namespace means something else than these functions
        # Recording takes about 3 ms. Steps are compiled from the first on: with several threads the last bits of a
        # product depend on their number, which compiled steps set, and a training must not depend on a clock.
        replay = Compiler("replay", 0.0, self._replay)
        fast = Compiler("fast", 2.5, self._fast, _seconds_of_fast)
        return (replay, fast) if find_spec("numba") else (replay,)

    def _fast(self, program: Any, schedule: Any) -> Replay:
        from xpnn_backends._numba_step import NumbaStep

        return NumbaStep(print_step(program, schedule), NumpyLibrary(self.block_size))

    def _replay(self, program: Any, schedule: Any) -> Replay:
        steps = schedule(program)
        parts = [Part(group, None, threads) for group, _, threads in cut(steps.instructions, allowed_threads())]
        return Replay(steps, NumpyLibrary(self.block_size), parts)

    def synchronize(self) -> None:
        """Return at once: NumPy has finished when it returns."""

    def explain(self) -> dict[str, str]:
        """Versions of NumPy and of the library that multiplies its matrices."""
        config: Any = np.show_config(mode="dicts")
        blas = config.get("Build Dependencies", {}).get("blas", {})
        return {"version": np.__version__, "device": "cpu", "blas": f"{blas.get('name')} {blas.get('version')}"}


def _seconds_of_fast(program: Any, schedule: Any) -> float:
    """Say how long numba takes: to read from its cache, or to compile."""
    text = print_step(program, schedule).text
    return 0.5 if is_kept(text) else max(2.5, text.count("\n") / 150)


def open_backend(device: str | None) -> NumpyBackend:
    """Open NumPy; its only device is the processor."""
    if device not in (None, "cpu"):
        raise UnavailableError(f"NumPy has no device {device!r}", cure="Write 'numpy'.")
    _keep_freed_memory()
    return NumpyBackend("numpy" if device is None else "numpy:cpu")


def _keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next array instead of giving it back to the system each time.

    glibc maps blocks above a threshold, at first 128 KiB, afresh, and every page of a fresh block costs a fault when it
    is first written. The threshold rises to the size of the greatest block that was ever freed, up to 32 MiB. So one
    block of that size, never touched and freed at once, spares all later arrays the faults: a step of 2-24-24-7 on 700
    points in float64, whose arrays have 131 KiB, fell from 530 to 220 µs. Other C libraries take no notice.
    """
    np.empty(32 * 2**20 - 2**16, dtype=np.uint8)
