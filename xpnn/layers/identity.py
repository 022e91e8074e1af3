"""`Identity`: what comes in goes out."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn._record import Record
from xpnn.typing import Context, Params, Rng, State

__all__ = ["Identity"]


@dataclass(frozen=True, slots=True, repr=False)
class Identity(Record):
    """The map :math:`y = x`: a name for a value in a `Graph`, or the plain branch of a `Parallel`.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.
    """

    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Keep the shape."""
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Return `x` itself."""
        return x, None, state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Return `dy` itself."""
        return dy, {}
