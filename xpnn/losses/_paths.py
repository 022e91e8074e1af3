r"""The paths of CTC: labels with blanks between them, and the sums over all ways through them, in logarithms.

State :math:`s` of :math:`2 n + 1` stands for a blank (even) or a label (odd). In one step of time a path stays, moves
on by one state, or by two where that skips a blank between two different labels. With :math:`e_t(s)` the
log-probability of the class of state s at time t,

.. math:: \alpha_t(s) = e_t(s) + \log \left(e^{\alpha_{t-1}(s)} + e^{\alpha_{t-1}(s-1)} + [\text{skip}] \,
          e^{\alpha_{t-1}(s-2)}\right)

sums over the beginnings of paths. The sums over their ends obey the same rule with time and states reversed, so both
are computed at once, as one batch of twice the size. `NEVER` stands for the logarithm of 0, so that no infinities are
subtracted. After each step the greatest sum is subtracted and kept apart (the rescaling of Graves et al., in
logarithms): over hundreds of steps the logarithms would grow and lose the digits by which the states differ.
"""

from array_api_compat import device

from xpnn.typing import Array, Namespace

__all__ = ["NEVER", "between_blanks", "log_sum", "state_classes", "sums_over_paths"]

NEVER = -1e30


def between_blanks(xp: Namespace, first: Array, rest: Array) -> Array:
    """Alternate along axis 1: ``first, rest[0], first, ..., rest[n - 1], first``, where `first` has length 1."""
    shape = tuple(rest.shape)
    ones = xp.broadcast_to(first, shape)
    pairs = xp.reshape(xp.stack([ones, rest], axis=2), (shape[0], 2 * shape[1], *shape[2:]))
    return xp.concat([pairs, xp.broadcast_to(first, (shape[0], 1, *shape[2:]))], axis=1)


def state_classes(xp: Namespace, like: Array, labels: Array, blank: int) -> Array:
    """One-hot classes of the states, shape (batch, states, classes), in the dtype of `like`, (batch, time, classes)."""
    classes = xp.arange(like.shape[-1], device=device(like))
    one_hot = xp.astype(labels[..., None] == classes, like.dtype)
    return between_blanks(xp, xp.astype(classes == blank, like.dtype)[None, None, ...], one_hot)


def sums_over_paths(
    xp: Namespace, emissions: Array, labels: Array, count: Array, lengths: Array | None
) -> tuple[Array, Array, Array]:
    """Log-sums over beginnings and over ends of paths, both with e of the present time, (batch, time, states).

    Both are relative to the greatest of their time. The third result, (batch, 1), is what is to be added to the sum
    over all paths at the first time.

    Parameters
    ----------
    xp : Namespace
        Namespace of the arrays.
    emissions : Array, shape (batch, time, states)
        The :math:`e_t(s)`.
    labels : Array, shape (batch, n)
        Labels, padded.
    count : Array, shape (batch, 1)
        How many of them are none of the padding.
    lengths : Array, shape (batch, 1), optional
        How many steps of time each sample has; all by default.
    """
    batch, steps, states = emissions.shape
    skip, places = _skips(xp, emissions, labels), xp.arange(states, device=device(emissions))[None, ...]
    begin = NEVER * xp.astype(xp.broadcast_to(places > 1, (batch, states)), emissions.dtype)
    end = NEVER * xp.astype((places != 2 * count) & (places != 2 * count - 1), emissions.dtype)
    both = xp.concat([emissions, _reversed(xp, emissions)], axis=0)
    never = skip[:, :1] * 0.0 + NEVER
    ends_skip = xp.flip(xp.concat([skip, never, never], axis=1)[:, 2:], axis=1)
    skip, first = xp.concat([skip, ends_skip], axis=0), xp.concat([begin, xp.flip(end, axis=1)], axis=0)
    starts = None
    if lengths is not None:
        starts = xp.concat([lengths * 0, steps - lengths], axis=0)
    sums, tops = _recursion(xp, both, skip, first, starts)
    return sums[:batch, ...], _reversed(xp, sums[batch:, ...]), tops[0][:batch, :] + sum(top[batch:, :] for top in tops)


def _recursion(
    xp: Namespace, emissions: Array, skip: Array, first: Array, starts: Array | None
) -> tuple[Array, list[Array]]:
    """Sums at each time, from `first` at the time `starts`, or 0, on; and what was subtracted from them."""
    never = skip[:, :1] * 0.0 + NEVER
    beyond = xp.concat([never, never], axis=1)
    never_any = first * 0.0 + NEVER
    sums: list[Array] = []
    tops: list[Array] = []
    for time in range(emissions.shape[1]):
        if time == 0:
            ways = first if starts is None else xp.where(starts == 0, first, never_any)
        else:
            before = xp.concat([beyond, sums[-1]], axis=1)
            ways = log_sum(xp, before[:, 2:], before[:, 1:-1], before[:, :-2] + skip)
            ways = ways if starts is None else xp.where(starts == time, first, ways)
        ways = ways + emissions[:, time, :]
        top = xp.max(ways, axis=-1, keepdims=True)
        tops.append(xp.where(top < 0.1 * NEVER, 0.0, top))
        sums.append(ways - tops[-1])
    return xp.stack(sums, axis=1), tops


def log_sum(xp: Namespace, a: Array, b: Array, c: Array) -> Array:
    """Logarithm of the sum of three exponentials."""
    top = xp.maximum(a, xp.maximum(b, c))
    return top + xp.log(xp.exp(a - top) + xp.exp(b - top) + xp.exp(c - top))


def _skips(xp: Namespace, like: Array, labels: Array) -> Array:
    """0 for states that a path may reach past a blank, else `NEVER`; shape (batch, states)."""
    never = xp.ones((labels.shape[0], 1), dtype=like.dtype, device=device(like))
    if labels.shape[1] == 0:
        return NEVER * never
    same = xp.astype(labels[:, 1:] == labels[:, :-1], like.dtype)
    return NEVER * between_blanks(xp, never, xp.concat([never, same], axis=1))


def _reversed(xp: Namespace, x: Array) -> Array:
    return xp.flip(xp.flip(x, axis=1), axis=2)
