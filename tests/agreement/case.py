"""`Case`: a computation of xpnn and the same one by an oracle; `errors` says how far they are from each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn._tree import map_shapes, map_tree, named_parts, tree_leaves
from xpnn.backend import float_dtype, using

__all__ = ["Case", "compute", "errors", "layer_case", "record", "relative", "types_on_jax", "value_and_gradient"]


@dataclass(frozen=True)
class Case:
    """One random configuration.

    Parameters
    ----------
    description : str
        The configuration in words, for messages.
    run : callable
        Takes a backend and its dtype, and returns host arrays by name.
    reference : callable
        Takes the name of the dtype in which the inputs are to be rounded, and returns the same arrays by name,
        computed in float64 by somebody else.
    """

    description: str
    run: Callable[[Any, Any], dict[str, Any]]
    reference: Callable[[str], dict[str, Any]]


def errors(case, backend, dtype="float64"):
    """Errors of every element of every array, by name; see `relative`."""
    with using(backend):
        given = case.run(backend, float_dtype(backend, dtype))
    wanted = case.reference(dtype)
    assert given.keys() == wanted.keys(), f"{case.description}: {sorted(given)} against {sorted(wanted)}"
    return {name: relative(given[name], wanted[name], f"{case.description}, {name}") for name in wanted}


FLOOR = 0.1
"""Size below which a whole array counts as the rounding errors of zero, where inputs are of the size of 1."""


def relative(given, wanted, where=""):
    """Distances of the elements, relative to the largest one or to `FLOOR`; NaN agree, and so do equal infinities."""
    given, wanted = np.asarray(given, np.float64), np.asarray(wanted, np.float64)
    assert given.shape == wanted.shape, f"{where}: shape {given.shape}, wanted {wanted.shape}"
    if not wanted.size:
        return np.zeros(0)
    finite = np.isfinite(wanted)
    scale = np.abs(wanted[finite]).max(initial=FLOOR)
    same = (given == wanted) | (np.isnan(given) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        distance = np.where(finite & np.isfinite(given), np.abs(given - wanted) / scale, np.inf)
    return np.where(same, 0.0, distance).ravel()


def compute(backend, function, *trees, training=True, seed=0):
    """Call `function` with a context and trees of device arrays; bring the arrays that it returns by name to the host.

    JAX compiles every operation for every shape. There the function is recorded and compiled whole, as a step is.
    """
    from xpnn.context import RunContext
    from xpnn.random import Streams

    if not backend.name.startswith("jax"):
        arrays = function(RunContext(backend, training, Streams(seed)), *trees)
        return {name: backend.to_numpy(a) for name, a in arrays.items()}
    program, names, given = record(backend, function, *trees, training=training, seed=seed)
    (compiler,) = backend.compilers
    results, _ = compiler.compile(program, None).run([], given, [])
    return {name: backend.to_numpy(a) for name, a in zip(names, results, strict=True)}


def types_on_jax(backend, function, *trees, training=True):
    """Shapes and types that JAX gives the arrays: it tells both without a compilation."""
    import jax
    import jax.numpy as jnp

    program, names, given = record(backend, function, *trees, training=training)
    run = lambda *arrays: program.evaluate(jnp, lambda name: getattr(jnp, name), [], arrays, [])[0]  # noqa: E731
    return {name: (a.shape, a.dtype.name) for name, a in zip(names, jax.eval_shape(run, *given), strict=True)}


def record(backend, function, *trees, training=True, seed=0):
    """Write down what `compute` computes: the program, the names of its outputs, and its inputs, random ones too."""
    from xpnn.namespaces import Recorder
    from xpnn.random import Streams
    from xpnn.training.recording_context import RecordingContext

    recorder, draws = Recorder(backend), []
    traced = map_tree(recorder.give, trees)
    arrays = function(RecordingContext(recorder, draws, backend, training, Streams(seed)), *traced)
    program, streams = recorder.program(list(arrays.values()), {}), Streams(seed)
    return program, list(arrays), [*tree_leaves(trees), *(draw.repeat(streams, backend) for draw in draws)]


def value_and_gradient(loss):
    """Return what a loss computes, for `compute`."""

    def both(ctx, outputs, targets, weight=None):
        return dict(zip(("value", "gradient"), loss.value_and_gradient(ctx.xp, outputs, targets, weight), strict=True))

    return both


def layer_case(rng, layer, input_shape, oracle, *, batch=None, training=True, low=None, draw=None, constant=()):
    """Compare output, gradient of the input, and gradients of the parameters of a layer.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws parameters, state, input and the upstream gradient.
    layer : Layer
        What xpnn computes.
    input_shape : tuple of int, or tuple of such tuples
        Shape of one sample; of a layer with several inputs, the shapes of all.
    oracle : callable
        Takes the input and mappings of parameters and of state by dotted names, all float64 tensors of PyTorch in the
        layout of xpnn (channels last), and returns the output in that layout. Autograd does the rest. Several inputs,
        and several outputs, are tuples.
    batch : int, optional
        Number of samples; by default one of 0, 1, 2, 3, 5.
    training : bool
        Whether the layer behaves as in training.
    low : float, optional
        If given, inputs are drawn uniformly from [low, low + 1) rather than from the normal distribution.
    draw : callable, optional
        Takes the generator and the number of samples and returns the inputs, where these will not do. Integers stay
        integers and have no gradient.
    constant : sequence of int
        Places of the inputs, of several, that have no gradient, such as masks; `backward` must give None for them.
    """
    from xpnn.random import HostRng
    from xpnn.training.layout import leaves

    batch = int(rng.choice([0, 1, 2, 3, 5])) if batch is None else batch
    params, state, output_shape = layer.init(HostRng(rng), tuple(input_shape))
    params = map_tree(lambda a: np.asarray(a) + 0.1 * rng.standard_normal(np.shape(a)), params)
    state = map_tree(lambda a: np.asarray(a) + 0.5 * rng.random(np.shape(a)), state)
    shape = map_shapes(lambda sample: (batch, *sample), tuple(input_shape))
    if draw is not None:
        x = draw(rng, batch)
    else:
        x = map_shapes(lambda s: rng.standard_normal(s) if low is None else low + rng.random(s), shape)
    dy = map_shapes(lambda sample: rng.standard_normal((batch, *sample)), output_shape)

    def both_ways(ctx, params, state, x, dy):
        y, saved, _ = layer.forward(params, state, x, ctx)
        dx, grads = layer.backward(params, saved, dy, ctx)
        return {**named_parts("y", y), **named_parts("dx", dx), **dict(leaves(grads))}

    def run(backend, dtype):
        def place(a):
            return backend.asarray(np.array(a), None if np.asarray(a).dtype.kind == "i" else dtype)

        return compute(
            backend, both_ways, *(map_tree(place, tree) for tree in (params, state, x, dy)), training=training
        )

    def reference(dtype):
        import torch

        def tensor(a, wants_gradient=True):
            if np.asarray(a).dtype.kind == "i":
                return torch.tensor(np.asarray(a))
            return torch.tensor(np.asarray(a, dtype).astype("float64"), requires_grad=wants_gradient)

        inputs, weights = map_tree(tensor, x), {name: tensor(a) for name, a in leaves(params)}
        y = oracle(inputs, weights, {name: tensor(a, False) for name, a in leaves(state)})
        variables = {**named_parts("dx", inputs), **weights}
        fixed = {f"dx{i}" for i in constant}
        variables = {name: leaf for name, leaf in variables.items() if leaf.requires_grad and name not in fixed}
        upstream = map_tree(lambda a: tensor(a, False), dy)
        grads = torch.autograd.grad(tree_leaves(y), list(variables.values()), tree_leaves(upstream), allow_unused=True)
        results = {name: part.detach().numpy() for name, part in named_parts("y", y).items()}
        for (name, leaf), grad in zip(variables.items(), grads, strict=True):
            results[name] = np.zeros(leaf.shape) if grad is None else grad.numpy()
        return results

    return Case(f"{layer!r} on {shape}", run, reference)
