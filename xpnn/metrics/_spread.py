"""Weighted mean and spread of batches, gathered and joined without losing digits far from 0."""

from xpnn.typing import Array, Namespace

__all__ = ["gather_spread", "join_spreads"]


def gather_spread(xp: Namespace, values: Array, weight: Array) -> list[Array]:
    """Weight, mean, rest of the mean, and sum of squared deviations of the columns of `values`, shape (batch, columns).

    The mean is kept in two parts, its rounded value and the rest.
    """
    column, total = weight[..., None], xp.sum(weight)
    share = column / xp.where(total == 0, 1.0, total)
    mean = xp.sum(share * values, axis=0)
    mean += xp.sum(share * (values - mean), axis=0)
    rest = xp.sum(share * (values - mean), axis=0)
    deviation = values - mean - rest
    return [xp.broadcast_to(total, mean.shape), mean, rest, xp.sum(column * deviation * deviation, axis=0)]


def join_spreads(xp: Namespace, first: list[Array], second: list[Array]) -> list[Array]:
    """Join two sets of samples by the updating formula of Chan, Golub & LeVeque (1979), with weights for counts."""
    (weight1, mean1, rest1, spread1), (weight2, mean2, rest2, spread2) = first, second
    weight, shift = weight1 + weight2, (mean2 - mean1) + (rest2 - rest1)
    share = weight2 / xp.where(weight == 0, 1.0, weight)
    spread = spread1 + spread2 + shift * shift * weight1 * share
    mean, rest = xp.where(weight1 == 0, mean2, mean1), xp.where(weight1 == 0, rest2, rest1 + shift * share)
    return [weight, mean, rest, spread]
