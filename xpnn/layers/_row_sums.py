"""`row_sums`: sums of rows by index without scatter, so that the order of every sum is fixed on every device."""

from xpnn.typing import Array, Context

__all__ = ["row_sums"]

_BLOCK = 32
"""Rows in one product of the sums over sorted rows."""

_FEW = 128
"""Up to this many sums one product with the one-hot rows of the indices is the faster way, measured on NumPy."""


def row_sums(indices: Array, rows: Array, count: int, ctx: Context) -> Array:
    r"""Add up the rows that share an index, by products of matrices alone.

    Parameters
    ----------
    indices : Array, shape (n,)
        Integers; those from `count` on are left out.
    rows : Array, shape (n, width)
        What is added up.
    count : int
        Number of sums.
    ctx : Context
        Namespace and device of the arrays.

    Returns
    -------
    sums : Array, shape (count, width)
        Row `i` is the sum of the rows whose index is `i`.

    Notes
    -----
    For few sums, or few rows, it is the product of the one-hot matrix with the rows. Otherwise the rows are sorted by
    index, running sums within each run of equal indices are formed block by block (a product with a lower triangle in
    which other runs are blanked out), and the last one of each run is taken.
    """
    xp = ctx.xp
    numbers = xp.arange(count, dtype=indices.dtype, device=ctx.backend.device)
    if count <= _FEW or rows.shape[0] <= _BLOCK:
        one_hot = xp.astype(xp.expand_dims(indices, axis=1) == numbers, rows.dtype)
        return xp.matrix_transpose(one_hot) @ rows
    order = xp.argsort(indices)
    keys = xp.take(indices, order, axis=0)
    running = _running_sums(keys, xp.take(rows, order, axis=0), ctx)
    last = xp.searchsorted(keys, numbers, side="right") - 1
    last = xp.where(last < 0, 0, last)
    is_present = xp.expand_dims(xp.take(keys, last, axis=0) == numbers, axis=1)
    return xp.where(is_present, xp.take(running, last, axis=0), 0.0)


def _running_sums(keys: Array, rows: Array, ctx: Context) -> Array:
    """Sums of the rows from the start of each run of equal keys on, of the shape of `rows`, or with more rows."""
    xp, device, (n, width) = ctx.xp, ctx.backend.device, rows.shape
    blocks = -(-n // _BLOCK)
    if n < blocks * _BLOCK:
        missing = blocks * _BLOCK - n
        keys = xp.concat([keys, xp.zeros((missing,), dtype=keys.dtype, device=device)])
        rows = xp.concat([rows, xp.zeros((missing, width), dtype=rows.dtype, device=device)])
    keys = xp.reshape(keys, (blocks, _BLOCK))
    place = xp.arange(_BLOCK, device=device)
    is_earlier = xp.expand_dims(place, axis=1) >= place
    is_same = xp.logical_and(xp.expand_dims(keys, axis=2) == xp.expand_dims(keys, axis=1), is_earlier)
    sums = xp.astype(is_same, rows.dtype) @ xp.reshape(rows, (blocks, _BLOCK, width))
    if blocks > 1:
        ends = keys[:-1, -1]
        carried = xp.expand_dims(_running_sums(ends, sums[:-1, -1, :], ctx)[: blocks - 1, :], axis=1)
        goes_on = xp.expand_dims(keys[1:, :] == xp.expand_dims(ends, axis=1), axis=2)
        sums = xp.concat([sums[:1, :, :], sums[1:, :, :] + xp.where(goes_on, carried, 0.0)])
    return xp.reshape(sums, (blocks * _BLOCK, width))
