r"""Gates: one hyperbolic tangent for all of them, since :math:`\sigma(z) = \tfrac12 + \tfrac12 \tanh \tfrac{z}{2}`.

The factor of the argument goes into the weights, once before all steps; halving is exact.
"""

from typing import Any

from xpnn.typing import Array, Context, Params

__all__ = ["halve", "sigmoid_of_tanh"]


def halve(params: Params, is_sigmoid: tuple[bool, ...], ctx: Context) -> Params:
    """Halve the columns of the gates that are sigmoids, in all parameters."""
    return {name: _halve(values, is_sigmoid, ctx.xp) for name, values in params.items()}


def sigmoid_of_tanh(y: Array) -> Array:
    r"""Return :math:`\sigma(z)` for :math:`y = \tanh(z / 2)`."""
    half = 0.5 * y
    half += 0.5
    return half


def _halve(values: Array, is_sigmoid: tuple[bool, ...], xp: Any) -> Array:
    units = values.shape[-1] // len(is_sigmoid)
    parts = [values[..., i * units : (i + 1) * units] for i in range(len(is_sigmoid))]
    return xp.concat([0.5 * part if halved else part for part, halved in zip(parts, is_sigmoid, strict=True)], axis=-1)
