"""`RReLU`: the leaky rectifier whose slope is drawn anew for each element in training."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RReLU"]


@dataclass(frozen=True, slots=True, repr=False)
class RReLU(Record):
    r"""Randomized leaky rectifier, :math:`y = x` where :math:`x > 0`, else :math:`a x` with a random slope :math:`a`.

    In training :math:`a \sim U[l, u)`, for each element by itself; otherwise :math:`a = (l + u) / 2`.

    Parameters
    ----------
    lower, upper : float
        The bounds :math:`l` and :math:`u`; `lower` is not above `upper`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot (1 \text{ where } x > 0, \text{ else } a)`, where the
    derivative at 0 is taken as :math:`a`, as in PyTorch. The slopes come from the host stream ``noise/<layer>``, so
    they are the same on every backend.

    References
    ----------
    .. [1] Xu, Wang, Chen & Li, Empirical evaluation of rectified activations in convolutional network, arXiv
       1505.00853, 2015, section 2.4; there x is divided by a number from 3 to 8, here multiplied, as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn import Network
    >>> net = Network([RReLU(0.25, 0.75)], loss="mean_squared_error")
    >>> net.predict(np.asarray([[-2.0, 3.0]])).tolist()
    [[-1.0, 3.0]]
    """

    lower: float = 1 / 8
    upper: float = 1 / 3
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("lower", _check.number("lower", self.lower))
        self._set("upper", _check.number("upper", self.upper))
        if self.lower > self.upper:
            _check.refuse("upper", f"be at least lower, {self.lower}", self.upper)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x` of any shape to `y` of the same shape."""
        slope: Any = 0.5 * (self.lower + self.upper)
        if ctx.training:
            slope = self.lower + (self.upper - self.lower) * ctx.uniform(x.shape, x.dtype)
        return self._apply(x, x, slope, ctx), (x, slope), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back with the slopes of `forward`."""
        x, slope = saved
        return self._apply(x, dy, slope, ctx), {}

    def _apply(self, x: Array, values: Array, slope: Any, ctx: Context) -> Array:
        return ctx.xp.where(x > 0, values, values * slope)
