"""`check_gradients`: backpropagation of a network against difference quotients.

Over 150 lines: a third of them are documentation.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from xpnn import _check
from xpnn._tree import map_tree, tree_leaves
from xpnn.backend import to_host
from xpnn.errors import ArgumentError
from xpnn.network import Network
from xpnn.testing.differences import derivative
from xpnn.testing.report import GradientReport
from xpnn.training.ports import as_parts
from xpnn.typing import HostArray

__all__ = ["check_gradients"]


def check_gradients(
    network: Network,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    training: bool = True,
    tolerance: float = 1e-5,
    max_per_array: int = 40,
    seed: int = 0,
) -> GradientReport:
    r"""Compare the gradients of a network with difference quotients of its loss, in float64 and on its own backend.

    Parameters
    ----------
    network : Network
        It is not changed: a copy in float64 is checked.
    x, y, sample_weight : array
        A batch, as for `Network.fit`.
    training : bool
        Whether layers behave as in training. Dropout masks are the same in all evaluations.
    tolerance : float
        Greatest error that passes. The error of a derivative is :math:`|n - g| / \max(|n|, |g|, s)` with the numeric
        value :math:`n`, the gradient :math:`g`, and :math:`s` a hundredth of the greatest gradient of its array (or
        1e-6, or 1e-8 of the loss, if that is more).
    max_per_array : int
        In an array with more elements than this, so many are picked at random.
    seed : int
        Determines the picks.

    Returns
    -------
    report : GradientReport
        With `passed`, `max_error` and `worst`: the name of a parameter, or ``"x"`` for the input, ``"x.<name>"`` for
        one of several, and the index.

    Raises
    ------
    ArgumentError
        If there is no sample.

    Notes
    -----
    Fourth-order central differences; derivatives at a kink (a rectifier at 0) are skipped and counted.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.layers import Dense
    >>> net = Network([Dense(4, activation="tanh"), Dense(2)], loss="cross_entropy")
    >>> check_gradients(net, np.asarray([[0.1, -0.2], [0.3, 0.5]]), np.asarray([0, 1])).passed
    True
    """
    max_per_array = _check.integer("max_per_array", max_per_array)
    inputs = _host_inputs(x, network._input_names)
    shapes = [values.shape for values in tree_leaves(inputs)]
    if any(shape[:1] in ((), (0,)) for shape in shapes):
        raise ArgumentError(f"x must hold at least one sample, got shape {shapes[0]}.")
    if not network.built:
        network.build(map_tree(lambda values: values.shape[1:], inputs))
    copy = network.copy_to(network.backend, dtype="float64")
    value, grads, dx = copy.loss_and_gradients(inputs, y, sample_weight=sample_weight, training=training)
    loss = _loss_function(copy, inputs, y, sample_weight, training)
    start = copy.flat_parameters
    rng = np.random.default_rng(seed)
    results = []
    offset = 0
    arrays = {}
    for name, grad in grads.items():
        arrays[name] = grad, start[offset : offset + grad.size]
        offset += grad.size
    for name, grad in _named(dx, network._input_names).items():
        arrays[name] = grad, _named(inputs, network._input_names)[name].reshape(-1)
    for name, (grad, values) in arrays.items():
        results.append(_check_array(name, grad, values, lambda: loss(start), rng, max_per_array, value))
    return _join(results, tolerance)


def _host_inputs(x: Any, names: tuple[str, ...]) -> Any:
    """Inputs as float64 arrays that may be changed: one, or a tuple of several."""
    if len(names) > 1 or isinstance(x, Mapping):
        x = as_parts("x", x, names)
    several = len(names) > 1
    return (
        map_tree(lambda a: np.array(to_host(a, "x"), dtype=np.float64, order="C"), tuple(x))
        if several
        else np.array(to_host(x, "x"), dtype=np.float64, order="C")
    )


def _named(value: Any, names: tuple[str, ...]) -> dict[str, HostArray]:
    """The input as ``"x"``, or several inputs as ``"x.<name>"``, without those that have no gradient."""
    if not isinstance(value, tuple):
        return {} if value is None else {"x": value}
    return {f"x.{name}": part for name, part in zip(names, value, strict=True) if part is not None}


def _loss_function(copy: Network, x: Any, y: Any, sample_weight: Any, training: bool) -> Callable[[HostArray], float]:
    def loss(flat: HostArray) -> float:
        copy.flat_parameters = flat
        return copy.loss_and_gradients(x, y, sample_weight=sample_weight, training=training)[0]

    return loss


def _check_array(
    name: str, grad: HostArray, values: HostArray, loss: Callable[[], float], rng: Any, count: int, value: float
) -> tuple[str, list[tuple[float, tuple[int, ...]]], int]:
    """Errors and indices of the derivatives of one array whose elements are `values`, a view that `loss` sees."""
    flat = grad.reshape(-1)
    scale = max(float(np.max(np.abs(flat), initial=0.0)) * 1e-2, 1e-6, 1e-8 * abs(value))
    picks = range(flat.size) if flat.size <= count else sorted(rng.choice(flat.size, count, replace=False))
    errors, skipped = [], 0
    for i in picks:
        at = float(values[i])

        def shifted(h: float, i: int = i, at: float = at) -> float:
            values[i] = at + h
            try:
                return loss()
            finally:
                values[i] = at

        expected = float(flat[i])
        numeric = derivative(shifted, expected, max(abs(expected), scale))
        if numeric.is_kink:
            skipped += 1
            continue
        error = abs(numeric - expected) / max(abs(numeric), abs(expected), scale)
        errors.append((float(error), tuple(int(k) for k in np.unravel_index(i, grad.shape))))
    return name, errors, skipped


def _join(results: list[tuple[str, list[tuple[float, tuple[int, ...]]], int]], tolerance: float) -> GradientReport:
    greatest, checked = 0.0, 0
    worst: tuple[str, tuple[int, ...]] = ("", ())
    for name, errors, _ in results:
        checked += len(errors)
        for error, index in errors:
            if greatest == greatest and not error <= greatest:  # once NaN, always NaN
                greatest, worst = error, (name, index)
    skipped = sum(result[2] for result in results)
    return GradientReport(checked > 0 and greatest <= tolerance, greatest, worst, checked, skipped, tolerance)
