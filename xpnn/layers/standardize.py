"""`Standardize`: fixed shift and scale of the input."""

from dataclasses import dataclass, field

from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Standardize"]


@dataclass(frozen=True, slots=True, repr=False)
class Standardize(Record):
    r"""Shift and scale every feature by fixed numbers, :math:`y = (x - \mu) / \sigma`, so that a model takes raw data.

    The numbers are state, not parameters: set them once with ``net.set_state({"0.mean": ..., "0.scale": ...})``; they
    are saved with the network. Until then the layer is the identity.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Notes
    -----
    State ``mean`` and ``scale``, of the shape of one sample, and
    :math:`\partial L/\partial x = \partial L/\partial y / \sigma`.
    """

    name: str | None = field(default=None, kw_only=True)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Start as the identity."""
        return {}, {"mean": rng.constant(0.0, input_shape), "scale": rng.constant(1.0, input_shape)}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array, State]:
        """Standardise `x`, shape (batch, ...)."""
        return (x - state["mean"]) / state["scale"], state["scale"], state

    def backward(self, params: Params, saved: Array, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input."""
        return dy / saved, {}
