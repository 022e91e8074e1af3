"""The boundary: arrays of any library become arrays of the network, converted and checked once.

Over 150 lines: a check for each way in which data may be wrong.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ShapeError
from xpnn.losses import Loss
from xpnn.training.batches import Batch
from xpnn.training.ports import as_parts, as_weight_parts, refuse_other_rows, rows
from xpnn.training.weights import Weights
from xpnn.typing import Array, HostArray, Shape

__all__ = ["ingest_batch", "ingest_inputs", "ingest_targets", "ingest_weights", "sample_shape"]


def ingest_inputs(x: Any, weights: Weights, input_shape: Any, finite: bool = False) -> Any:
    """Bring inputs to the device in the network's dtype; `x` must have shape (batch, *input_shape).

    If the layers want indices (see `index_bound` of `xpnn.typing.Layer`), these are checked and become int32. Where
    `input_shape` is a tuple of shapes, `x` is a tuple or a mapping of arrays, and the result is a tuple.

    Raises
    ------
    ShapeError, ArgumentError
        If the shape is another, the values are no numbers, no indices of the first layer, or a host array is to be
        `finite` and is not.
    """
    if type(x) is dict or (input_shape and type(input_shape[0]) is tuple):
        x = as_parts("x", x, weights.input_names)
        if len(weights.input_names) > 1:
            return _ingest_parts(x, weights, input_shape, finite)
    bound = getattr(weights.layer, "index_bound", None)
    return _ingest_input("x", x, weights, input_shape, finite, bound)


def _ingest_parts(x: tuple[Any, ...], weights: Weights, shapes: Any, finite: bool) -> tuple[Array, ...]:
    names = weights.input_names
    bounds = getattr(weights.layer, "index_bound", None) or (None,) * len(names)
    given = zip(names, x, shapes, bounds, strict=True)
    parts = tuple([_ingest_input(f"x[{name!r}]", part, weights, shape, finite, b) for name, part, shape, b in given])
    refuse_other_rows("x", parts, names)
    return parts


def _ingest_input(name: str, x: Any, weights: Weights, input_shape: Shape, finite: bool, bound: int | None) -> Array:
    x = _as_numbers(name, x, weights)
    if tuple(x.shape[1:]) != input_shape or x.ndim == 0:
        wanted = "".join(f", {n}" for n in input_shape) or ","
        raise ShapeError(f"{name} must have shape (batch{wanted}), got {tuple(x.shape)}.")
    if bound is not None:
        return _ingest_indices(name, x, bound, weights)
    if finite and isinstance(x, np.ndarray):
        with np.errstate(over="ignore"):
            x = x.astype(weights.host_dtype, copy=False)
        _refuse_non_finite(name, x)
    return weights.backend.asarray(x, weights.dtype)


def ingest_targets(y: Any, x: Any, loss: Loss, weights: Weights, output_shape: Any) -> Any:
    """Check targets on the host and bring them to the device; integers stay integers, reals get the network's dtype.

    Arrays that are on the device already are trusted: reading their values would wait for the device. Where
    `output_shape` is a tuple of shapes, `y` is a tuple or a mapping of arrays, and the result is a tuple.

    Raises
    ------
    ShapeError, ArgumentError
        If they do not fit the loss and the outputs: one sentence that names ``y``.
    """
    if type(y) is dict or (output_shape and type(output_shape[0]) is tuple):
        y = as_parts("y", y, weights.output_names)
        if len(weights.output_names) > 1:
            return _ingest_target_parts(y, x, loss, weights, output_shape)
    return _ingest_target(y, x, loss, weights, output_shape)


def _ingest_target_parts(y: Any, x: Any, loss: Any, weights: Weights, shapes: Any) -> tuple[Array, ...]:
    parts = []
    for name, part, inner, shape in zip(weights.output_names, y, loss.losses, shapes, strict=True):
        with _check.inside(f"output {name!r}"):
            parts.append(_ingest_target(part, x, inner, weights, shape))
    return tuple(parts)


def _ingest_target(y: Any, x: Any, loss: Loss, weights: Weights, output_shape: Shape) -> Array:
    y = _as_numbers("y", y, weights, allow_text=True)
    n = rows(x)
    if y.ndim == 0 or y.shape[0] != n:
        raise ShapeError(f"y must have {n} rows like x, got shape {tuple(y.shape)}.")
    if isinstance(y, np.ndarray):
        y = loss.check_targets(y, output_shape)
        return weights.backend.asarray(y, None if y.dtype.kind in "iu" else weights.dtype)
    is_integer = weights.backend.xp.isdtype(y.dtype, "integral")
    return y if is_integer else weights.backend.asarray(y, weights.dtype)


def ingest_weights(sample_weight: Any, x: Any, weights: Weights) -> Any:
    """Bring sample weights, shape (batch,), to the device; a tuple of them if outputs have weights of their own.

    Raises
    ------
    ShapeError, ArgumentError
        If there is not one for each sample, or a host value is negative or not finite; or an output is unknown.
    """
    parts = as_weight_parts(sample_weight, weights.output_names)
    if type(parts) is not tuple:
        return None if parts is None else _ingest_weight("sample_weight", parts, rows(x), weights)
    names, ones = weights.output_names, np.ones(rows(x))
    return tuple(
        [
            _ingest_weight(f"sample_weight[{name!r}]", ones if part is None else part, rows(x), weights)
            for name, part in zip(names, parts, strict=True)
        ]
    )


def _ingest_weight(name: str, values: Any, n: int, weights: Weights) -> Array:
    values = _as_numbers(name, values, weights)
    if tuple(values.shape) != (n,):
        raise ShapeError(f"{name} must have shape ({n},), got {tuple(values.shape)}.")
    if isinstance(values, np.ndarray) and values.size and not 0 <= values.min() <= values.max() < np.inf:
        raise ArgumentError(f"{name} must hold finite numbers of at least 0, got {_first_bad(values)!r}.")
    return weights.backend.asarray(values, weights.dtype)


def ingest_batch(learner: Any, x: Any, y: Any, sample_weight: Any = None, finite: bool = True) -> Batch:
    """Check one batch on the host and bring it to the device; `finite` is as for `ingest_inputs`.

    Raises
    ------
    ShapeError, ArgumentError
        As above, or if there is no sample.
    """
    weights = learner.weights
    x = ingest_inputs(x, weights, learner.input_shape, finite)
    if rows(x) == 0:
        raise ArgumentError("x must hold at least one sample, got none.")
    y = ingest_targets(y, x, learner.loss, weights, learner.output_shape)
    return Batch(x, y, ingest_weights(sample_weight, x, weights))


def sample_shape(x: Any, names: tuple[str, ...] = ()) -> Any:
    """Shape of one sample of `x`, an array of any library or a nested sequence; or of each of the inputs `names`."""
    if names and (len(names) > 1 or isinstance(x, Mapping)):
        x = as_parts("x", x, names)
        if len(names) > 1:
            return tuple([_sample_shape(f"x[{name!r}]", part) for name, part in zip(names, x, strict=True)])
    return _sample_shape("x", x)


def _sample_shape(name: str, x: Any) -> Shape:
    shape = tuple(x.shape) if hasattr(x, "shape") else np.shape(to_host(x, name))
    if not shape:
        raise ShapeError(f"{name} must have shape (batch, ...), got ().")
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


def _refuse_non_finite(name: str, x: HostArray) -> None:
    """Refuse NaN and infinity, which would make every parameter NaN."""
    if not np.isfinite(x).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ArgumentError(f"{name} must hold finite numbers, got {float(x[index])!r} at index {index}.")
