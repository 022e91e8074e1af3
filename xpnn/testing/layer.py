"""`check_layer`: what every layer owes, checked for one layer on one backend."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from xpnn._check import shape as _check_shape
from xpnn.backend import float_dtype, get_backend, using
from xpnn.context import RunContext
from xpnn.errors import CheckpointError
from xpnn.layers._children import as_layers
from xpnn.random import HostRng, ShapeRng, Streams
from xpnn.testing.differences import derivative
from xpnn.testing.report import Report
from xpnn.training.codec import decode, encode, known_types
from xpnn.training.layout import leaves
from xpnn.typing import Array, Backend, HostArray, Layer, Shape

__all__ = ["check_layer"]

_BATCHES = (0, 1, 5)
_TOLERANCE = 1e-6


def check_layer(
    layer: Layer, input_shape: Shape | int, *, backend: str | Backend = "numpy", seed: int = 0, nan_safe: bool = False
) -> Report:
    """Run the checks that every layer of this library passes.

    1. `init` gives the parameters, state and output shape that `forward` then has, and draws nothing for shapes alone.
    2. The gradients of input and parameters agree with difference quotients in float64 (along random directions, for
       batches of 0, 1 and 5 samples, in training and in inference).
    3. dtype, namespace and device of the input are kept, in float32 and float64.
    4. No argument is modified.
    5. An input that is a transposed or strided view gives the same numbers.
    6. NaN in the input is seen in the output.
    7. Two forwards before a backward do not disturb each other.
    8. The gradients are the same when nobody reads that of the input.
    9. The layer can be written to a file and read back.

    Parameters
    ----------
    layer : Layer
        The layer.
    input_shape : tuple of int
        Shape of one sample.
    backend : str or Backend
        Where to check; it must have float64.
    seed : int
        Determines parameters, inputs and directions.
    nan_safe : bool
        Whether the layer may hide NaN (a layer that drops inputs).

    Returns
    -------
    report : Report
        ``report.passed``, and a sentence for each failure in ``report.failures``.

    Examples
    --------
    >>> from xpnn.layers import Dense
    >>> check_layer(Dense(3, activation="tanh"), (4,)).passed
    True
    """
    as_layers(layer)
    backend = get_backend(backend)
    with using(backend):
        return _check(_Bench(layer, _check_shape("input_shape", input_shape), backend, seed), nan_safe)


def _check(bench: "_Bench", nan_safe: bool) -> Report:
    checks: dict[str, Callable[[], str | None]] = {
        "shapes": bench.shapes,
        "dtypes": bench.dtypes,
        "arguments": bench.arguments,
        "views": bench.views,
        "interleaving": bench.interleaving,
        "without dx": bench.without_dx,
        "file": bench.file,
    }
    for training in (True, False):
        for batch in _BATCHES:
            mode = "training" if training else "inference"
            checks[f"gradients, {mode}, batch {batch}"] = lambda t=training, b=batch: bench.gradients(t, b)  # type: ignore[misc]
    if not nan_safe:
        checks["NaN"] = bench.nan
    failures = []
    for name, check in checks.items():
        try:
            failure = check()
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        if failure is not None:
            failures.append(f"{bench.layer!r} on {bench.backend.name}, {name}: {failure}")
    return Report(tuple(checks), tuple(failures))


class _Bench:
    """A layer with parameters that are away from their special initial values, and inputs for it."""

    def __init__(self, layer: Layer, input_shape: Shape, backend: Backend, seed: int) -> None:
        self.layer, self.input_shape, self.backend, self.seed = layer, input_shape, backend, seed
        self.rng = np.random.default_rng(seed)
        self.params, self.state, self.output_shape = layer.init(HostRng(np.random.default_rng(seed)), input_shape)
        self.first = self.params
        self.params = _map(self.params, lambda a: a + 0.1 * self.rng.standard_normal(a.shape))

    def shapes(self) -> str | None:
        again = self.layer.init(HostRng(np.random.default_rng(self.seed)), self.input_shape)[0]
        if not all(np.array_equal(a, b) for a, b in zip(_arrays(again), _arrays(self.first), strict=True)):
            return "init must draw from its rng alone, so that the same seed gives the same parameters."
        params, state, output_shape = self.layer.init(ShapeRng(), self.input_shape)
        for given, wanted in ((params, self.params), (state, self.state)):
            if [(n, a.shape) for n, a in leaves(given)] != [(n, a.shape) for n, a in leaves(wanted)]:
                return "init gives other shapes when nothing is drawn."
        if output_shape != self.output_shape:
            return f"init gives output shape {output_shape} when nothing is drawn, else {self.output_shape}."
        for batch in _BATCHES:
            y, _, new_state = self.forward(self.inputs(batch))
            if tuple(y.shape) != (batch, *self.output_shape):
                return f"output must have shape {(batch, *self.output_shape)}, got {tuple(y.shape)}."
            if [(n, a.shape) for n, a in leaves(new_state)] != [(n, tuple(a.shape)) for n, a in leaves(self.state)]:
                return "forward must return a state with the names and shapes of the one from init."
        return None

    def dtypes(self) -> str | None:
        for name in ("float32", "float64"):
            dtype = float_dtype(self.backend, name)
            x = self.backend.asarray(self.inputs(3), dtype)
            y, dx, grads, new_state = self.run(self.inputs(3), True, name)
            names = sorted(n for n, _ in leaves(self.params))
            if sorted(n for n, _ in leaves(grads)) != names:
                return f"backward must return gradients of {names}, got {sorted(n for n, _ in leaves(grads))}."
            arrays = {"output": y, "dx": dx, **dict(leaves(grads)), **dict(leaves(new_state))}
            for what, array in arrays.items():
                if array.dtype != dtype or type(array) is not type(x):
                    return f"{what} must be a {name} array of type {type(x).__name__}, got {array.dtype}."
                if getattr(array, "device", None) != getattr(x, "device", None):
                    return f"{what} must be on device {x.device}, got {array.device}."
        return None

    def arguments(self) -> str | None:
        x, params, state, ctx = (
            self.device(self.inputs(3)),
            self.tree(self.params),
            self.tree(self.state),
            self.context(),
        )
        before = [np.array(self.host(a)) for a in (x, *_arrays(params), *_arrays(state))]
        y, saved, _ = self.layer.forward(params, state, x, ctx)
        dy = y + 1.0
        dy_before = np.array(self.host(dy))
        self.layer.backward(params, saved, dy, ctx)
        after = [self.host(a) for a in (x, *_arrays(params), *_arrays(state))]
        same = all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
        return None if same and np.array_equal(dy_before, self.host(dy)) else "an argument was modified."

    def views(self) -> str | None:
        plain = self.inputs(6)
        wide = np.repeat(plain[::2], 2, axis=0)
        axes = tuple(reversed(range(plain.ndim)))
        xp = self.backend.xp
        transposed = xp.permute_dims(self.device(np.ascontiguousarray(np.transpose(plain[::2], axes))), axes)
        wanted = [self.host(a) for a in _arrays(self.run(plain[::2], True))]
        for view in (transposed, self.device(wide)[::2, ...]):
            given = [self.host(a) for a in _arrays(self.run(view, True))]
            if not all(np.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(given, wanted, strict=True)):
                return "a view gives other numbers than a contiguous array."
        return None

    def nan(self) -> str | None:
        x = self.inputs(3)
        x[1] = np.nan
        y = self.host(self.forward(x, training=False)[0])
        return None if np.all(np.isnan(y[1])) else "NaN in a sample must be NaN in its output."

    def interleaving(self) -> str | None:
        first, second = self.inputs(3), self.inputs(3)
        wanted = [self.host(a) for a in _arrays(self.run(first, True))]
        ctx = self.context()
        params, state = self.tree(self.params), self.tree(self.state)
        y, saved, new_state = self.layer.forward(params, state, self.device(first), ctx)
        self.layer.forward(params, state, self.device(second), ctx)
        dx, grads = self.layer.backward(params, saved, self.direction(y), ctx)
        given = [self.host(a) for a in _arrays((y, dx, grads, new_state))]
        same = all(np.array_equal(a, b) for a, b in zip(given, wanted, strict=True))
        return None if same else "a second forward disturbs the backward of the first."

    def without_dx(self) -> str | None:
        """Run as in a training step, where nobody reads the gradient of the input."""
        x = self.inputs(3)
        wanted = self.run(x, True)[2]
        ctx = RunContext(self.backend, True, Streams(self.seed), wants_dx=False)
        params = self.tree(self.params)
        y, saved, _ = self.layer.forward(params, self.tree(self.state), self.device(x), ctx)
        grads = self.layer.backward(params, saved, self.direction(y), ctx)[1]
        pairs = zip(_arrays(grads), _arrays(wanted), strict=True)
        same = all(np.array_equal(self.host(a), self.host(b)) for a, b in pairs)
        return None if same else "backward gives other gradients when the one of the input is not wanted."

    def file(self) -> str | None:
        data = encode(self.layer)
        try:
            again = decode(data, {**known_types(), type(self.layer).__name__: type(self.layer)})
        except CheckpointError as error:
            return str(error)
        return None if encode(again) == data and repr(again) == repr(self.layer) else "reading gives another layer."

    def gradients(self, training: bool, batch: int) -> str | None:
        """Compare at two random points along random directions; a point near a kink may be replaced by a third."""
        for name in ["x", *(name for name, _ in leaves(self.params))]:
            errors = [self.error(name, training, batch) for _ in range(2)]
            if min(errors) <= _TOLERANCE < max(errors):
                errors.append(self.error(name, training, batch))
            if not sorted(errors)[1] <= _TOLERANCE:
                return f"gradient of {name} is off by {sorted(errors)[1]:.1e} of its size."
        return None

    def error(self, name: str, training: bool, batch: int) -> float:
        x = self.inputs(batch)
        arrays = {"x": x, **dict(leaves(self.params))}
        direction = self.rng.standard_normal(arrays[name].shape)
        y, dx, grads, _ = self.run(x, training)
        gradient = self.host({"x": dx, **dict(leaves(grads))}[name])
        expected = float(np.sum(gradient * direction))
        weight = self.host(self.direction(y))
        scale = float(np.sqrt(np.sum(gradient**2) * np.mean(direction**2))) if gradient.size else 1.0

        def moved(h: float) -> float:
            shifted = {**arrays, name: arrays[name] + h * direction}
            params = _map_named(self.params, lambda key, _: shifted[key])
            return float(np.sum(weight * self.host(self.forward(shifted["x"], params, training)[0])))

        numeric = derivative(moved, expected, max(scale, abs(expected), 1e-6))
        return abs(numeric - expected) / max(scale, abs(expected), 1e-6)

    def run(self, x: Any, training: bool, dtype: str = "float64") -> tuple[Array, Array, Any, Any]:
        ctx = self.context(training)
        params, state = self.tree(self.params, dtype), self.tree(self.state, dtype)
        x = self.device(x, dtype) if isinstance(x, np.ndarray) else x
        y, saved, new_state = self.layer.forward(params, state, x, ctx)
        dx, grads = self.layer.backward(params, saved, self.direction(y), ctx)
        return y, dx, grads, new_state

    def forward(self, x: HostArray, params: Any = None, training: bool = True) -> tuple[Array, Any, Any]:
        params = self.tree(self.params if params is None else params)
        return self.layer.forward(params, self.tree(self.state), self.device(x), self.context(training))

    def inputs(self, batch: int) -> HostArray:
        return self.rng.standard_normal((batch, *self.input_shape))

    def direction(self, y: Array) -> Array:
        """A fixed upstream gradient for outputs of this shape."""
        values = np.random.default_rng(self.seed + 1).standard_normal(tuple(y.shape))
        return self.backend.asarray(values, y.dtype)

    def context(self, training: bool = True) -> RunContext:
        return RunContext(self.backend, training, Streams(self.seed))

    def device(self, values: HostArray, dtype: str = "float64") -> Array:
        return self.backend.asarray(values.copy(), float_dtype(self.backend, dtype))

    def host(self, x: Array) -> HostArray:
        return self.backend.to_numpy(x)

    def tree(self, tree: Any, dtype: str = "float64") -> Any:
        return _map(tree, lambda a: self.device(np.array(a), dtype))


def _map(tree: Mapping[str, Any], f: Callable[[Any], Any]) -> dict[str, Any]:
    return _map_named(tree, lambda _, value: f(value))


def _map_named(tree: Mapping[str, Any], f: Callable[[str, Any], Any], prefix: str = "") -> dict[str, Any]:
    return {
        key: _map_named(value, f, f"{prefix}{key}.") if isinstance(value, Mapping) else f(prefix + key, value)
        for key, value in tree.items()
    }


def _arrays(tree: Any) -> list[Any]:
    if isinstance(tree, Mapping):
        return [a for value in tree.values() for a in _arrays(value)]
    if isinstance(tree, tuple):
        return [a for value in tree for a in _arrays(value)]
    return [tree]
