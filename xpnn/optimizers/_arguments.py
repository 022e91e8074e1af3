"""Checks of what `Optimizer.update` is given: nothing may broadcast or promote the parameters."""

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from xpnn.errors import ArgumentTypeError, ShapeError
from xpnn.typing import Array

__all__ = ["as_function", "check_alike", "plain"]


def check_alike(p: Array, arrays: Mapping[str, Array]) -> None:
    """Refuse arrays that have not the shape and the dtype of `p`; nothing is read from the device."""
    for name, array in arrays.items():
        if tuple(array.shape) != tuple(p.shape):
            raise ShapeError(f"{name} must have shape {tuple(p.shape)}, got {tuple(array.shape)}.")
        if array.dtype != p.dtype:
            raise ArgumentTypeError(f"{name} must have dtype {p.dtype}, got {array.dtype}.")


def as_function(p: Array, gradient: Array | Callable[[Array], Array], is_enough: bool) -> Callable[[Array], Array]:
    """Return a function of the parameters; an array will do where `is_enough` says that the gradient at `p` is."""
    if callable(gradient):
        return gradient
    if not is_enough:
        raise ArgumentTypeError("gradient must be a function of the parameters for this optimizer, got an array.")
    check_alike(p, {"gradient": gradient})
    return lambda _: gradient


def plain(value: Any) -> Any:
    """Turn NumPy's scalars, which promote float32, into Python's, which do not; let arrays and tracers through."""
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value
