"""Checks of a backend: arrays go to the device and come back unchanged, stay there, and are views where promised."""

from collections.abc import Iterator
from typing import Any

import array_api_compat
import numpy as np

from xpnn.backend import float_dtype
from xpnn.errors import BackendError
from xpnn.typing import Backend, HostArray

__all__ = ["device_checks", "floats", "round_trips", "views"]


def round_trips(backend: Backend) -> Iterator[str]:
    grid = np.arange(24.0).reshape(4, 6) - 7.5
    frozen = grid.copy()
    frozen.flags.writeable = False
    for name in floats(backend):
        dtype = getattr(backend.xp, name)
        values = [
            grid,
            grid[::-2, ::3],
            grid.T,
            grid[:0],
            grid[0, 0],
            np.asarray(2.5),
            frozen,
            np.broadcast_to(0.5, (2, 3)),
        ]
        for host in [*values, [[1, 2], [3, 4]], 3.5]:
            wanted = np.asarray(host, dtype=name)
            x = backend.asarray(host, dtype)
            yield from _compare(f"asarray({host!r}, {name})", backend, x, wanted)
            yield from _compare(f"asarray of an own array, {name}", backend, backend.asarray(x, dtype), wanted)
            if x.dtype != dtype:
                yield f"asarray must return dtype {dtype}, got {x.dtype}."
        total = backend.xp.sum(backend.asarray(grid, dtype))
        yield from _compare(f"a sum in {name}", backend, total, np.asarray(grid.sum(), dtype=name))
        counts = backend.asarray(np.asarray([[1, 2], [3, 4]]))
        cast = np.asarray([[1, 2], [3, 4]], dtype=name)
        yield from _compare(f"asarray of own integers, {name}", backend, backend.asarray(counts, dtype), cast)
    special = np.asarray([np.nan, np.inf, -np.inf, -0.0, 1e-30], dtype=np.float32)
    yield from _compare("asarray of NaN and infinities", backend, backend.asarray(special), special)
    for host in (np.asarray([[0, -1, 2**31 - 1]]), np.asarray([True, False])):
        x = backend.asarray(host)
        yield from _compare(f"asarray({host!r})", backend, x, host, same_type=host.dtype.kind == "b")
        if not backend.xp.isdtype(x.dtype, "bool" if host.dtype.kind == "b" else "integral"):
            yield f"asarray of {host.dtype} must keep the kind, got {x.dtype}."


def device_checks(backend: Backend) -> Iterator[str]:
    xp, device = backend.xp, backend.device
    x = backend.asarray(np.ones((2, 2), dtype=np.float32))
    results = {
        "asarray": x,
        "asarray of an own array": backend.asarray(x),
        "x @ x": x @ x,
        "maximum(x, 0.0)": xp.maximum(x, 0.0),
        "zeros_like(x)": xp.zeros_like(x),
        "zeros(..., device=device)": xp.zeros((2,), dtype=x.dtype, device=device),
        "arange(..., device=device)": xp.arange(3, device=device),
        "sum(x)": xp.asarray(xp.sum(x), device=device),
    }
    for what, result in results.items():
        if array_api_compat.device(result) != device:
            yield f"{what} must be on {device}, got {array_api_compat.device(result)}."


def views(backend: Backend) -> Iterator[str]:
    """Where parameters are to be updated in place, slices must be views in both directions."""
    if not getattr(backend, "shares_views", False):
        return
    flat = backend.asarray(np.zeros(8, dtype=np.float32))
    part = backend.xp.reshape(flat[2:6], (2, 2))
    flat += 1.0
    part[...] = part + 1.0
    part *= 2.0
    for what, result, wanted in (("flat", flat, [1, 1, 4, 4, 4, 4, 1, 1]), ("part", part, [[4, 4], [4, 4]])):
        if not np.array_equal(backend.to_numpy(result), wanted):
            yield f"writes must be seen through slices in both directions, got {backend.to_numpy(result)!r} in {what}."


def floats(backend: Backend) -> list[str]:
    """float32, and float64 where the device has it."""
    try:
        float_dtype(backend, "float64")
    except BackendError:
        return ["float32"]
    return ["float32", "float64"]


def _compare(what: str, backend: Backend, x: Any, wanted: HostArray, same_type: bool = True) -> Iterator[str]:
    back = backend.to_numpy(x)
    if not isinstance(back, np.ndarray):
        yield f"to_numpy after {what} must return a NumPy array, got {type(back).__name__}."
    elif back.shape != wanted.shape or (same_type and back.dtype != wanted.dtype):
        yield f"{what} must come back as {wanted.dtype} {wanted.shape}, got {back.dtype} {back.shape}."
    elif not np.array_equal(back, wanted, equal_nan=wanted.dtype.kind == "f"):
        yield f"{what} must come back with its values, got {back!r}."
