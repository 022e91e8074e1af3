"""Powers of probabilities: the one that everybody uses without a logarithm."""

from xpnn.typing import Array, Namespace

__all__ = ["power"]


def power(xp: Namespace, x: Array, exponent: float) -> Array:
    """`x`, of at least 0, to the power of `exponent`."""
    return x * x if exponent == 2.0 else xp.pow(x, exponent)
