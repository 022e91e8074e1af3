"""Shapes of several arrays where a layer takes one: refused with one sentence when the network is built."""

from typing import Any

from xpnn._tree import has_parts
from xpnn.errors import ShapeError
from xpnn.typing import Layer, Shape

__all__ = ["refuse_nested", "refuse_several"]


def refuse_several(layer: Layer, input_shape: Any) -> None:
    """Raise if `input_shape` is a tuple of shapes, and the `init` of the layer says that it takes a `Shape`."""
    wanted = getattr(layer.init, "__annotations__", {}).get("input_shape")
    if has_parts(input_shape) and wanted in (Shape, "Shape"):
        raise ShapeError(f"input must be one array, got a tuple of {len(input_shape)}.")


def refuse_nested(input_shape: Any) -> None:
    """Raise if one of several inputs is a tuple of arrays itself, or a tuple holds but one of them."""
    if has_parts(input_shape) and len(input_shape) == 1:
        raise ShapeError("input must be one array, got a tuple of 1.")
    for number, part in enumerate(input_shape):
        if has_parts(part):
            raise ShapeError(f"input {number} must be one array, got a tuple of {len(part)}.")
