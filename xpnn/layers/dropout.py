"""`Dropout`: random silence in training."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Dropout"]


@dataclass(frozen=True, slots=True, repr=False)
class Dropout(Record):
    r"""Set each element to 0 with probability `rate` in training, and scale the others by :math:`1 / (1 - rate)`.

    Parameters
    ----------
    rate : float
        Probability of silence, in [0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `rate` is not in [0, 1).

    Notes
    -----
    The inverted variant: predictions need no scaling. The mask comes from the host stream ``dropout/<layer>``, so it is
    the same on every backend. With the mask :math:`m`,
    :math:`\partial L/\partial x = m / (1 - rate) \cdot \partial L/\partial y`.

    References
    ----------
    .. [1] Srivastava et al., JMLR 15, 2014, section 10 (scaling in training).
    """

    rate: float
    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("rate", _check.fraction("rate", self.rate))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array | None, State]:
        """Silence elements of `x`, of any shape, in training; return `x` itself otherwise."""
        if not ctx.training or self.rate == 0.0:
            return x, None, state
        mask = ctx.bernoulli(1.0 - self.rate, x.shape)
        return self._apply(mask, x, ctx), mask, state

    def backward(self, params: Params, saved: Array | None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the same mask."""
        return (dy if saved is None else self._apply(saved, dy, ctx)), {}

    def _apply(self, mask: Array, values: Array, ctx: Context) -> Array:
        return ctx.xp.where(mask, values * (1.0 / (1.0 - self.rate)), 0.0)
