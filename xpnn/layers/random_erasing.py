"""`RandomErasing`: a rectangle of each image erased at random in training."""

import math
from dataclasses import dataclass, field
from typing import Any

from array_api_compat import device

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._images import check_images, per_sample
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomErasing"]


@dataclass(frozen=True, slots=True, repr=False)
class RandomErasing(Record):
    r"""Set a rectangle of each image to a constant in training.

    Parameters
    ----------
    rate : float
        Probability that an image loses a rectangle, in (0, 1].
    area : tuple of float
        Least and greatest share of the image that the rectangle covers, in (0, 1].
    ratio : tuple of float
        Least and greatest ratio of its height to its width; logarithms are drawn uniformly.
    value : float
        What stands there afterwards, in units of the input.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    A rectangle longer than the image is cut to its length (in [1]_ another one is drawn). Sides are rounded to whole
    pixels, of which there is at least one, and all places are equally likely. With one area and the ratio 1 it is
    Cutout [2]_ whose square stays inside. All is drawn from host streams, so it is the same on every backend.
    :math:`\partial L/\partial x` is :math:`\partial L/\partial y`, and 0 in the rectangle.

    References
    ----------
    .. [1] Zhong et al., AAAI 2020, Algorithm 1.
    .. [2] DeVries & Taylor, arXiv:1708.04552, 2017.
    """

    rate: float = 0.5
    area: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    value: float = 0.0
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        rate = _check.positive("rate", self.rate)
        self._set("rate", rate if rate <= 1.0 else _check.refuse("rate", "be a number in (0, 1]", self.rate))
        self._set("area", _range("area", self.area, 1.0))
        self._set("ratio", _range("ratio", self.ratio, float("inf")))
        self._set("value", _check.number("value", self.value))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        check_images(input_shape)
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Erase parts of `x` in training; return `x` itself otherwise."""
        if not ctx.training:
            return x, None, state
        height, width = x.shape[1:3]
        area = per_sample(x, *self.area, ctx) * float(height * width)
        ratio = ctx.xp.exp(per_sample(x, math.log(self.ratio[0]), math.log(self.ratio[1]), ctx))
        rows = _side(ctx.xp.sqrt(area * ratio), x, 1, ctx)
        columns = _side(ctx.xp.sqrt(area / ratio), x, 2, ctx)
        chosen = ctx.bernoulli(self.rate, (x.shape[0], 1, 1, 1))
        mask = ctx.xp.logical_and(chosen, ctx.xp.logical_and(rows, columns))
        return ctx.xp.where(mask, self.value, x), mask, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Silence `dy` in the rectangles."""
        return (dy if saved is None else ctx.xp.where(saved, 0.0, dy)), {}


def _side(length: Array, x: Array, axis: int, ctx: Context) -> Array:
    """Where an interval of about `length` at a random place lies on an axis: booleans, 1 on the other axes."""
    xp, size = ctx.xp, x.shape[axis]
    length = xp.minimum(xp.maximum(xp.round(length), 1.0), float(size))
    start = xp.floor(per_sample(x, 0.0, 1.0, ctx) * (size + 1.0 - length))
    places = xp.arange(size, dtype=x.dtype, device=device(x))
    places = xp.reshape(places, (1, size, 1, 1) if axis == 1 else (1, 1, size, 1))
    return xp.logical_and(places >= start, places < start + length)


def _range(argument: str, value: Any, most: float) -> tuple[float, float]:
    rule = "be two numbers above 0, the first not the greater one" + (f", up to {most:g}" if most < math.inf else "")
    if not isinstance(value, tuple | list) or len(value) != 2:
        _check.refuse(argument, rule, value)
    low, high = (_check.number(argument, entry, rule) for entry in value)
    return (low, high) if 0 < low <= high <= most else _check.refuse(argument, rule, value)
