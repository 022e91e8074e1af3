"""What a network ends in, and the refusal of a softmax or sigmoid before a loss that applies it itself."""

from typing import Any

from xpnn.errors import ArgumentError
from xpnn.layers import Activation, Dense, Dropout, Flatten, Reshape, Sequential
from xpnn.losses import Loss
from xpnn.typing import Layer

__all__ = ["output_function", "refuse_double_link"]


def output_function(layer: Layer) -> Any:
    """Return the activation at the end of `layer`, or None."""
    if isinstance(layer, Sequential):
        for inner in reversed(layer.layers):
            if not isinstance(inner, Dropout | Flatten | Reshape):
                return output_function(inner)
        return None
    if isinstance(layer, Activation):
        return layer.function
    return layer.activation if isinstance(layer, Dense) else None


def refuse_double_link(layer: Layer, loss: Loss) -> None:
    """Raise if `layer` ends in a function that `loss` applies to its outputs.

    Raises
    ------
    ArgumentError
        With the cure.
    """
    function = output_function(layer)
    if type(function).__name__ in getattr(loss, "wants_logits", ()):
        raise ArgumentError(f"layers must not end in {function!r} when the loss is {loss!r}: {loss.cure}.")
