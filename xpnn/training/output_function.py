"""What a network ends in, and the refusal of a softmax or sigmoid before a loss that applies it itself."""

from typing import Any

from xpnn.activations import Identity
from xpnn.errors import ArgumentError
from xpnn.layers import Activation, Graph, Sequential
from xpnn.losses import WeightedLosses
from xpnn.typing import Layer

__all__ = ["output_function", "refuse_double_link"]


def output_function(layer: Layer) -> Any:
    """Return the activation at the end of `layer`; None if there is none, and the layer if it is not known.

    A layer with an attribute ``activation`` applies it last, unless it has layers inside, as `TransformerEncoder` has.
    """
    if isinstance(layer, Sequential):
        return next((output_function(inner) for inner in reversed(layer.layers) if not _moves(inner)), layer)
    if isinstance(layer, Graph):
        functions = list(output_functions(layer).values())
        return functions[0] if len(functions) == 1 else layer
    if isinstance(layer, Activation):
        return layer.function
    return layer if getattr(layer, "children", None) else getattr(layer, "activation", layer)


def _moves(layer: Layer) -> bool:
    if isinstance(layer, Sequential):
        return all(map(_moves, layer.layers))
    is_nothing = isinstance(layer, Activation) and isinstance(layer.function, Identity)
    return is_nothing or getattr(layer, "moves_values", False)


def output_functions(graph: Graph) -> dict[str, Any]:
    """Activations at the ends of a graph, by the names of its outputs; what is not known is a layer."""
    nodes, ends = graph.children, zip(graph.outputs, graph.wiring.ends, strict=True)
    return {
        name: output_function(nodes[end.name]) if end.name in nodes and end.output is None else graph
        for name, end in ends
    }


def refuse_double_link(layer: Layer, loss: Any) -> None:
    """Raise if `layer` ends in a function that `loss` applies to its outputs, or lacks the one that it needs.

    Raises
    ------
    ArgumentError
        With the cure.
    """
    last = layer
    while isinstance(last, Sequential) and last.layers:
        last = last.layers[-1]
    if isinstance(last, Graph) and len(last.outputs) > 1:
        losses = dict(zip(loss.outputs, loss.losses, strict=False)) if isinstance(loss, WeightedLosses) else {}
        for name, function in output_functions(last).items():
            _refuse(function, losses.get(name, loss))
    else:
        _refuse(output_function(layer), loss)


def _refuse(function: Any, loss: Any) -> None:
    if type(function).__name__ in getattr(loss, "wants_logits", ()):
        raise ArgumentError(f"layers must not end in {function!r} when the loss is {loss!r}: {loss.cure}.")
    needs: tuple[str, ...] = getattr(loss, "needs", ())
    is_known = function is None or not hasattr(function, "init")
    if is_known and needs and type(function).__name__ not in needs:
        raise ArgumentError(f"layers must end in {' or '.join(needs)} when the loss is {loss!r}: {loss.cure}.")
