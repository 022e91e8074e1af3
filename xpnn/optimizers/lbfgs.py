"""`LBFGS`: a quasi-Newton method with a memory of a few steps.

Over 150 lines: a third of them are documentation.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from array_api_compat import device

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.optimizers._lbfgs_memory import Memory
from xpnn.optimizers._line_search import Point, strong_wolfe
from xpnn.optimizers.optimizer import Optimizer, Scalars, ValueAndGradient, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace, Shape

__all__ = ["LBFGS"]


@dataclass(frozen=True, slots=True, repr=False)
class LBFGS(Optimizer):
    r"""Limited-memory BFGS with a strong Wolfe line search.

    A step of a network is one call of PyTorch's ``step``: up to `max_iterations` iterations on one batch,

    .. math:: p \leftarrow p - t \, H \nabla L(p),

    where :math:`H`, an estimate of the inverse Hessian, is applied by the two-loop recursion over the last steps
    :math:`s = t d` and changes of the gradient :math:`y`, and :math:`t` is found by the line search.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step length that the line search tries first; 1 is Newton's.
    history : int
        Number of pairs :math:`(s, y)` that are remembered.
    max_iterations : int
        Number of iterations on one batch, with at most a quarter more evaluations of the loss than that.
    tolerance_gradient : float
        No more iterations once the largest element of the gradient is as small as this.
    tolerance_change : float
        Nor once parameters or loss change by less than this.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    It is meant for the full batch, ``fit(..., batch_size=None)``. With smaller batches it works as in PyTorch: the
    memory then compares gradients of unequal batches. Random masks are the same in all evaluations of a step. It reads
    the loss at every evaluation, and so waits for the device, and is not compiled. Loss and metrics of a step are those
    before it. Used alone, `update` needs a function that returns loss and gradient.

    References
    ----------
    .. [1] Nocedal & Wright, Numerical Optimization, 2006, Algorithms 7.4 and 7.5, equation 7.20.

    Examples
    --------
    >>> import numpy as np
    >>> lbfgs = LBFGS()
    >>> def bowl(p):
    ...     return (p * p) @ np.asarray([1.0, 10.0]), 2 * np.asarray([1.0, 10.0]) * p
    >>> p, state = lbfgs.update(np.asarray([3.0, 4.0]), bowl, lbfgs.init(np.asarray([3.0, 4.0])))
    >>> bool(np.max(np.abs(p)) < 1e-5)
    True
    """

    learning_rate: float | Schedule = 1.0
    history: int = 10
    max_iterations: int = 20
    tolerance_gradient: float = 1e-7
    tolerance_change: float = 1e-9

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.integer, "history", "max_iterations")
        self._normalise(_check.non_negative, "tolerance_gradient", "tolerance_change")
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                _check.refuse(name, "be None, since a clipped gradient is that of no loss", getattr(self, name))

    @property
    def vectors(self) -> tuple[str, ...]:
        """Last gradient and step; the pairs of the memory; and the numbers that belong to them."""
        return ("previous_gradient", "last_step", "steps", "changes", "numbers")

    @property
    def needs_function(self) -> bool:
        """True: the loss and its gradient."""
        return True

    @property
    def searches(self) -> bool:
        """True: each step length is found by a search."""
        return True

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """All flat; the numbers are those of iterations and pairs, a scale, and one for each pair."""
        n = prod(shape)
        sizes = (n, n, self.history * n, self.history * n, 3 + self.history)
        return {name: (size,) for name, size in zip(self.vectors, sizes, strict=True)}

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step."""
        shapes = self.state_shapes(tuple(p.shape))
        return {name: xp.zeros(shape, dtype=p.dtype, device=device(p)) for name, shape in shapes.items()}

    def apply(self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None) -> Any:
        """Refuse: one gradient is not enough."""
        raise ArgumentError("LBFGS must be used by `search`, since a step needs the loss at several places.")

    def search(
        self, xp: Namespace, p: Array, vectors: Vectors, scalars: Scalars, function: ValueAndGradient
    ) -> tuple[Array, dict[str, Array]]:
        """Iterate on one batch."""
        shape, p = p.shape, xp.reshape(p, (-1,))

        def evaluate(q: Array) -> tuple[float, Array]:
            value, gradient = function(xp.reshape(q, shape))
            return float(value), 1.0 * xp.reshape(gradient, (-1,))

        memory = Memory(xp, vectors, self.history)
        (value, g), evaluations = evaluate(p), 1
        most = self.max_iterations * 5 // 4
        for i in range(self.max_iterations):
            if (evaluations >= most and i) or _largest(xp, g) <= self.tolerance_gradient:
                break
            rate = scalars["learning_rate"] * (1.0 if memory.iterations else min(1.0, 1.0 / float(xp.sum(xp.abs(g)))))
            direction = memory.direction(g)
            slope = memory.dot(g, direction)
            if not slope < -self.tolerance_change:
                memory.keep_step(rate * direction)
                break

            def at(t: float, p: Array = p, direction: Array = direction) -> Point:
                value, g = evaluate(p + t * direction)
                return Point(t, value, memory.dot(g, direction), g)

            tolerance = self.tolerance_change / _largest(xp, direction)
            found, tried = strong_wolfe(at, Point(0.0, value, slope, g), rate, tolerance, most - evaluations)
            step = found.t * direction
            memory.keep_step(step)
            p, change, value, g = p + step, abs(found.value - value), found.value, found.gradient
            evaluations += tried
            if _largest(xp, step) <= self.tolerance_change or change < self.tolerance_change:
                break
        return xp.reshape(p, shape), memory.vectors()


def _largest(xp: Namespace, x: Array) -> float:
    return float(xp.max(xp.abs(x))) if x.shape[0] else 0.0
