"""Checks of a backend: results have the type of their arguments, and are right to rounding."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from xpnn.context import RunContext
from xpnn.random import Streams
from xpnn.testing._conversions import floats
from xpnn.typing import Backend, HostArray

__all__ = ["arithmetic", "erfc", "promotion"]

_EPS = {"float32": 2.0**-23, "float64": 2.0**-52}


def promotion(backend: Backend) -> Iterator[str]:
    xp = backend.xp
    for name in floats(backend):
        dtype = getattr(xp, name)
        x = backend.asarray([0.5, 2.0], dtype)
        results = {
            "x * 2.0": x * 2.0,
            "1.0 - x": 1.0 - x,
            "x / 3": x / 3,
            "x**2": x**2,
            "maximum(x, 0.0)": xp.maximum(x, 0.0),
            "minimum(x, 1.0)": xp.minimum(x, 1.0),
            "where(x > 1.0, x, 0.0)": xp.where(x > 1.0, x, 0.0),
            "sum(x)": xp.sum(x),
            "mean(x)": xp.mean(x),
            "exp(x) * (1.0 / sum(x))": xp.exp(x) * (1.0 / xp.sum(x)),
            "astype(x > 1.0, dtype)": xp.astype(x > 1.0, dtype),
        }
        for what, result in results.items():
            if result.dtype != dtype:
                yield f"{what} must stay {dtype}, got {result.dtype}."


def arithmetic(backend: Backend) -> Iterator[str]:
    """Compare with NumPy in float64; a product in less than full float32 (TF32, bfloat16) does not pass."""
    xp, rng = backend.xp, np.random.default_rng(0)
    for name in floats(backend):
        a, b = (rng.standard_normal((64, 64)).astype(name) for _ in range(2))
        x, y = (backend.asarray(v, getattr(xp, name)) for v in (a, b))
        exact, other = a.astype(np.float64), b.astype(np.float64)
        pairs: dict[str, tuple[Any, HostArray]] = {
            "x @ y": (x @ y, exact @ other),
            "x.T @ y": (x.T @ y, exact.T @ other),
            "exp(x)": (xp.exp(x), np.exp(exact)),
            "sum(x, axis=0)": (xp.sum(x, axis=0), np.sum(exact, axis=0)),
            "max(x, axis=1, keepdims=True)": (xp.max(x, axis=1, keepdims=True), np.max(exact, axis=1, keepdims=True)),
            "maximum(x, 0.0)": (xp.maximum(x, 0.0), np.maximum(exact, 0.0)),
            "minimum(x, 0.0)": (xp.minimum(x, 0.0), np.minimum(exact, 0.0)),
            "sign(x)": (xp.sign(x), np.sign(exact)),
            "where(x > y, x, y)": (xp.where(x > y, x, y), np.maximum(exact, other)),
        }
        for what, (result, wanted) in pairs.items():
            error = float(np.max(np.abs(backend.to_numpy(result) - wanted)))
            if not error <= 64 * _EPS[name] * float(np.max(np.abs(wanted))):
                yield f"{what} must be exact to rounding in {name}, got an error of {error:.1e}."
        nan = backend.asarray([math.nan], getattr(xp, name))
        for what, result in {
            "maximum": xp.maximum(nan, 0.0),
            "minimum": xp.minimum(nan, 0.0),
            "sign": xp.sign(nan),
        }.items():
            if not np.isnan(backend.to_numpy(result)).all():
                yield f"{what} must keep NaN."


def erfc(backend: Backend) -> Iterator[str]:
    for name in floats(backend):
        points = np.asarray([-6.0, -2.0, -0.3, 0.0, 1e-3, 0.5, 1.0, 2.5, 5.0, 8.0], dtype=name)
        context = RunContext(backend, training=False, streams=Streams(0))
        result = backend.to_numpy(context.erfc(backend.asarray(points, getattr(backend.xp, name))))
        wanted = np.asarray([math.erfc(point) for point in points.tolist()])
        error = float(np.max(np.abs(result - wanted) / wanted))
        if not error <= 512 * _EPS[name]:
            yield f"erfc must be right in its tail in {name}, got a relative error of {error:.1e}."
