"""`Sequential`: layers one after another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn.layers._children import as_layers, initialise, name_layers
from xpnn.typing import Array, Context, Layer, Params, Rng, State

__all__ = ["Sequential"]


@dataclass(frozen=True, slots=True, repr=False)
class Sequential(Record):
    r"""Composition of layers, :math:`f = f_k \circ \dots \circ f_1`; a layer itself, so it nests.

    Parameters
    ----------
    layers : sequence of layers
        Layers in the order in which they run. A name of an activation stands for its layer. A layer object that appears
        more than once in a network is shared: its weights are tied, their gradients add up.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If something is no layer, or a name is used twice.

    Notes
    -----
    Backwards the layers are pulled through in reverse: :math:`J^\top = J_1^\top \cdots J_k^\top`.

    Examples
    --------
    >>> from xpnn.layers import Dense
    >>> list(Sequential([Dense(24, name="hidden"), "relu", Dense(3)]).children)
    ['hidden', '1', '2']
    """

    layers: tuple[Any, ...]
    name: str | None = field(default=None, kw_only=True)
    children: Mapping[str, Layer] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("layers", as_layers(self.layers))
        self._set("children", name_layers(self.layers))

    @property
    def index_bound(self) -> int | None:
        """That of the first layer; see `xpnn.typing.Layer`."""
        return getattr(self.layers[0], "index_bound", None) if self.layers else None

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Initialise the layers in order, each for the output shape of the one before."""
        params, state, shape = {}, {}, input_shape
        for name, layer in self.children.items():
            params[name], state[name], shape = initialise(name, layer, rng, shape)
        return params, state, shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Run the layers in order."""
        saved, new_state = {}, {}
        for name, layer in self.children.items():
            x, saved[name], new_state[name] = layer.forward(params[name], state[name], x, ctx.child(name))
        return x, saved, new_state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the layers in reverse order, as far as anybody reads the result."""
        names = list(self.children)
        first = 0 if ctx.wants_dx else next((i for i, name in enumerate(names) if params[name]), len(names))
        grads: dict[str, Any] = {name: {} for name in names[:first]}
        for i in range(len(names) - 1, first - 1, -1):
            name = names[i]
            inner = ctx.child(name, wants_dx=ctx.wants_dx or i > first)
            dy, grads[name] = self.children[name].backward(params[name], saved[name], dy, inner)
        return dy, grads
