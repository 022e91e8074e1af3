"""Inputs of recurrent layers: the sequence, initial states, the mask; and the order in which rows lie inside."""

from math import prod
from typing import Any

from xpnn.errors import ShapeError
from xpnn.layers._inputs import refuse_nested
from xpnn.typing import Array, Namespace, Shape

__all__ = ["flatten_time", "split_inputs", "split_shapes", "unflatten_time", "valid_steps"]


def split_inputs(x: Any, n_states: int, masked: bool) -> tuple[Array, tuple[Array, ...], Array | None]:
    """Sequence, initial states (none or `n_states`), and mask, from one array or a tuple of these in this order.

    Raises
    ------
    ShapeError
        If there are too many or too few of them.
    """
    parts = x if isinstance(x, tuple) else (x,)
    if len(parts) - 1 - masked not in (0, n_states):
        mask = " and a mask" if masked else ""
        states = "an initial state" if n_states == 1 else f"{n_states} initial states"
        raise ShapeError(f"inputs must be a sequence, {states} or none{mask}, got {len(parts)} arrays.")
    end = len(parts) - masked
    return parts[0], tuple(parts[1:end]), parts[-1] if masked else None


def split_shapes(input_shape: Any, units: int, n_states: int, masked: bool) -> tuple[int, int]:
    """Check the shapes of the inputs, and return (time, features)."""
    several = any(isinstance(part, tuple) for part in input_shape)
    shape, states, mask = split_inputs(input_shape if several else (input_shape,), n_states, masked)
    refuse_nested(input_shape)
    if len(shape) != 2:
        raise ShapeError(f"input must have shape (batch, time, features), got {_with_batch(shape)}.")
    for state in states:
        if state != (units,):
            raise ShapeError(f"initial state must have shape (batch, {units}), got {_with_batch(state)}.")
    if mask is not None and mask != shape[:1]:
        raise ShapeError(f"mask must have shape (batch, {shape[0]}), got {_with_batch(mask)}.")
    return int(shape[0]), int(shape[1])


def valid_steps(x: Array, mask: Array | None, mask_value: float | None, xp: Namespace) -> Array | None:
    """Where a step counts, shape (time, batch, 1), or None if all do."""
    if mask is not None:
        return xp.permute_dims(mask != 0, (1, 0))[..., None]
    if mask_value is None:
        return None
    differs = xp.astype(x != mask_value, x.dtype)
    return xp.permute_dims(xp.max(differs, axis=-1), (1, 0))[..., None] != 0


def flatten_time(x: Array, xp: Namespace) -> Array:
    """Rows in the order of time, shape (time * batch, features), of a sequence of shape (batch, time, features)."""
    return xp.reshape(xp.permute_dims(x, (1, 0, 2)), (prod(x.shape[:2]), x.shape[2]))


def unflatten_time(rows: Array, time: int, xp: Namespace) -> Array:
    """Reverse of `flatten_time`."""
    return xp.permute_dims(xp.reshape(rows, (time, rows.shape[0] // time, rows.shape[1])), (1, 0, 2))


def _with_batch(shape: Shape) -> str:
    return f"({', '.join(['batch', *map(str, shape)])}{',' if not shape else ''})"
