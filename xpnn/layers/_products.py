"""Weights of convolutions as matrices, and products over all windows; see `xpnn.layers._windows` for *matrix*."""

from math import prod

from xpnn.typing import Array, Namespace, Shape

__all__ = ["channel_sums", "contract", "expand", "rows_of", "weight_of"]


def rows_of(weight: Array, groups: int, xp: Namespace) -> Array:
    """View a weight, (..., in_channels / groups, out_channels), as ([groups], entries, out_channels / groups).

    There is a row for each element of a window: its place, then its channel.
    """
    entries, out_channels = prod(weight.shape[:-1]), weight.shape[-1]
    if groups == 1:
        return xp.reshape(weight, (entries, out_channels))
    return xp.permute_dims(xp.reshape(weight, (entries, groups, out_channels // groups)), (1, 0, 2))


def weight_of(rows: Array, shape: Shape, xp: Namespace) -> Array:
    """Give what is in the order of `rows_of` the `shape` of the weight."""
    return xp.reshape(rows if rows.ndim == 2 else xp.permute_dims(rows, (1, 0, 2)), shape)


def contract(columns: Array, matrix: Array, lead: int, xp: Namespace) -> Array:
    """Sum over all windows of (what a window sees) x (what belongs to it): the gradient of a weight, as `rows_of`."""
    return _sum_lead(columns @ matrix.mT, lead, xp)


def expand(rows: Array, matrix: Array) -> Array:
    """Product of the weight with what belongs to the windows: what it says about each element that they see.

    With a single channel it is an outer product, which NumPy multiplies 3 times faster element by element.
    """
    return rows * matrix if rows.shape[-1] == 1 else rows @ matrix


def channel_sums(matrix: Array, lead: int, xp: Namespace) -> Array:
    """Sum over all windows, for each channel: the gradient of a bias."""
    total = _sum_lead(xp.sum(matrix, axis=-1), lead, xp)
    return xp.reshape(total, (prod(total.shape),))


def _sum_lead(x: Array, lead: int, xp: Namespace) -> Array:
    if not lead:
        return x
    rows, rest = prod(x.shape[:lead]), x.shape[lead:]
    return xp.reshape(xp.sum(xp.reshape(x, (rows, prod(rest))), axis=0), rest)
