"""`PositionalEncoding`: sines that tell positions apart."""

from dataclasses import dataclass, field
from math import cos, sin

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["PositionalEncoding"]


@dataclass(frozen=True, slots=True, repr=False)
class PositionalEncoding(Record):
    r"""Add sines of the position to a sequence, :math:`y_t = x_t + p_t`, so that attention sees the order.

    .. math:: p_{t,2i} = \sin(t / m^{2i/d}), \qquad p_{t,2i+1} = \cos(t / m^{2i/d})

    Parameters
    ----------
    max_wavelength : float
        The base :math:`m`; the wavelengths go from :math:`2\pi` to about :math:`2\pi m`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `max_wavelength` is not above 0.
    ShapeError
        If the input is no sequence.

    Notes
    -----
    Sines and cosines alternate, as in the paper. For an odd number :math:`d` of features the last one is a sine. They
    are state ``encoding``, shape (time, features), computed once in float64, since the sine of a great angle has
    lost digits in float32. :math:`\partial L/\partial x = \partial L/\partial y`.

    References
    ----------
    .. [1] Vaswani et al., NeurIPS 2017, section 3.5.

    Examples
    --------
    >>> from xpnn.random import HostRng
    >>> _, state, _ = PositionalEncoding().init(HostRng(None), (3, 4))
    >>> state["encoding"].round(4).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.8415, 0.5403, 0.01, 1.0], [0.9093, -0.4161, 0.02, 0.9998]]
    """

    max_wavelength: float = 10000.0
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("max_wavelength", _check.positive("max_wavelength", self.max_wavelength))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Compute the sines for sequences of `input_shape`, (..., time, features)."""
        if len(input_shape) < 2:
            raise ShapeError(f"input must have shape (batch, ..., time, features), got {_with_batch(input_shape)}.")
        features = input_shape[-1]

        def value(position: int, feature: int) -> float:
            angle = position / self.max_wavelength ** ((feature - feature % 2) / features)
            return cos(angle) if feature % 2 else sin(angle)

        return {}, {"encoding": rng.table(value, input_shape[-2:])}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, None, State]:
        """Add the sines to `x`, shape (..., time, features)."""
        return x + state["encoding"], None, state

    def backward(self, params: Params, saved: None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Hand `dy` on."""
        return dy, {}


def _with_batch(shape: Shape) -> str:
    return f"(batch{''.join(f', {n}' for n in shape) or ','})"
