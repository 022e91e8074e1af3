"""`check_gradient`: the gradient check of CS224n, for any function that returns its own gradient."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.testing.report import GradientReport

__all__ = ["check_gradient"]


def check_gradient(
    f: Callable[[Any], tuple[Any, Any]], x: Any, *, step: float = 1e-4, tolerance: float = 1e-5
) -> GradientReport:
    r"""Compare the gradient that `f` returns with central differences.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns the cost, a number, and its gradient, an array of the shape of `x`. It may draw from the global
        generators of `random` and `numpy.random`: each call sees them in the same state.
    x : array of float64, any shape (also 0-d)
        Where to check; it is not modified.
    step : float
        Half the distance of the two points.
    tolerance : float
        Greatest error that passes, where the error at an index with numeric derivative :math:`n` and gradient :math:`g`
        is :math:`|n - g| / \max(1, |n|, |g|)`.

    Returns
    -------
    report : GradientReport
        With `passed`, `max_error` and `worst`, e.g. ``("x", (0, 3))``.

    Raises
    ------
    ArgumentError
        If the gradient has another shape than `x`.

    References
    ----------
    .. [1] Stanford CS224n, 2017, assignment 1, question 2 (``gradcheck_naive``).

    Examples
    --------
    >>> import numpy as np
    >>> check_gradient(lambda x: (np.sum(x**2), 2 * x), np.asarray([1.0, -3.0])).passed
    True
    >>> check_gradient(lambda x: (np.sum(x**2), 2.02 * x), np.asarray([1.0, -3.0])).worst
    ('x', (1,))
    """
    step, tolerance = _check.positive("step", step), _check.positive("tolerance", tolerance)
    point = np.array(x, dtype=np.float64)
    states = random.getstate(), np.random.get_state()  # noqa: NPY002

    def evaluate(at: Any) -> tuple[float, Any]:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        cost, gradient = f(at)
        return float(cost), np.asarray(gradient, dtype=np.float64)

    gradient = evaluate(point.copy())[1]
    if gradient.shape != point.shape:
        raise ArgumentError(f"f must return a gradient of shape {point.shape}, got {gradient.shape}.")
    worst, greatest = (), -1.0
    for index in np.ndindex(point.shape):
        moved = [point.copy(), point.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        numeric = (evaluate(moved[0])[0] - evaluate(moved[1])[0]) / (2 * step)
        error = abs(numeric - gradient[index]) / max(1.0, abs(numeric), abs(gradient[index]))
        if greatest == greatest and not error <= greatest:  # once NaN, always NaN
            worst, greatest = index, error
    evaluate(point.copy())
    greatest = float(max(greatest, 0.0)) if greatest == greatest else float("nan")
    return GradientReport(greatest <= tolerance, greatest, ("x", worst), point.size, 0, tolerance)
