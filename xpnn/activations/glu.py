"""`GLU`: one half of the features, gated by the other."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Shape

__all__ = ["GLU"]


@dataclass(frozen=True, slots=True, repr=False)
class GLU(Record):
    r"""Gated linear unit, :math:`y = a \, \sigma(b)`, where :math:`a` and :math:`b` are the halves of the last axis.

    The output has half as many features as the input: ``Dense(8, activation="glu")`` gives 4.

    Raises
    ------
    ShapeError
        If the last axis is of odd length.

    Notes
    -----
    With :math:`g = \partial L/\partial y` and :math:`s = \sigma(b)`, :math:`\partial L/\partial a = g s` and
    :math:`\partial L/\partial b = g \, a \, s (1 - s)`.

    References
    ----------
    .. [1] Dauphin, Fan, Auli & Grangier, ICML 2017, eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = GLU().forward(np.asarray([[3.0, 5.0, 0.0, np.log(4.0)]]), SimpleNamespace(xp=np))
    >>> y.round(12).tolist()
    [[1.5, 4.0]]
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the output for samples of `input_shape`."""
        features = input_shape[-1] if input_shape else 1
        if features % 2:
            raise ShapeError(f"input of GLU must have an even number of features, got {features}.")
        return (*input_shape[:-1], features // 2)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array, Array, Array]]:
        """Map `x`, shape (..., 2 * features), to `y`, shape (..., features)."""
        half = self.output_shape(x.shape)[-1]
        a, b = x[..., :half], x[..., half:]
        e = ctx.xp.exp(-ctx.xp.abs(b))
        d = 1.0 + e
        s = ctx.xp.exp(ctx.xp.minimum(b, 0.0)) / d
        return a * s, (a, s, e, d)

    def backward(self, saved: tuple[Array, Array, Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        a, s, e, d = saved
        return ctx.xp.concat([dy * s, dy * a * (e / (d * d))], axis=-1)
