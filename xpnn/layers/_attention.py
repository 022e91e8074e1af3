"""Scaled dot-product attention of many heads, forward beside backward."""

from typing import Any

from xpnn.typing import Array, Context

__all__ = ["allow", "attend", "attend_backward"]

_FAR = -1e30
"""Score of what must not be attended to: finite, so that no difference of two scores is NaN, and exp of it is 0."""


def allow(mask: Array | None, causal: bool, queries: int, keys: int, ctx: Context) -> Array | None:
    """Say which query may attend to which key: booleans that broadcast to (batch, heads, queries, keys), or None.

    `mask` has shape (batch, keys) or (batch, queries, keys). With `causal` query `i` sees the keys from 0 to `i`.
    """
    xp, allowed = ctx.xp, None
    if mask is not None:
        rows = 1 if mask.ndim == 2 else queries
        allowed = xp.reshape(mask if xp.isdtype(mask.dtype, "bool") else mask != 0, (mask.shape[0], 1, rows, keys))
    if causal:
        places = (xp.arange(n, device=ctx.backend.device) for n in (queries, keys))
        is_past = xp.expand_dims(next(places), axis=1) >= next(places)
        allowed = is_past if allowed is None else xp.logical_and(allowed, is_past)
    return allowed


def attend(
    query: Array, key: Array, value: Array, allowed: Array | None, rate: float, ctx: Context
) -> tuple[Array, Any]:
    r"""Mean of the values, :math:`\mathrm{softmax}(Q K^\top / \sqrt{d})\, V`, for each query; zeros if none is allowed.

    Parameters
    ----------
    query, key, value : Array, shape (batch, heads, queries or keys, size)
        Rows.
    allowed : Array or None
        See `allow`.
    rate : float
        In training each weight is dropped with this probability.
    ctx : Context
        Namespace, mode and random streams.

    Returns
    -------
    means : Array, shape (batch, heads, queries, size of a value)
        Outputs.
    saved
        For `attend_backward`.
    """
    xp = ctx.xp
    query = query * float(key.shape[-1] ** -0.5)
    scores = query @ xp.matrix_transpose(key)
    if allowed is not None:
        scores = xp.where(allowed, scores, _FAR)
    weights = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    share = 1.0 / xp.sum(weights, axis=-1, keepdims=True)
    if allowed is not None:
        share *= xp.max(xp.astype(allowed, share.dtype), axis=-1, keepdims=True)
    weights = weights * share
    kept = None
    if rate and ctx.training:
        kept = xp.astype(ctx.bernoulli(1.0 - rate, weights.shape), weights.dtype) * (1.0 / (1.0 - rate))
    used = weights if kept is None else weights * kept
    return used @ value, (query, key, value, weights, kept, used)


def attend_backward(saved: Any, dy: Array, ctx: Context) -> tuple[Array, Array, Array]:
    """Pull `dy` back to query, key and value."""
    xp = ctx.xp
    query, key, value, weights, kept, used = saved
    d_weights = dy @ xp.matrix_transpose(value)
    if kept is not None:
        d_weights *= kept
    d_scores = weights * (d_weights - xp.sum(d_weights * weights, axis=-1, keepdims=True))
    d_query = (d_scores @ key) * float(key.shape[-1] ** -0.5)
    d_key = xp.matrix_transpose(d_scores) @ query
    return d_query, d_key, xp.matrix_transpose(used) @ dy
