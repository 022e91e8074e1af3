"""`Adafactor`: second moments of matrices from those of their rows and columns."""

from dataclasses import dataclass
from math import prod

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Adafactor"]


@dataclass(frozen=True, slots=True, repr=False)
class Adafactor(Optimizer):
    r"""Adafactor: for a matrix of n × m weights it keeps n + m numbers.

    .. math::
        R_t &= R_{t-1} + t^{-\kappa} (\operatorname{mean}_j g_{ij}^2 - R_{t-1}), \qquad
        C_t = C_{t-1} + t^{-\kappa} (\operatorname{mean}_i g_{ij}^2 - C_{t-1}), \qquad
        V_t = \frac{R_t C_t}{\operatorname{mean} R_t}, \\
        u_t &= \frac{g_t}{\sqrt{V_t}}, \qquad
        p_t = p_{t-1} - \max(\epsilon_2, \operatorname{RMS}(p_{t-1})) \, \min(\eta, 1 / \sqrt t) \,
        \frac{u_t}{\max(1, \operatorname{RMS}(u_t) / d)}

    Parameters
    ----------
    learning_rate : float or Schedule
        The largest step size :math:`\eta`, relative to the root mean square of each parameter.
    decay_power : float
        The power :math:`\kappa` with which the weight of new gradients falls.
    eps1 : float, optional
        Least mean of :math:`R`, and square root of the least :math:`V`; by default the precision of the type.
    eps2 : float
        Least size :math:`\epsilon_2` that a parameter counts for.
    clip_threshold : float
        The size :math:`d` to which updates are clipped.
    weight_decay : float
        Decoupled: the decay of one step is the learning rate times this, as in `AdamW`.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in PyTorch: no momentum, and eps bounds from below where [1]_ adds it. Vectors have a second moment of their own;
    of parameters with three axes or more the last two are factored. Keras has relative steps by default too, and adds
    eps as [1]_ does.

    References
    ----------
    .. [1] Shazeer & Stern, Adafactor, ICML 2018, Algorithms 4 and 5.

    Examples
    --------
    >>> import numpy as np
    >>> adafactor = Adafactor(learning_rate=0.5)
    >>> p = np.ones((2, 2))
    >>> p, state = adafactor.update(p, np.asarray([[1.0, 2.0], [1.0, 2.0]]), adafactor.init(p))
    >>> p.tolist(), state["row"].tolist(), state["column"].tolist()
    ([[0.5, 0.5], [0.5, 0.5]], [[2.5], [2.5]], [[1.0, 4.0]])
    """

    learning_rate: float | Schedule = 0.01
    decay_power: float = 0.8
    eps1: float | None = None
    eps2: float = 1e-3
    clip_threshold: float = 1.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.positive, "clip_threshold", *(("eps1",) if self.eps1 is not None else ()))
        self._normalise(_check.non_negative, "decay_power", "eps2", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """Means of the squared gradients: of rows and columns for matrices, of elements for vectors."""
        return ("row", "column", "variance")

    @property
    def per_parameter(self) -> bool:
        """True: rows and columns are those of each parameter."""
        return True

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """One number for each row and each column, or for each element of a vector."""
        if len(shape) < 2:
            return {"variance": shape}
        return {"row": (*shape[:-1], 1), "column": (*shape[:-2], 1, shape[-1])}

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step."""
        if p.ndim < 2:
            return {"variance": xp.zeros_like(p)}
        return {"row": xp.zeros_like(p[..., :1]), "column": xp.zeros_like(p[..., :1, :])}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, relative step size, and weight of the new gradient."""
        relative = min(learning_rate, step**-0.5)
        return {"learning_rate": learning_rate, "relative": relative, "weight": step**-self.decay_power}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step of one parameter; see the formula above."""
        least: float = float(xp.finfo(p.dtype).eps) if self.eps1 is None else self.eps1
        new = self._means(xp, g * g, vectors, scalars)
        if "variance" in new:
            v = new["variance"]
        else:
            mean = xp.maximum(_mean(xp, new["row"], -2), least)
            v = (new["row"] / mean) * new["column"]
        u = g / xp.sqrt(xp.maximum(v, least * least))
        u /= xp.maximum(_size(xp, u) / self.clip_threshold, 1.0)
        u *= xp.maximum(_size(xp, p), self.eps2) * scalars["relative"]
        if self.weight_decay:
            shrink = self.weight_decay * scalars["learning_rate"]
            p = p * (1.0 - (shrink if decay is None else shrink * decay))
        return p - u, new

    def _means(self, xp: Namespace, squares: Array, old: Vectors, scalars: Scalars) -> dict[str, Array]:
        if squares.ndim < 2:
            means = {"variance": squares}
        else:
            means = {"row": _mean(xp, squares, -1), "column": _mean(xp, squares, -2)}
        return {name: old[name] + scalars["weight"] * (mean - old[name]) for name, mean in means.items()}


def _mean(xp: Namespace, x: Array, axis: int) -> Array:
    return xp.sum(x, axis=axis, keepdims=True) / max(x.shape[axis], 1)


def _size(xp: Namespace, x: Array) -> Array:
    """Root mean square, shape ()."""
    return xp.sqrt(xp.sum(x * x) / max(prod(x.shape), 1))
