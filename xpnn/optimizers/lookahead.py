"""`Lookahead`: k steps forward, one step back."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers._wrapper import Wrapper
from xpnn.optimizers.optimizer import Scalars, Vectors
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Lookahead"]


@dataclass(frozen=True, slots=True, repr=False)
class Lookahead(Wrapper):
    r"""Slow weights that follow the fast weights of another optimizer.

    After every :math:`k` steps of the inner optimizer, the slow weights go the share :math:`\alpha` of the way to the
    fast ones, which go on from there:

    .. math:: s \leftarrow s + \alpha (p - s), \qquad p \leftarrow s

    Parameters
    ----------
    inner : Optimizer
        Makes the fast steps. Its learning rate and clipping are those of the whole.
    k : int
        Number of fast steps to one slow step.
    alpha : float
        The share :math:`\alpha`, above 0 and at most 1.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The state of the inner optimizer is left as it is by a slow step, the variant that [1]_ uses throughout. Predictions
    are those of the fast weights; they are the slow ones whenever the number of steps is a multiple of :math:`k`.

    References
    ----------
    .. [1] Zhang, Lucas, Hinton & Ba, Lookahead optimizer: k steps forward, 1 step back, NeurIPS 2019, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.optimizers import SGD
    >>> lookahead = Lookahead(SGD(learning_rate=1.0), k=2, alpha=0.5)
    >>> p, state = np.asarray([4.0]), lookahead.init(np.asarray([4.0]))
    >>> for _ in range(3):
    ...     p, state = lookahead.update(p, np.asarray([1.0]), state)
    ...     print(p.tolist())
    [3.0]
    [3.0]
    [2.0]
    """

    k: int = 5
    alpha: float = 0.5

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        self._normalise(_check.integer, "k")
        self._normalise(_check.positive, "alpha")
        if self.alpha > 1.0:
            _check.refuse("alpha", "be a number above 0 and at most 1", self.alpha)
        if "slow" in self.inner.vectors:
            _check.refuse("inner", "contain no other Lookahead", self.inner)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Those of the inner optimizer, and the slow weights."""
        return (*self.inner.vectors, "slow")

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Those of the inner optimizer, and that of the slow weights."""
        return {**self.inner.state_shapes(shape), "slow": shape}

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: the slow weights are the fast ones."""
        return {**self.inner.zero_state(xp, p), "slow": 1.0 * p}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Those of the inner optimizer, and 1 where it is time for a slow step."""
        return {**self.inner.scalars(step, learning_rate), "slow_step": (step % self.k == 0) * 1.0}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One fast step, and where it is time a slow one."""
        fast, new = self.inner.apply(xp, p, g, vectors, scalars, decay)
        old = vectors["slow"]
        slow = fast - old
        slow *= self.alpha
        slow += old
        is_time = xp.zeros_like(p) + scalars["slow_step"] > 0.5
        return xp.where(is_time, slow, fast), {**new, "slow": xp.where(is_time, slow, old)}
