r"""`Optimizer`: the base of all optimizers: one elementwise formula on vectors, pure and the same on every namespace.

An optimizer has three small parts. `zero_state` makes its vectors. `scalars` computes, on the host and in float64, the
few numbers that depend on the step (learning rate, bias corrections); they are handed in and never baked in, so that a
recorded or compiled step can be given fresh ones. `apply` is the formula. `init` and `update` put them together for
whoever uses an optimizer alone; `xpnn.Network` calls the parts, and applies the formula block by block.

Over 150 lines: the base class documents every hook that an optimizer may fill in.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from array_api_compat import array_namespace

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.optimizers._arguments import as_function, check_alike, plain
from xpnn.optimizers.clipping import clip_by_norm, clip_by_value
from xpnn.schedules import Schedule, rate_at
from xpnn.typing import Array, Namespace, Shape

__all__ = ["GradientAt", "Optimizer", "Scalars", "ValueAndGradient", "Vectors"]

Scalars = Mapping[str, Any]
"""Numbers of one step by name: plain floats, or 0-d device arrays of the dtype of the parameters."""

Vectors = Mapping[str, Array]
"""State vectors by name, each of the shape of the parameters unless `Optimizer.state_shapes` says otherwise."""

GradientAt = Callable[[Array], Array]
"""The gradient of the loss as a function of the parameters."""

ValueAndGradient = Callable[[Array], tuple[Array, Array]]
"""The loss, shape (), and its gradient as a function of the parameters."""


@dataclass(frozen=True, slots=True, repr=False)
class Optimizer(Record, ABC):
    """Base of the optimizers.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size: a number, or one for each step; see `xpnn.schedules`.
    clip_value : float, optional
        Clip every element of the gradient to [-clip_value, clip_value] first.
    clip_norm : float, optional
        Then scale the whole gradient so that its Euclidean norm is at most this; see `clip_by_norm`.
    """

    learning_rate: float | Schedule
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
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

    @property
    def per_parameter(self) -> bool:
        """Whether the formula needs each parameter in its own shape; if not, it is elementwise, whatever the shape."""
        return False

    def check_parameters(self, names: Sequence[str]) -> None:
        """Refuse a network with the parameters `names` if an argument does not fit; asked where `per_parameter`."""

    def for_parameter(self, name: str, shape: Shape) -> "Optimizer":
        """Return the optimizer that treats the parameter `name`; asked where `per_parameter` is true."""
        return self

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Shapes of the state vectors of a parameter of `shape`."""
        return dict.fromkeys(self.vectors, shape)

    @property
    def needs_function(self) -> bool:
        """Whether the gradient at `p` is not enough for a step; see `gradient` and `search`."""
        return False

    def gradient(self, xp: Namespace, p: Array, vectors: Vectors, gradient_at: GradientAt) -> Array:
        """Return the gradient for `apply`: that at `p`, unless an optimizer takes it elsewhere, or takes several.

        Parameters
        ----------
        xp : Namespace
            Namespace of the arrays.
        p : Array
            Parameters.
        vectors : Mapping of str to Array
            State vectors by name.
        gradient_at : callable
            Returns the gradient at other parameters, valid until it is called again.
        """
        return gradient_at(p)

    @property
    def searches(self) -> bool:
        """Whether a step needs the loss at several parameters, chosen by what it is: `search` takes over then."""
        return False

    def search(
        self, xp: Namespace, p: Array, vectors: Vectors, scalars: Scalars, function: ValueAndGradient
    ) -> tuple[Array, dict[str, Array]]:
        """Return new parameters and state vectors; `function` returns the loss and its gradient at any parameters."""
        raise NotImplementedError

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
        return {"step": 0, **self._alone(p).zero_state(xp, p)}

    def update(
        self,
        p: Array,
        gradient: Array | GradientAt,
        state: Mapping[str, Any],
        *,
        learning_rate: float | None = None,
        decay: Array | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """One step: the new parameters and the new state. No argument is modified.

        Parameters
        ----------
        p : Array
            Parameters, of any namespace; for an optimizer with `per_parameter`, those of one parameter in its shape.
        gradient : Array, shape and dtype of `p`, or callable
            The gradient of the loss, or a function that returns it for parameters: an optimizer that takes it elsewhere
            than at `p` needs the function, and one that `searches` a function that returns loss and gradient.
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
        xp = array_namespace(p)
        check_alike(p, {} if decay is None else {"decay": decay})
        alone = self._alone(p)
        names = list(alone.state_shapes(tuple(p.shape)))
        if state.keys() != {"step", *names}:
            raise ArgumentError(f"state must have the keys {['step', *names]}, got {list(state)}.")
        step = plain(state["step"] + 1)
        rate = rate_at(self.learning_rate, step - 1) if learning_rate is None else plain(learning_rate)
        scalars = self.scalars(step, rate)
        vectors = {name: state[name] for name in names}
        if self.searches:
            p, vectors = self.search(xp, p, vectors, scalars, as_function(p, gradient, False))
            return p, {"step": step, **vectors}
        gradient = self.gradient(xp, p, vectors, as_function(p, gradient, not self.needs_function))
        check_alike(p, {"gradient": gradient})
        p, vectors = alone.apply(xp, p, self.clip(xp, gradient), vectors, scalars, decay)
        return p, {"step": step, **vectors}

    def _alone(self, p: Array) -> "Optimizer":
        """Return what treats a parameter that is in no network and has no name."""
        return self.for_parameter("", tuple(p.shape)) if self.per_parameter else self
