"""`Residual`: a shortcut around layers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers.sequential import Sequential
from xpnn.typing import Array, Context, Layer, Params, Rng, Shape, State

__all__ = ["Residual"]


@dataclass(frozen=True, slots=True, repr=False)
class Residual(Record):
    r"""Layers with a shortcut around them, :math:`y = x + f(x)`.

    Parameters
    ----------
    layers : sequence of layers
        The layers of :math:`f`, as for `Sequential`; their output must have the shape of their input.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If :math:`f` changes the shape.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y + J_f^\top\, \partial L/\partial y`.

    References
    ----------
    .. [1] He et al., CVPR 2016, eq. 1.
    """

    layers: tuple[Any, ...]
    name: str | None = field(default=None, kw_only=True)
    inner: Sequential = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("inner", Sequential(self.layers))
        self._set("layers", self.inner.layers)

    @property
    def children(self) -> Mapping[str, Layer]:
        """The inner layers by name."""
        return self.inner.children

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Initialise the inner layers."""
        params, state, shape = self.inner.init(rng, input_shape)
        if shape != input_shape:
            raise ShapeError(f"layers must keep the shape {input_shape} of the input, got {shape}.")
        return params, state, shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Add `x` to what the inner layers make of it."""
        y, saved, state = self.inner.forward(params, state, x, ctx)
        return x + y, saved, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Add `dy` to what the inner layers make of it."""
        dx, grads = self.inner.backward(params, saved, dy, ctx)
        return dy + dx if ctx.wants_dx else None, grads
