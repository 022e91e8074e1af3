"""`Muon`: matrices move along their orthogonalised momentum.

Over 150 lines: a third of them are documentation; its formula and that of Adam for the rest belong together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn import _check
from xpnn.optimizers._wrapper import Wrapper
from xpnn.optimizers.adamw import AdamW
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Muon"]

_A, _B, _C = 3.4445, -4.7750, 2.0315
_REST = "adamw/"


@dataclass(frozen=True, slots=True, repr=False)
class Muon(Optimizer):
    r"""Muon for matrices, AdamW for all other parameters, in a network and alone.

    .. math::
        m_t = \mu m_{t-1} + (1 - \mu) g_t, \qquad o_t = \operatorname{orthogonalise}((1 - \mu) g_t + \mu m_t), \qquad
        p_t = (1 - \eta \lambda) \, p_{t-1} - \eta s \, o_t

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    momentum : float
        The factor :math:`\mu`, in [0, 1).
    nesterov : bool
        Whether the momentum is Nesterov's, as in the formula; if not, :math:`m_t` is orthogonalised.
    weight_decay : float
        The factor :math:`\lambda`, decoupled, of matrices and of what `AdamW` treats.
    ns_steps : int
        Number of Newton-Schulz iterations.
    scale : {"original", "match_rms_adamw"}
        The factor :math:`s` for a matrix of n inputs and m outputs: :math:`\sqrt{\max(1, m / n)}`, or
        :math:`0.2 \sqrt{\max(n, m)}`, with which changes are as large as those of AdamW.
    exclude : tuple of str
        Names of layers or parameters, such as ``"embedding"`` or ``"4.weight"``, that AdamW shall treat although they
        are matrices. The author advises it for embeddings and the last layer.
    adamw_ratio : float
        Learning rate of AdamW as a share of `learning_rate`, so that one schedule governs both.
    beta1, beta2, eps : float
        The other arguments of AdamW.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or, when the network is built, `exclude` has a name that is not in it.

    Notes
    -----
    The quintic iteration :math:`X \leftarrow aX + (bXX^\top + c(XX^\top)^2)X` drives the singular values of
    :math:`g / \lVert g \rVert` towards 1, to between about 0.7 and 1.2 in five steps. It runs in the type of the
    network, in PyTorch in bfloat16. A parameter with more than two axes is one matrix whose columns are its last axis.

    References
    ----------
    .. [1] Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024,
       https://kellerjordan.github.io/posts/muon/ (the formula, with Nesterov's momentum).
    .. [2] Liu et al., Muon is scalable for LLM training, arXiv 2502.16982, 2025, equation 4 (``match_rms_adamw``).

    Examples
    --------
    >>> import numpy as np
    >>> muon = Muon(learning_rate=1.0, ns_steps=20)
    >>> p = np.zeros((2, 2))
    >>> p, state = muon.update(p, np.asarray([[0.0, 3.0], [2.0, 0.0]]), muon.init(p))
    >>> bool(np.all(np.abs(np.abs(p) - np.asarray([[0.0, 1.0], [1.0, 0.0]])) < 0.4))
    True
    """

    learning_rate: float | Schedule = 0.02
    momentum: float = 0.95
    nesterov: bool = True
    weight_decay: float = 0.0
    ns_steps: int = 5
    scale: str = "original"
    exclude: tuple[str, ...] = ()
    adamw_ratio: float = 0.015
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-10

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "momentum", "beta1", "beta2")
        self._normalise(_check.boolean, "nesterov")
        self._normalise(_check.non_negative, "weight_decay", "eps")
        self._normalise(_check.positive, "adamw_ratio")
        self._normalise(_check.integer, "ns_steps")
        self._set("scale", _check.choice("scale", self.scale, ("match_rms_adamw", "original")))
        is_one = isinstance(self.exclude, str) or not isinstance(self.exclude, Iterable)
        names = (self.exclude,) if is_one else tuple(self.exclude)
        if not all(isinstance(name, str) for name in names):
            _check.refuse("exclude", "be names of layers or parameters", self.exclude)
        self._set("exclude", names)

    @property
    def vectors(self) -> tuple[str, ...]:
        """The momentum of matrices, and what AdamW keeps of the other parameters."""
        return ("momentum", *self._adamw.vectors)

    @property
    def per_parameter(self) -> bool:
        """True: each matrix is orthogonalised."""
        return True

    def check_parameters(self, names: Sequence[str]) -> None:
        """Refuse exceptions that are no parameters or layers of the network."""
        known = {
            ".".join(words[:depth]) for words in (n.split(".") for n in names) for depth in range(1, len(words) + 1)
        }
        for name in self.exclude:
            _check.choice("exclude", name, known)

    def for_parameter(self, name: str, shape: Shape) -> Any:
        """Return itself for matrices that are no exceptions, and AdamW for all else."""
        excluded = any(name == part or name.startswith(f"{part}.") for part in self.exclude)
        return _Rest(self._adamw) if excluded or len(shape) < 2 else self

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """One momentum for each element of a matrix."""
        return {"momentum": shape}

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step."""
        return {"momentum": xp.zeros_like(p)}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and the numbers of AdamW."""
        rest = self._adamw.scalars(step, self.adamw_ratio * learning_rate)
        return {"learning_rate": learning_rate, **{_REST + name: value for name, value in rest.items()}}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step of one matrix; see the formula above."""
        m = self.momentum * vectors["momentum"]
        m += (1.0 - self.momentum) * g
        direction = (1.0 - self.momentum) * g + self.momentum * m if self.nesterov else m
        rows, columns = prod(p.shape[:-1]), p.shape[-1]
        change = _orthogonalise(xp, xp.reshape(direction, (rows, columns)), self.ns_steps)
        change = xp.reshape(change, p.shape) * (scalars["learning_rate"] * self._factor(rows, columns))
        if self.weight_decay:
            shrink = self.weight_decay * scalars["learning_rate"]
            p = p * (1.0 - (shrink if decay is None else shrink * decay))
        return p - change, {"momentum": m}

    @property
    def _adamw(self) -> AdamW:
        """AdamW with the numbers of this record, which have passed its checks; `train_many` has columns there."""
        adamw = AdamW(1.0)
        for name in ("beta1", "beta2", "eps", "weight_decay"):
            adamw._set(name, getattr(self, name))
        return adamw

    def _factor(self, rows: int, columns: int) -> float:
        if self.scale == "original":
            return max(1.0, columns / max(rows, 1)) ** 0.5  # type: ignore[no-any-return]
        return 0.2 * max(rows, columns) ** 0.5  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, repr=False)
class _Rest(Wrapper):
    """AdamW among the numbers of `Muon`."""

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        own = {name.removeprefix(_REST): value for name, value in scalars.items() if name.startswith(_REST)}
        return self.inner.apply(xp, p, g, vectors, own, decay)


def _orthogonalise(xp: Namespace, x: Array, steps: int) -> Array:
    """Drive the singular values of a matrix towards 1 by Newton-Schulz iterations on its shorter side."""
    tall = x.shape[0] > x.shape[1]
    x = xp.matrix_transpose(x) if tall else x
    x = x / xp.maximum(xp.sqrt(xp.sum(x * x)), 1e-7)
    for _ in range(steps):
        gram = x @ xp.matrix_transpose(x)
        x = _A * x + (_B * gram + _C * (gram @ gram)) @ x
    return xp.matrix_transpose(x) if tall else x
