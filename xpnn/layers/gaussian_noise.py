"""`GaussianNoise`: noise added in training."""

from dataclasses import dataclass, field

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["GaussianNoise"]


@dataclass(frozen=True, slots=True, repr=False)
class GaussianNoise(Record):
    r"""Add normal noise in training, :math:`y = x + s \varepsilon` with :math:`\varepsilon \sim N(0, 1)`.

    Parameters
    ----------
    std : float
        The standard deviation :math:`s`, in units of the input.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `std` is not a finite number of at least 0.

    Notes
    -----
    The noise comes from the host stream ``noise/<layer>``, so it is the same on every backend.
    :math:`\partial L/\partial x = \partial L/\partial y`.

    References
    ----------
    .. [1] Bishop, Neural Computation 7, 1995 (for small noise it is Tikhonov regularisation).
    """

    std: float
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("std", _check.non_negative("std", self.std))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, None, State]:
        """Disturb `x`, of any shape, in training; return `x` itself otherwise."""
        if not ctx.training or self.std == 0.0:
            return x, None, state
        return x + self.std * ctx.normal(x.shape, x.dtype), None, state

    def backward(self, params: Params, saved: None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Return `dy`."""
        return dy, {}
