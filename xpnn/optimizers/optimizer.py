r"""`Optimizer`: the base of all optimizers: one elementwise formula on vectors, pure and the same on every namespace.

An optimizer has three small parts. `zero_state` makes its vectors. `scalars` computes, on the host and in float64, the
few numbers that depend on the step (learning rate, bias corrections); they are handed in and never baked in, so that a
recorded or compiled step can be given fresh ones. `apply` is the formula. `init` and `update` put them together for
whoever uses an optimizer alone; `xpnn.Network` calls the parts, and applies the formula block by block.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from array_api_compat import array_namespace

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.optimizers._arguments import check_alike, plain
from xpnn.optimizers.clipping import clip_by_norm, clip_by_value
from xpnn.typing import Array, Namespace

__all__ = ["Optimizer", "Scalars", "Vectors"]

Scalars = Mapping[str, Any]
"""Numbers of one step by name: plain floats, or 0-d device arrays of the dtype of the parameters."""

Vectors = Mapping[str, Array]
"""State vectors by name, each of the shape of the parameters."""


@dataclass(frozen=True, slots=True, repr=False)
class Optimizer(Record, ABC):
    """Base of the optimizers.

    Parameters
    ----------
    learning_rate : float
        The step size.
    clip_value : float, optional
        Clip every element of the gradient to [-clip_value, clip_value] first.
    clip_norm : float, optional
        Then scale the whole gradient so that its Euclidean norm is at most this; see `clip_by_norm`.
    """

    learning_rate: float
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "learning_rate")
        self._normalise(_check.positive, *(n for n in ("clip_value", "clip_norm") if getattr(self, n) is not None))

    def _normalise(self, check: Callable[[str, Any], Any], *names: str) -> None:
        """Replace each of the fields `names` by what `check` makes of it."""
        for name in names:
            self._set(name, check(name, getattr(self, name)))

    @property
    def vectors(self) -> tuple[str, ...]:
        """Names of the state vectors; none unless an optimizer says otherwise."""
        return ()

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State vectors before the first step; zeros unless an optimizer says otherwise."""
        return {name: xp.zeros_like(p) for name in self.vectors}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Numbers for the step with the 1-based count `step`; always with a ``"learning_rate"``."""
        return {"learning_rate": learning_rate}

    @abstractmethod
    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """Return new parameters and state vectors; elementwise, and no argument is modified.

        Parameters
        ----------
        xp : Namespace
            Namespace of the arrays.
        p, g : Array
            Parameters and gradient, of one shape.
        vectors : Mapping of str to Array
            State vectors by name.
        scalars : Mapping of str to float or 0-d Array
            What `scalars` returned.
        decay : Array or None
            1 where weight decay acts and 0 where it does not; None is 1 everywhere.
        """

    def clip(self, xp: Namespace, g: Array) -> Array:
        """Clip the whole gradient by value, then by norm; nothing waits for the device."""
        if self.clip_value is not None:
            g = clip_by_value(xp, g, self.clip_value)
        return g if self.clip_norm is None else clip_by_norm(xp, g, self.clip_norm)

    def init(self, p: Array) -> dict[str, Any]:
        """State before the first step: the step count and the state vectors.

        Raises
        ------
        ArgumentTypeError
            If `p` does not hold real floating-point numbers.
        """
        xp = array_namespace(p)
        if not xp.isdtype(p.dtype, "real floating"):
            raise ArgumentTypeError(f"p must have a real floating-point dtype, got {p.dtype}.")
        return {"step": 0, **self.zero_state(xp, p)}

    def update(
        self,
        p: Array,
        gradient: Array,
        state: Mapping[str, Any],
        *,
        learning_rate: float | None = None,
        decay: Array | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """One step: the new parameters and the new state. No argument is modified.

        Parameters
        ----------
        p, gradient : Array, same shape and dtype
            Parameters and the gradient of the loss, of any namespace.
        state : Mapping
            What `init` or the last `update` returned.
        learning_rate : float, optional
            Instead of the optimizer's own.
        decay : Array, shape and dtype of `p`, optional
            Mask of weight decay, 1 or 0 for each element.

        Raises
        ------
        ShapeError
            If `gradient` or `decay` has not the shape of `p`.
        ArgumentTypeError
            If `gradient` or `decay` has not the dtype of `p`.
        ArgumentError
            If `state` is that of another optimizer.
        """
        xp = array_namespace(p, gradient)
        check_alike(p, {"gradient": gradient} if decay is None else {"gradient": gradient, "decay": decay})
        if state.keys() != {"step", *self.vectors}:
            raise ArgumentError(f"state must have the keys {['step', *self.vectors]}, got {list(state)}.")
        step = plain(state["step"] + 1)
        scalars = self.scalars(step, self.learning_rate if learning_rate is None else plain(learning_rate))
        vectors = {name: state[name] for name in self.vectors}
        p, vectors = self.apply(xp, p, self.clip(xp, gradient), vectors, scalars, decay)
        return p, {"step": step, **vectors}
