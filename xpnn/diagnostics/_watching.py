"""Layers that tell what they compute, put in the place of those of a network."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from xpnn.typing import Array, Context, Layer, Params, Rng, Shape, State

__all__ = ["watch"]

Note = Callable[[Layer, Any, Array], None]
"""Called after each layer with the layer, its context, and its output."""


def watch(layer: Layer, note: Note) -> Layer:
    """Return a layer that computes the same, and calls `note` after every layer inside it."""
    watched: Layer = _watch(layer, note, {})
    return watched


def _watch(layer: Layer, note: Note, done: dict[int, Any]) -> Any:
    """Watch each layer once: one that appears twice stays shared."""
    if id(layer) not in done:
        children = getattr(layer, "children", {})
        inner = layer
        if children:
            inner = _exchange(layer, {id(child): _watch(child, note, done) for child in children.values()})
        done[id(layer)] = _Watched(layer, inner, note)
    return done[id(layer)]


def _exchange(layer: Any, new: Mapping[int, Layer]) -> Any:
    """Return a container with other layers in the fields that it is made from."""
    values = {field.name: getattr(layer, field.name) for field in fields(layer) if field.init}
    return replace(layer, **{name: _exchanged(value, new) for name, value in values.items()})


def _exchanged(value: Any, new: Mapping[int, Layer]) -> Any:
    if id(value) in new:
        return new[id(value)]
    if type(value) is tuple or type(value) is list:
        return type(value)(_exchanged(part, new) for part in value)
    if isinstance(value, Mapping):
        return {key: _exchanged(part, new) for key, part in value.items()}
    return value


class _Watched:
    """A layer with a watcher."""

    def __init__(self, layer: Layer, inner: Layer, note: Note) -> None:
        self._layer, self._inner, self._note = layer, inner, note
        self.name = layer.name

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        return self._inner.init(rng, input_shape)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        y, saved, state = self._inner.forward(params, state, x, ctx)
        self._note(self._layer, ctx, y)
        return y, saved, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        return self._inner.backward(params, saved, dy, ctx)
