"""`PReLU`: the rectifier that learns the slope of its negative side."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.initializers import Constant, get_initializer
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["PReLU"]

_QUARTER = Constant(0.25)


@dataclass(frozen=True, slots=True, repr=False)
class PReLU(Record):
    r"""Parametric rectified linear unit, :math:`y = x` where :math:`x > 0`, else :math:`a x` with learned :math:`a`.

    Parameters
    ----------
    shared_axes : int or tuple of int
        Axes of the input along which one slope serves all, counted as in Keras, where 0 is the batch: ``(1, 2)`` gives
        images (batch, height, width, channels) a slope per channel. By default each element of a sample has its own.
    weight_initializer : str or Initializer
        Initial values of ``weight``, the slopes :math:`a`; 0.25 as in [1]_ and PyTorch (Keras starts with 0).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input lacks one of the shared axes.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot (1 \text{ where } x > 0, \text{ else } a)` and
    :math:`\partial L/\partial a = \sum \min(x, 0) \, \partial L/\partial y` over the batch and the shared axes. The
    derivative at 0 is taken as :math:`a`. Slopes want no weight decay [1]_.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun, ICCV 2015, eq. 1 to 3.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, state, output_shape = PReLU((1, 2)).init(HostRng(np.random.default_rng(0)), (8, 8, 3))
    >>> params["weight"].tolist(), output_shape
    ([[[0.25, 0.25, 0.25]]], (8, 8, 3))
    """

    shared_axes: Any = ()
    weight_initializer: Named = _QUARTER
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        axes = _check.shape("shared_axes", self.shared_axes)
        if len(set(axes)) < len(axes):
            _check.refuse("shared_axes", "hold each axis once", axes)
        self._set("shared_axes", axes)
        self._set("weight_initializer", get_initializer("weight_initializer", self.weight_initializer))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw the slopes, shape `input_shape` with 1 for shared axes."""
        if max(self.shared_axes, default=0) > len(input_shape):
            inner = "".join(f", {n}" for n in input_shape) or ","
            raise ShapeError(f"input must have the axes {self.shared_axes}, got shape (batch{inner}).")
        shape = tuple(1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape, start=1))
        return {"weight": self.weight_initializer.draw(rng, shape)}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array, State]:
        """Map `x` of any shape to `y` of the same shape."""
        return ctx.xp.maximum(x, 0.0) + params["weight"] * ctx.xp.minimum(x, 0.0), x, state

    def backward(self, params: Params, saved: Array, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input and the slopes."""
        xp, weight = ctx.xp, params["weight"]
        total = xp.sum(dy * xp.minimum(saved, 0.0), axis=(0, *self.shared_axes), keepdims=True)
        grads = {"weight": xp.reshape(total, weight.shape)}
        return dy * xp.where(saved > 0, 1.0, weight) if ctx.wants_dx else None, grads
