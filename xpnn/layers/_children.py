"""What containers share: turning their argument into named layers, and saying where an error happened."""

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from xpnn import _check
from xpnn.activations import get_activation
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers._inputs import refuse_several
from xpnn.layers.activation import Activation
from xpnn.typing import Layer, Params, Rng, State

__all__ = ["NAME", "as_layer", "as_layers", "initialise", "locate", "name_layers"]

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


def as_layers(values: Any, argument: str = "layers") -> tuple[Layer, ...]:
    """Turn a layer, or a sequence of layers, into a tuple of layers; `argument` is named in errors."""
    if isinstance(values, str) or hasattr(values, "forward") or not isinstance(values, Iterable):
        values = (values,)
    return tuple(as_layer(value, argument) for value in values)


def as_layer(value: Any, argument: str = "layers") -> Layer:
    """Return a layer as it is, and an activation or its name as an `Activation` layer."""
    if isinstance(value, Layer) and not isinstance(value, type):
        return value
    if hasattr(value, "init") and not isinstance(value, type):
        missing = [part for part in ("name", "init", "forward", "backward") if not hasattr(value, part)]
        raise ArgumentTypeError(f"a layer must have name, init, forward and backward, got {value!r} without {missing}.")
    if isinstance(value, str) or (not isinstance(value, type) and hasattr(value, "backward")):
        return Activation(get_activation(f"names of activations in {argument}", value))
    hint = f": write {value.__name__}(...)" if isinstance(value, type) else ""
    raise ArgumentTypeError(f"{argument} must be layers or names of activations, got {value!r}{hint}.")


def name_layers(layers: tuple[Layer, ...]) -> dict[str, Layer]:
    """Layers by name: their own, or else their position."""
    named: dict[str, Layer] = {}
    for position, layer in enumerate(layers):
        repeated = any(layer is other for other in layers[:position])
        name = str(position) if layer.name is None or repeated else layer.name
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ArgumentError(f"name must be 1 to 100 letters, digits, '_' and '-', got {name!r}.")
        if name in named:
            raise ArgumentError(f"name must be unique among the layers of a container, got {name!r} twice.")
        named[name] = layer
    return named


def initialise(name: str, layer: Layer, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
    """Call `init` of a layer inside a container, with its place in front of the message of an error.

    Raises
    ------
    ShapeError
        If it is given several inputs and says that it takes one, or cannot take their shapes.
    """
    with locate(name, layer):
        refuse_several(layer, input_shape)
        return layer.init(rng, input_shape)


def locate(name: str, layer: Layer) -> AbstractContextManager[None]:
    """Put the place of a layer in front of the message of an error that it raises."""
    return _check.inside(f"layer {name}, {layer!r}")
