"""The ways in which CuPy can run a program: ufuncs with ``out=``, kernels of fused operations, CUDA graphs."""

import threading
from collections.abc import Callable
from typing import Any

import cupy

from xpnn_backends._cublas import Cublas, load_cublas
from xpnn_backends._cuda_kernel import REDUCTIONS
from xpnn_backends._cuda_thin import thin_products_as_sums
from xpnn_backends._cupy_graph import CupyGraph
from xpnn_backends._cupy_kernels import CupyKernels
from xpnn_backends._cupy_replay import CupyLibrary
from xpnn_backends._replay import Replay
from xpnn_backends.compiler import Compiler

__all__ = ["find_compilers"]


class _Handles(threading.local):
    def __init__(self) -> None:
        self.by_device: dict[int, Cublas] = {}


_handles = _Handles()


def find_compilers() -> tuple[Compiler, ...]:
    """Compilers for the current device, the cheapest first. ROCm has no cuBLAS, and CuPy captures no graphs there."""
    if cupy.cuda.runtime.is_hip:
        return (Compiler("replay", 0.0, _replay),)
    # Sums of the kernels have another order than those of the ufuncs, and a training must not depend on a clock: so by
    # itself a network uses kernels alone, from the first step on.
    replay = Compiler("replay", 0.0, _replay, by_name_only=True)
    # NVRTC takes about as long for the kernels of a small network; a graph finds the same ones compiled already.
    return replay, Compiler("fused", 0.0, _fused, is_exact=False), Compiler("graph", 0.05, _graph, is_exact=False)


def _replay(program: Any, schedule: Callable[..., Any]) -> Replay:
    return Replay(schedule(program), CupyLibrary())


def _fused(program: Any, schedule: Callable[..., Any]) -> CupyKernels:
    steps = schedule(thin_products_as_sums(program), frozenset(REDUCTIONS), join_parts=True)
    return CupyKernels(steps, _cublas)


def _graph(program: Any, schedule: Callable[..., Any]) -> CupyGraph:
    return CupyGraph(_fused(program, schedule))


def _cublas() -> Cublas:
    """Handle of this thread on the current device."""
    handles, device = _handles.by_device, cupy.cuda.Device().id
    if device not in handles:
        handles[device] = Cublas(load_cublas(cupy.cuda.runtime.runtimeGetVersion() // 1000))
    return handles[device]
