"""The boundary: arrays of any library become arrays of the network, converted and checked once."""

from typing import Any

import numpy as np

from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ShapeError
from xpnn.losses import Loss
from xpnn.training.batches import Batch
from xpnn.training.weights import Weights
from xpnn.typing import Array, HostArray, Shape

__all__ = ["ingest_batch", "ingest_inputs", "ingest_targets", "ingest_weights", "sample_shape"]


def ingest_inputs(x: Any, weights: Weights, input_shape: Shape, finite: bool = False) -> Array:
    """Bring inputs to the device in the network's dtype; `x` must have shape (batch, *input_shape).

    If the layers want indices (see `index_bound` of `xpnn.typing.Layer`), these are checked and become int32.

    Raises
    ------
    ShapeError, ArgumentError
        If the shape is another, the values are no numbers, no indices of the first layer, or a host array is to be
        `finite` and is not.
    """
    x = _as_numbers("x", x, weights)
    if tuple(x.shape[1:]) != input_shape or x.ndim == 0:
        wanted = "".join(f", {n}" for n in input_shape) or ","
        raise ShapeError(f"x must have shape (batch{wanted}), got {tuple(x.shape)}.")
    bound = getattr(weights.layer, "index_bound", None)
    if bound is not None:
        return _ingest_indices("x", x, bound, weights)
    if finite and isinstance(x, np.ndarray):
        with np.errstate(over="ignore"):
            x = x.astype(weights.host_dtype, copy=False)
        _refuse_non_finite(x)
    return weights.backend.asarray(x, weights.dtype)


def ingest_targets(y: Any, x: Array, loss: Loss, weights: Weights, output_shape: Shape) -> Array:
    """Check targets on the host and bring them to the device; integers stay integers, reals get the network's dtype.

    Arrays that are on the device already are trusted: reading their values would wait for the device.

    Raises
    ------
    ShapeError, ArgumentError
        If they do not fit the loss and the outputs: one sentence that names ``y``.
    """
    y = _as_numbers("y", y, weights, allow_text=True)
    if y.ndim == 0 or y.shape[0] != x.shape[0]:
        raise ShapeError(f"y must have {x.shape[0]} rows like x, got shape {tuple(y.shape)}.")
    if isinstance(y, np.ndarray):
        y = loss.check_targets(y, output_shape)
        return weights.backend.asarray(y, None if y.dtype.kind in "iu" else weights.dtype)
    is_integer = weights.backend.xp.isdtype(y.dtype, "integral")
    return y if is_integer else weights.backend.asarray(y, weights.dtype)


def ingest_weights(sample_weight: Any, x: Array, weights: Weights) -> Array | None:
    """Bring sample weights, shape (batch,), to the device.

    Raises
    ------
    ShapeError, ArgumentError
        If there is not one for each sample, or a host value is negative or not finite.
    """
    if sample_weight is None:
        return None
    values = _as_numbers("sample_weight", sample_weight, weights)
    if tuple(values.shape) != (x.shape[0],):
        raise ShapeError(f"sample_weight must have shape ({x.shape[0]},), got {tuple(values.shape)}.")
    if isinstance(values, np.ndarray) and values.size and not 0 <= values.min() <= values.max() < np.inf:
        raise ArgumentError(f"sample_weight must hold finite numbers of at least 0, got {_first_bad(values)!r}.")
    return weights.backend.asarray(values, weights.dtype)


def ingest_batch(learner: Any, x: Any, y: Any, sample_weight: Any = None) -> Batch:
    """Check one batch on the host and bring it to the device.

    Raises
    ------
    ShapeError, ArgumentError
        As above.
    """
    weights = learner.weights
    x = ingest_inputs(x, weights, learner.input_shape, finite=True)
    y = ingest_targets(y, x, learner.loss, weights, learner.output_shape)
    return Batch(x, y, ingest_weights(sample_weight, x, weights))


def sample_shape(x: Any) -> Shape:
    """Shape of one sample of `x`, an array of any library or a nested sequence."""
    shape = tuple(x.shape) if hasattr(x, "shape") else np.shape(to_host(x, "x"))
    if not shape:
        raise ShapeError("x must have shape (batch, ...), got ().")
    return tuple(int(n) for n in shape[1:])


def _as_numbers(name: str, values: Any, weights: Weights, allow_text: bool = False) -> Array | HostArray:
    """Let arrays of the network's own library through, and bring all else to the host."""
    if type(values) is not np.ndarray:
        if type(values) is type(weights.flat):
            return values
        values = to_host(values, name)
    if values.dtype.kind not in "biuf" and not (allow_text and values.dtype.kind in "USO"):
        raise ArgumentError(f"{name} must hold real numbers, got an array of dtype {values.dtype}.")
    return values


def _ingest_indices(name: str, x: Array | HostArray, bound: int, weights: Weights) -> Array:
    """Bring whole numbers from 0 to `bound` - 1 to the device; only the type of an array that is there is looked at."""
    backend = weights.backend
    if isinstance(x, np.ndarray):
        is_bad = ~((x >= 0) & (x < bound) & (x == np.floor(x))) if x.dtype.kind == "f" else (x < 0) | (x >= bound)
        if is_bad.any():
            raise ArgumentError(f"{name} must hold integers from 0 to {bound - 1}, got {x[is_bad][0].item()!r}.")
    elif not backend.xp.isdtype(x.dtype, "integral"):
        raise ArgumentError(f"{name} must hold integers from 0 to {bound - 1}, got an array of dtype {x.dtype}.")
    return backend.asarray(x, backend.xp.int32)


def _first_bad(values: HostArray) -> float:
    return float(values[~(np.isfinite(values) & (values >= 0))][0])


def _refuse_non_finite(x: HostArray) -> None:
    """Refuse NaN and infinity, which would make every parameter NaN."""
    if not np.isfinite(x).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ArgumentError(f"x must hold finite numbers, got {float(x[index])!r} at index {index}.")
