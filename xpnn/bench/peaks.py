"""`Peaks`: what a backend reaches at best on this machine: products, copies, and small operations."""

import operator
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from xpnn.backend import using
from xpnn.typing import Backend

__all__ = ["Peaks", "measure_peaks"]

_SMALLEST, _GREATEST = 512, 8192
_LONG_ENOUGH = 0.02
"""Seconds from which on the size of a product is not doubled any more."""

_REPEATS = 5
_ELEMENTS = 1 << 24
"""Numbers that are copied: 64 MiB, more than most caches hold."""

_CHAIN = 200


@dataclass(frozen=True, slots=True)
class Peaks:
    """Measured through the backend's own namespace, in float32; the best of some repetitions.

    Attributes
    ----------
    gflops : float
        Product of two large square matrices, in 10**9 FLOP per second.
    gbytes : float
        Memory, in 10**9 bytes per second: the better of copying (read and written) and summing a large array.
    operation_us : float
        Microseconds of one operation on few numbers, in a long row of them.
    size : int
        Rows of the matrices.
    """

    gflops: float
    gbytes: float
    operation_us: float
    size: int

    def attainable(self, intensity: float) -> float:
        """The roofline: 10**9 FLOP per second that `intensity`, in FLOP per byte, allows."""
        return min(self.gflops, intensity * self.gbytes)


def measure_peaks(backend: Backend) -> Peaks:
    """Measure for a second or less."""
    with using(backend):
        gflops, size = _products(backend)
        return Peaks(gflops, _traffic(backend), _operations(backend), size)


def _products(backend: Backend) -> tuple[float, int]:
    """Double the size until one product is long enough to hide its launch."""
    size = _SMALLEST
    while True:
        x = backend.asarray(np.full((size, size), 0.5, dtype=np.float32), backend.xp.float32)
        seconds = _best(backend, partial(operator.matmul, x, x))
        if seconds >= _LONG_ENOUGH or size >= _GREATEST:
            return 2.0 * size**3 / seconds / 1e9, size
        size *= 2


def _traffic(backend: Backend) -> float:
    """Copy into an array that is there already, where arrays can be written: fresh memory costs page faults."""
    x = backend.asarray(np.ones(_ELEMENTS, dtype=np.float32), backend.xp.float32)
    target = backend.xp.asarray(x, copy=True)

    def copy() -> Any:
        if not getattr(backend, "shares_views", False):
            return backend.xp.asarray(x, copy=True)
        target[...] = x
        return target

    read = _best(backend, lambda: backend.xp.sum(x))
    return 1e-9 * _ELEMENTS * max(8.0 / _best(backend, copy), 4.0 / read)


def _operations(backend: Backend) -> float:
    ones = backend.asarray(np.ones((4, 4), dtype=np.float32), backend.xp.float32)

    def chain() -> Any:
        x = ones
        for _ in range(_CHAIN):
            x = x * ones
        return x

    return _middle(backend, chain) / _CHAIN * 1e6


def _best(backend: Backend, work: Callable[[], object]) -> float:
    return min(_seconds(backend, work))


def _middle(backend: Backend, work: Callable[[], object]) -> float:
    return median(_seconds(backend, work))


def _seconds(backend: Backend, work: Callable[[], object]) -> list[float]:
    """Seconds of each repetition, the wait included, after one to warm up."""
    seconds = []
    for _ in range(_REPEATS + 1):
        backend.synchronize()
        start = time.perf_counter()
        kept = work()
        backend.synchronize()
        seconds.append(time.perf_counter() - start)
        del kept
    return seconds[1:]
