"""`AlphaDropout`: dropout that keeps mean and variance, for networks of `SELU`."""

from dataclasses import dataclass, field

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["AlphaDropout"]

_SATURATION = -1.7580993408473766
r"""What SELU tends to on the left, :math:`\alpha' = -\lambda \alpha`."""


@dataclass(frozen=True, slots=True, repr=False)
class AlphaDropout(Record):
    r"""Set elements in training to the value at which SELU saturates, and keep mean 0 and variance 1.

    .. math:: y = a \left(m x + (1 - m) \alpha'\right) + b, \qquad
              a = \left((1 - p)(1 + p \alpha'^2)\right)^{-1/2}, \quad b = -a p \alpha'

    with the mask :math:`m`, which is 0 with probability :math:`p`, and :math:`\alpha' = -1.7580993408473766`.

    Parameters
    ----------
    rate : float
        The probability :math:`p`, in [0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `rate` is not in [0, 1).

    Notes
    -----
    Predictions are left alone. The mask comes from the host stream ``dropout/<layer>``, so it is the same on every
    backend. :math:`\partial L/\partial x = a m\, \partial L/\partial y`.

    References
    ----------
    .. [1] Klambauer et al., NeurIPS 2017, section 3, "New Dropout Technique": with the probability :math:`1 - p` of
       keeping an element called q there, :math:`a = (q + \alpha'^2 q (1 - q))^{-1/2}`.
    """

    rate: float
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("rate", _check.fraction("rate", self.rate))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array | None, State]:
        """Saturate elements of `x`, of any shape, in training; return `x` itself otherwise."""
        if not ctx.training or self.rate == 0.0:
            return x, None, state
        a, mask = self._scale, ctx.bernoulli(1.0 - self.rate, x.shape)
        shift = -a * self.rate * _SATURATION
        return ctx.xp.where(mask, a * x + shift, a * _SATURATION + shift), mask, state

    def backward(self, params: Params, saved: Array | None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the same mask."""
        return (dy if saved is None else ctx.xp.where(saved, self._scale * dy, 0.0)), {}

    @property
    def _scale(self) -> float:
        return float(((1.0 - self.rate) * (1.0 + self.rate * _SATURATION**2)) ** -0.5)
