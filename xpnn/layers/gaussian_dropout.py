"""`GaussianDropout`: multiplicative noise in training."""

from dataclasses import dataclass, field

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["GaussianDropout"]


@dataclass(frozen=True, slots=True, repr=False)
class GaussianDropout(Record):
    r"""Multiply each element in training by normal noise of mean 1 and the variance that dropout has.

    .. math:: y = x \left(1 + \sqrt{p / (1 - p)}\; \varepsilon\right), \qquad \varepsilon \sim N(0, 1)

    Parameters
    ----------
    rate : float
        The rate :math:`p` of the `Dropout` whose first two moments it has, in [0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `rate` is not in [0, 1).

    Notes
    -----
    The noise comes from the host stream ``noise/<layer>``, so it is the same on every backend.
    :math:`\partial L/\partial x` is :math:`\partial L/\partial y` times the same factors.

    References
    ----------
    .. [1] Srivastava et al., JMLR 15, 2014, section 10 (multiplicative Gaussian noise).
    """

    rate: float
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("rate", _check.fraction("rate", self.rate))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array | None, State]:
        """Disturb `x`, of any shape, in training; return `x` itself otherwise."""
        if not ctx.training or self.rate == 0.0:
            return x, None, state
        factors = 1.0 + (self.rate / (1.0 - self.rate)) ** 0.5 * ctx.normal(x.shape, x.dtype)
        return x * factors, factors, state

    def backward(self, params: Params, saved: Array | None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the same factors."""
        return (dy if saved is None else dy * saved), {}
