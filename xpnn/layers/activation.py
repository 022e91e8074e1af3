"""`Activation`: an activation function as a layer of its own."""

from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn.activations import get_activation, output_shape
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["Activation"]


@dataclass(frozen=True, slots=True, repr=False)
class Activation(Record):
    """Apply `function` to the input; the shape stays, but for `GLU`, which halves the features.

    Parameters
    ----------
    function : str or ActivationFunction
        Name, e.g. ``"relu"``, or object, e.g. ``ELU(alpha=0.5)``.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If the name is unknown: with the nearest match and the list.

    Examples
    --------
    >>> Activation("relu")
    Activation(ReLU())
    """

    function: Named
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("function", get_activation("function", self.function))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape, but for `GLU`."""
        return {}, {}, output_shape(self.function, input_shape)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x` of any shape to `y`."""
        y, saved = self.function.forward(x, ctx)
        return y, saved, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input."""
        return self.function.backward(saved, dy, ctx), {}
