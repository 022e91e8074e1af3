"""What both focal losses share: powers of probabilities, and costs from which on a probability is 0."""

from xpnn.typing import Array, Namespace

__all__ = ["FAR", "power"]

FAR = 1e4
"""Costs from which on a probability is 0 in any precision."""


def power(xp: Namespace, x: Array, exponent: float) -> Array:
    """`x`, of at least 0, to the power of `exponent`; the one that everybody uses without a logarithm."""
    return x * x if exponent == 2.0 else xp.pow(x, exponent)
