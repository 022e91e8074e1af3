"""`Weights`: the flat vector of parameters and the state of a network, on one backend.

Over 150 lines: one class; its methods are short.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.backend import MIXED, float_dtype, to_host
from xpnn.errors import ArgumentError, ShapeError
from xpnn.training.layout import Layout, leaves
from xpnn.training.ports import input_names, output_names
from xpnn.typing import Array, Backend, HostArray, Layer, Params, Shape, State

__all__ = ["Weights"]


class Weights:
    """Parameters and state of `layer` on `backend`.

    Where the library's slices are views (`in_place`), the vector is made once and written in place, and the layers'
    views of it are made once too. Elsewhere every step makes a new vector.

    Parameters
    ----------
    layer : Layer
        The outermost layer.
    params, state : Mapping
        What its `init` returned: trees of host arrays.
    backend : Backend
        Where the arrays shall live.
    dtype : str
        One of `xpnn.backend.DTYPES`.

    Attributes
    ----------
    half : str or None
        Type in which products are computed where it is not that of the parameters.
    """

    def __init__(self, layer: Layer, params: Params, state: State, backend: Backend, dtype: str) -> None:
        self.layer, self.backend = layer, backend
        self.layout = Layout(layer, params, state)
        self.frozen: frozenset[str] = frozenset()
        self.frozen_layers: frozenset[str] = frozenset()
        self.input_names, self.output_names = input_names(layer), output_names(layer)
        self.half = "float16" if dtype == MIXED else None
        self.dtype, self.host_dtype = float_dtype(backend, dtype), np.dtype("float32" if self.half else dtype)
        self.in_place = bool(getattr(backend, "shares_views", False))
        host = np.empty(self.layout.size, dtype=self.host_dtype)
        named = dict(leaves(params))
        for leaf in self.layout:
            host[leaf.start : leaf.stop] = np.reshape(named[leaf.name], -1)
        self._state: State = self._to_device(state)
        self._flat = backend.asarray(host, self.dtype)
        self._tree: Params | None = None

    @property
    def flat(self) -> Array:
        """All parameters, shape (size,), on the device; assign a host array or a device vector."""
        return self._flat

    @flat.setter
    def flat(self, values: Array) -> None:
        if isinstance(values, np.ndarray):
            values = self.backend.asarray(values.copy(), self.dtype)
        if self.in_place:
            self._flat[...] = values
        else:
            self._flat, self._tree = values, None

    @property
    def tree(self) -> Params:
        """The parameters as layers see them: shaped slices of the vector."""
        if self._tree is None:
            self._tree = self._make_tree(self._flat)
        return self._tree

    def tree_of(self, flat: Array) -> Params:
        """Another vector of parameters as layers would see it."""
        return self.tree if flat is self._flat else self._make_tree(flat)

    @property
    def state(self) -> State:
        """What the layers remember; assign a new tree. Where arrays can be written in place, they stay the same."""
        return self._state

    @state.setter
    def state(self, tree: State) -> None:
        if self.in_place:
            _overwrite(self._state, tree)
        else:
            self._state = tree

    @cached_property
    def _gradient(self) -> tuple[Array, Params]:
        flat = self.backend.xp.zeros_like(self._flat)
        return flat, self._make_tree(flat)

    def gradient(self, grads: Params) -> Array:
        """Return a tree of gradients as one vector, valid until the next call where vectors are written in place."""
        if not self.in_place:
            return self.layout.join(grads, self.backend.xp, self.dtype, self.backend.device)
        flat, tree = self._gradient
        self.layout.fill(tree, grads)
        return flat

    def decay_mask(self) -> Array:
        """1 where weight decay and penalties act (parameters with two or more axes), 0 for biases and norms."""
        mask = np.zeros(self.layout.size, dtype=bool)
        for leaf in self.layout:
            mask[leaf.start : leaf.stop] = len(leaf.shape) >= 2
        return self.vector(mask)

    def vector(self, values: HostArray) -> Array:
        """Bring one value per parameter to the device."""
        return self.backend.asarray(values, self.dtype)

    def host_parameters(self) -> dict[str, HostArray]:
        """Copies of the parameters on the host, by name."""
        return self.split(self.backend.to_numpy(self._flat))

    def split(self, flat: HostArray) -> dict[str, HostArray]:
        """Copies of the parts of a host vector, by the names of the parameters."""
        return {leaf.name: flat[leaf.start : leaf.stop].reshape(leaf.shape).copy() for leaf in self.layout}

    def host_state(self) -> dict[str, HostArray]:
        """Copies of the state on the host, by name."""
        return {name: np.array(self.backend.to_numpy(value)) for name, value in leaves(self.state)}

    def set_parameters(self, values: Mapping[str, Any]) -> None:
        """Replace the named parameters; all are checked before any is replaced."""
        flat = np.array(self.backend.to_numpy(self._flat))
        new = _checked("parameters", values, {leaf.name: leaf.shape for leaf in self.layout})
        for leaf in self.layout:
            if leaf.name in new:
                flat[leaf.start : leaf.stop] = np.reshape(new[leaf.name], -1)
        self.flat = flat

    def set_flat(self, values: Any) -> None:
        """Replace all parameters by one vector, shape (size,)."""
        self.flat = _checked("parameters", {"flat_parameters": values}, {"flat_parameters": (self.layout.size,)})[
            "flat_parameters"
        ]

    def set_state(self, values: Mapping[str, Any]) -> None:
        """Replace the named parts of the state; all are checked before any is replaced."""
        shapes = {name: tuple(value.shape) for name, value in leaves(self.state)}
        self.state = self._renew(self.state, _checked("state", values, shapes), "")

    def _renew(self, tree: State, values: Mapping[str, HostArray], prefix: str) -> State:
        new: dict[str, Any] = {}
        for key, value in tree.items():
            if isinstance(value, Mapping):
                new[key] = self._renew(value, values, f"{prefix}{key}.")
            elif prefix + key in values:
                new[key] = self.backend.asarray(np.array(values[prefix + key]), self.dtype)
            else:
                new[key] = value
        return new

    def _to_device(self, tree: State) -> State:
        return {
            key: self._to_device(value)
            if isinstance(value, Mapping)
            else self.backend.asarray(np.array(value), self.dtype)
            for key, value in tree.items()
        }

    def _make_tree(self, flat: Array) -> Params:
        return self.layout.complete(self.layout.tree(flat, self.backend.xp), self.layer)


def _overwrite(old: State, new: State) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping):
            _overwrite(old[key], value)
        elif value is not old[key]:
            old[key][...] = value


def _checked(argument: str, values: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, HostArray]:
    """Bring named values to the host; refuse unknown names, other shapes, and what are no numbers."""
    arrays = {}
    for name, value in values.items():
        if name not in shapes:
            _check.choice(f"names of {argument}", name, shapes)
        array = to_host(value, name)
        if array.dtype.kind not in "biuf":
            raise ArgumentError(f"{name} must hold real numbers, got an array of dtype {array.dtype}.")
        if array.shape != shapes[name]:
            raise ShapeError(f"{name} must have shape {shapes[name]}, got {array.shape}.")
        arrays[name] = array
    return arrays
