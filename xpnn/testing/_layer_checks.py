"""`LayerChecks`: what `check_layer` tries; each check returns what is wrong as a sentence, or None.

Over 150 lines: one method for each check.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from xpnn._tree import has_parts, map_shapes, map_tree, named_parts, tree_leaves
from xpnn.backend import float_dtype
from xpnn.context import RunContext
from xpnn.errors import CheckpointError
from xpnn.random import HostRng, ShapeRng, Streams
from xpnn.testing._layer_bench import LayerBench
from xpnn.testing.differences import derivative
from xpnn.training.codec import decode, encode, known_types
from xpnn.training.layout import leaves
from xpnn.typing import Array, Shape

__all__ = ["BATCHES", "LayerChecks"]

BATCHES = (0, 1, 3)
_TOLERANCE = 1e-6


class LayerChecks(LayerBench):
    """A layer on its bench, and the checks."""

    def shapes(self) -> str | None:
        again = self.layer.init(HostRng(np.random.default_rng(self.seed)), self.input_shape)[0]
        if not all(np.array_equal(a, b) for a, b in zip(tree_leaves(again), tree_leaves(self.first), strict=True)):
            return "init must draw from its rng alone, so that the same seed gives the same parameters."
        params, state, output_shape = self.layer.init(ShapeRng(), self.input_shape)
        for given, wanted in ((params, self.params), (state, self.state)):
            if _shapes(given) != _shapes(wanted):
                return "init gives other shapes when nothing is drawn."
        if output_shape != self.output_shape:
            return f"init gives output shape {output_shape} when nothing is drawn, else {self.output_shape}."
        for batch in BATCHES:
            y, _, new_state = self.forward(self.inputs(batch))
            given, wanted = map_tree(_shape, y), map_shapes(lambda shape, n=batch: (n, *shape), self.output_shape)
            if given != wanted:
                return f"output must have shape {wanted}, got {given}."
            if _shapes(new_state) != _shapes(self.state):
                return "forward must return a state with the names and shapes of the one from init."
        return None

    def dtypes(self) -> str | None:
        for name in ("float32", "float64"):
            dtype = float_dtype(self.backend, name)
            x = self.inputs(3)
            y, dx, grads, new_state = self.run(x, True, name)
            if isinstance(x, tuple) and not (isinstance(dx, tuple) and len(dx) == len(x)):
                return f"backward must return a tuple of {len(x)} gradients of the inputs, got {dx!r}."
            x = self.device(tree_leaves(x)[0], name)
            names = sorted(n for n, _ in leaves(self.params))
            if sorted(n for n, _ in leaves(grads)) != names:
                return f"backward must return gradients of {names}, got {sorted(n for n, _ in leaves(grads))}."
            arrays = {
                **named_parts("output", y),
                **named_parts("dx", dx),
                **dict(leaves(grads)),
                **dict(leaves(new_state)),
            }
            for what, array in arrays.items():
                if array.dtype != dtype or type(array) is not type(x):
                    return f"{what} must be a {name} array of type {type(x).__name__}, got {array.dtype}."
                if getattr(array, "device", None) != getattr(x, "device", None):
                    return f"{what} must be on device {x.device}, got {array.device}."
        return None

    def arguments(self) -> str | None:
        x, params, state = (self.tree(tree) for tree in (self.inputs(3), self.params, self.state))
        ctx, arrays = self.context(), tree_leaves((x, params, state))
        before = [np.array(self.host(a)) for a in arrays]
        y, saved, _ = self.layer.forward(params, state, x, ctx)
        dy = map_tree(lambda a: a + 1.0, y)
        arrays += tree_leaves(dy)
        before += [np.array(self.host(a)) for a in tree_leaves(dy)]
        self.layer.backward(params, saved, dy, ctx)
        same = all(np.array_equal(a, self.host(b)) for a, b in zip(before, arrays, strict=True))
        return None if same else "an argument was modified."

    def views(self) -> str | None:
        plain = map_tree(lambda a: a[::2], self.inputs(6))
        transposed = map_tree(self.transposed, plain)
        strided = map_tree(lambda a: self.device(np.repeat(a, 2, axis=0))[::2, ...], plain)
        wanted = [self.host(a) for a in tree_leaves(self.run(plain, True))]
        for view in (transposed, strided):
            given = [self.host(a) for a in tree_leaves(self.run(view, True))]
            if not all(np.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(given, wanted, strict=True)):
                return "a view gives other numbers than a contiguous array."
        return None

    def nan(self) -> str | None:
        x = self.inputs(3)
        parts = named_parts("x", map_tree(lambda _, part: part, self.run(x, False)[1], x))
        for part in parts.values():
            part[1] = np.nan
        if not parts:
            return None  # indices are never NaN
        outputs = [self.host(y) for y in tree_leaves(self.forward(x, training=False)[0])]
        return None if all(np.all(np.isnan(y[1])) for y in outputs) else "NaN in a sample must be NaN in its output."

    def interleaving(self) -> str | None:
        first, second = self.inputs(3), self.inputs(3)
        wanted = [self.host(a) for a in tree_leaves(self.run(first, True))]
        ctx = self.context()
        params, state = self.tree(self.params), self.tree(self.state)
        y, saved, new_state = self.layer.forward(params, state, self.tree(first), ctx)
        self.layer.forward(params, state, self.tree(second), ctx)
        dx, grads = self.layer.backward(params, saved, self.direction(y), ctx)
        given = [self.host(a) for a in tree_leaves((y, dx, grads, new_state))]
        same = all(np.array_equal(a, b) for a, b in zip(given, wanted, strict=True))
        return None if same else "a second forward disturbs the backward of the first."

    def without_dx(self) -> str | None:
        """Run as in a training step, where nobody reads the gradient of the input."""
        x = self.inputs(3)
        wanted = self.run(x, True)[2]
        ctx = RunContext(self.backend, True, Streams(self.seed), wants_dx=False)
        params = self.tree(self.params)
        y, saved, _ = self.layer.forward(params, self.tree(self.state), self.tree(x), ctx)
        grads = self.layer.backward(params, saved, self.direction(y), ctx)[1]
        pairs = zip(tree_leaves(grads), tree_leaves(wanted), strict=True)
        same = all(np.array_equal(self.host(a), self.host(b)) for a, b in pairs)
        return None if same else "backward gives other gradients when the one of the input is not wanted."

    def unread(self) -> str | None:
        """Of several outputs, leave all but one unread, each in turn."""
        x, params, state, ctx = self.tree(self.inputs(3)), self.tree(self.params), self.tree(self.state), self.context()
        for i in range(len(self.output_shape) if has_parts(self.output_shape) else 0):
            y, saved, _ = self.layer.forward(params, state, x, ctx)
            dy = tuple([a if j == i else None for j, a in enumerate(self.direction(y))])
            zeros = tuple([a if a is not None else self.backend.xp.zeros_like(b) for a, b in zip(dy, y, strict=True)])
            (dx, grads), (wanted_dx, wanted) = (self.layer.backward(params, saved, d, ctx) for d in (dy, zeros))
            pairs = [*_filled(dx, wanted_dx), *zip(tree_leaves(grads), tree_leaves(wanted), strict=True)]
            if not all(np.array_equal(self.host(a), self.host(b)) for a, b in pairs):
                return f"backward gives other gradients for None than for zeros, where output {i} alone is read."
        return None

    def file(self) -> str | None:
        if hasattr(type(self.layer), "unsavable"):
            return None
        data = encode(self.layer)
        try:
            again = decode(data, {**known_types(), type(self.layer).__name__: type(self.layer)})
        except CheckpointError as error:
            return str(error)
        return None if encode(again) == data and repr(again) == repr(self.layer) else "reading gives another layer."

    def gradients(self, training: bool, batch: int) -> str | None:
        """Compare at two random points along random directions; a point near a kink may be replaced by a third."""
        inputs = named_parts("x", self.run(self.inputs(batch), training)[1])
        for name in [*inputs, *(name for name, _ in leaves(self.params))]:
            errors = [self.error(name, training, batch) for _ in range(2)]
            if min(errors) <= _TOLERANCE < max(errors):
                errors.append(self.error(name, training, batch))
            if not sorted(errors)[1] <= _TOLERANCE:
                return f"gradient of {name} is off by {sorted(errors)[1]:.1e} of its size."
        return None

    def error(self, name: str, training: bool, batch: int) -> float:
        x = self.inputs(batch)
        arrays = {**named_parts("x", x), **dict(leaves(self.params))}
        direction = self.rng.standard_normal(arrays[name].shape)
        y, dx, grads, _ = self.run(x, training)
        gradient = self.host({**named_parts("x", dx), **dict(leaves(grads))}[name])
        expected = float(np.sum(gradient * direction))
        weights = [self.host(a) for a in tree_leaves(self.direction(y))]
        scale = float(np.sqrt(np.sum(gradient**2) * np.mean(direction**2))) if gradient.size else 1.0

        def moved(h: float) -> float:
            shifted = {**arrays, name: arrays[name] + h * direction}
            params = _map_named(self.params, lambda key, _: shifted[key])
            parts = tuple([shifted[key] for key in named_parts("x", x)])
            outputs = self.forward(parts if isinstance(x, tuple) else parts[0], params, training)[0]
            pairs = zip(weights, tree_leaves(outputs), strict=True)
            return float(sum(np.sum(weight * self.host(output)) for weight, output in pairs))

        numeric = derivative(moved, expected, max(scale, abs(expected), 1e-6))
        return abs(numeric - expected) / max(scale, abs(expected), 1e-6)


def _map_named(tree: Mapping[str, Any], f: Callable[[str, Any], Any], prefix: str = "") -> dict[str, Any]:
    return {
        key: _map_named(value, f, f"{prefix}{key}.") if isinstance(value, Mapping) else f(prefix + key, value)
        for key, value in tree.items()
    }


def _shape(array: Array) -> Shape:
    return tuple(array.shape)


def _shapes(tree: Mapping[str, Any]) -> Any:
    return map_tree(_shape, tree)


def _filled(dx: Any, wanted: Any) -> list[tuple[Array, Array]]:
    """Pairs of gradients of inputs; one that is None counts as zeros."""
    pairs = zip(dx if isinstance(dx, tuple) else (dx,), wanted if isinstance(wanted, tuple) else (wanted,), strict=True)
    return [(0.0 * b if a is None else a, b) for a, b in pairs if b is not None]
