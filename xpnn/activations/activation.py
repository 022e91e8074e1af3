"""The protocol of an activation: a function of one array with its pullback."""

from typing import Any, Protocol, runtime_checkable

from xpnn.typing import Array, Context

__all__ = ["ActivationFunction"]


@runtime_checkable
class ActivationFunction(Protocol):
    """A frozen record with a function of one array and its pullback; by name inside `Dense`, or a layer of its own.

    Neither method modifies its arguments; the data type of the input is kept, and NaN stays NaN. A function whose
    output has another shape than its input has a third method, ``output_shape(input_shape)``, for shapes of a sample.
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        """Output, of the shape of `x` for most, and whatever `backward` needs."""

    def backward(self, saved: Any, dy: Array, ctx: Context) -> Array:
        """Gradient with respect to `x`."""
