"""What a network ends in, and the refusal of a softmax or sigmoid before a loss that applies it itself."""

from typing import Any

from xpnn.errors import ArgumentError
from xpnn.layers import Activation, Dense, Dropout, Flatten, Reshape, Sequential
from xpnn.losses import Loss
from xpnn.typing import Layer

__all__ = ["output_function", "refuse_double_link"]


def output_function(layer: Layer) -> Any:
    """Return the activation at the end of `layer`; None if there is none, and the layer if it is not known."""
    if isinstance(layer, Sequential):
        for inner in reversed(layer.layers):
            if not isinstance(inner, Dropout | Flatten | Reshape):
                return output_function(inner)
        return layer
    if isinstance(layer, Activation):
        return layer.function
    return layer.activation if isinstance(layer, Dense) else layer


def refuse_double_link(layer: Layer, loss: Loss) -> None:
    """Raise if `layer` ends in a function that `loss` applies to its outputs, or lacks the one that it needs.

    Raises
    ------
    ArgumentError
        With the cure.
    """
    function = output_function(layer)
    if type(function).__name__ in getattr(loss, "wants_logits", ()):
        raise ArgumentError(f"layers must not end in {function!r} when the loss is {loss!r}: {loss.cure}.")
    needs: tuple[str, ...] = getattr(loss, "needs", ())
    is_known = function is None or not hasattr(function, "init")
    if is_known and needs and type(function).__name__ not in needs:
        raise ArgumentError(f"layers must end in {' or '.join(needs)} when the loss is {loss!r}: {loss.cure}.")
