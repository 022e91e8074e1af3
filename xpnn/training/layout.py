"""`Layout`: where each parameter of a tree of layers lies in one flat vector.

Layers see their parameters as a tree of shaped arrays; optimizers, gradient checks, files and moves see one vector. The
layout is the map between the two. It also knows tied weights: a layer object that appears twice owns its place in the
vector once, both appearances look at that place, and their gradients add up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import Array, Layer, Namespace, Params, Shape

__all__ = ["Layout", "Leaf", "leaves"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One appearance of a parameter: its path in the tree, and its place in the vector."""

    path: tuple[str, ...]
    shape: Shape
    start: int
    stop: int
    tied: bool

    @property
    def name(self) -> str:
        """Path with dots, e.g. ``"2.0.weight"``."""
        return ".".join(self.path)


class Layout:
    """Map between the tree of parameters of `layer` and one flat vector.

    Parameters
    ----------
    layer : Layer
        The outermost layer.
    params, state : Mapping
        What its `init` returned.

    Raises
    ------
    ShapeError
        If a shared layer needs weights of two different shapes.
    ArgumentError
        If a shared layer has state: each of its appearances would overwrite the other's.
    """

    def __init__(self, layer: Layer, params: Params, state: Mapping[str, Any]) -> None:
        self._leaves: list[Leaf] = []
        self.size = 0
        self._owners: dict[int, tuple[str, ...]] = {}
        self._owned: dict[tuple[str, ...], Leaf] = {}
        self._add(layer, params, state, ())

    def __iter__(self) -> Iterator[Leaf]:
        """Parameters in the order of the vector; tied appearances are left out."""
        return (leaf for leaf in self._leaves if not leaf.tied)

    def tree(self, flat: Array, xp: Namespace) -> dict[str, Any]:
        """Shaped slices of `flat`, shape (size,), as a tree; views where the array library has views."""
        root: dict[str, Any] = {}
        for leaf in self._leaves:
            _put(root, leaf.path, xp.reshape(flat[leaf.start : leaf.stop], leaf.shape))
        return root

    def fill(self, tree: Mapping[str, Any], grads: Params) -> None:
        """Write a tree of gradients into `tree`, the shaped views of a flat vector."""
        for leaf in self._leaves:
            view, grad = _get(tree, leaf.path), _get(grads, leaf.path)
            if leaf.tied:
                view += grad
            else:
                view[...] = grad

    def join(self, grads: Params, xp: Namespace, dtype: Any, device: Any) -> Array:
        """Return a tree of gradients as a new flat vector."""
        parts: dict[int, Array] = {}
        for leaf in self._leaves:
            part = xp.reshape(_get(grads, leaf.path), (leaf.stop - leaf.start,))
            parts[leaf.start] = parts[leaf.start] + part if leaf.tied else part
        return xp.concat(list(parts.values())) if parts else xp.zeros((0,), dtype=dtype, device=device)

    def complete(self, tree: dict[str, Any], layer: Layer) -> dict[str, Any]:
        """Add the empty branches of layers without parameters to a tree."""
        for name, child in getattr(layer, "children", {}).items():
            self.complete(tree.setdefault(name, {}), child)
        return tree

    def _add(self, layer: Layer, params: Params, state: Mapping[str, Any], path: tuple[str, ...]) -> None:
        children: Mapping[str, Layer] = getattr(layer, "children", {})
        owner = self._owners.setdefault(id(layer), path)
        if owner != path and any(True for _ in leaves(state)):
            raise ArgumentError(
                f"layer {'.'.join(path)}, {layer!r}: a layer with state must not be shared, got it twice."
            )
        for key, value in params.items():
            if key in children:
                self._add(children[key], value, state[key], (*path, key))
            elif owner == path:
                self._own((*path, key), tuple(value.shape))
            else:
                self._tie((*path, key), tuple(value.shape), self._owned[*owner, key], layer)

    def _own(self, path: tuple[str, ...], shape: Shape) -> None:
        leaf = Leaf(path, shape, self.size, self.size + prod(shape), tied=False)
        self._leaves.append(leaf)
        self._owned[path] = leaf
        self.size = leaf.stop

    def _tie(self, path: tuple[str, ...], shape: Shape, owned: Leaf, layer: Layer) -> None:
        if shape != owned.shape:
            raise ShapeError(
                f"layer {'.'.join(path[:-1])}, {layer!r}: {path[-1]} of a shared layer must have shape {owned.shape} "
                f"as in {owned.name}, got {shape}."
            )
        self._leaves.append(Leaf(path, shape, owned.start, owned.stop, tied=True))


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays of a tree with their dotted names, in order."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _get(tree: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _put(tree: dict[str, Any], path: tuple[str, ...], value: Array) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
