"""`Parts`: the flat vectors of a network as an optimizer sees them that needs each parameter in its own shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.optimizers import Optimizer
from xpnn.training.layout import Layout
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Part", "Parts", "state_sizes"]

Place = tuple[slice, Shape | None]
"""Where something lies in a flat vector, and its shape; None is flat."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one call of an optimizer updates: a parameter, or a block of the vector.

    Parameters
    ----------
    optimizer : Optimizer
        Treats it.
    place : slice
        Where it lies in the flat vector of parameters.
    shape : tuple of int or None
        Its shape.
    state : mapping of str to (slice, tuple of int or None)
        Where its state lies in the optimizer's flat vectors.
    """

    optimizer: Optimizer
    place: slice
    shape: Shape | None
    state: Mapping[str, Place]

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Mapping[str, Array], scalars: Any, decay: Array | None
    ) -> tuple[Array, Mapping[str, Array], dict[str, Array]]:
        """Return its parameters, its old state, and its new state, all in their shapes, from flat vectors."""
        place = self.place, self.shape
        state = {name: _view(xp, vectors[name], where) for name, where in self.state.items()}
        decay = None if decay is None else _view(xp, decay, place)
        new_p, new = self.optimizer.apply(xp, _view(xp, p, place), _view(xp, g, place), state, scalars, decay)
        return new_p, state, new

    def update(
        self,
        xp: Namespace,
        p: Array,
        g: Array,
        vectors: Mapping[str, Array],
        scalars: Any,
        decay: Array | None,
        rate: Array | None = None,
    ) -> None:
        """Write new values into the flat vectors `p` and `vectors`; the change of `p` is multiplied by `rate`."""
        new_p, state, new = self.apply(xp, p, g, vectors, scalars, decay)
        view = _view(xp, p, (self.place, self.shape))
        if rate is not None:
            new_p = view + _view(xp, rate, (self.place, self.shape)) * (new_p - view)
        view[...] = new_p
        for name, view in state.items():
            view[...] = new[name]


class Parts:
    """One `Part` for each parameter of `layout`, tied ones once, with state vectors behind each other in flat ones.

    Parameters
    ----------
    optimizer : Optimizer
        Asked for the optimizer of each parameter.
    layout : Layout
        Where the parameters lie.
    """

    def __init__(self, optimizer: Optimizer, layout: Layout) -> None:
        optimizer.check_parameters([leaf.name for leaf in layout])
        self._parts: list[Part] = []
        self.sizes: dict[str, int] = dict.fromkeys(optimizer.vectors, 0)
        for leaf in layout:
            own, state = optimizer.for_parameter(leaf.name, leaf.shape), {}
            for name, shape in own.state_shapes(leaf.shape).items():
                start = self.sizes[name]
                self.sizes[name] = start + prod(shape)
                state[name] = slice(start, self.sizes[name]), shape
            self._parts.append(Part(own, slice(leaf.start, leaf.stop), leaf.shape, state))

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """Flat state vectors before the first step."""
        states = [part.optimizer.zero_state(xp, _view(xp, p, (part.place, part.shape))) for part in self]
        return {name: _join(xp, p, [state[name] for state in states if name in state]) for name in self.sizes}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Mapping[str, Array], scalars: Any, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """Return new flat vectors: `xpnn.optimizers.Optimizer.apply` for each parameter, joined."""
        results = [part.apply(xp, p, g, vectors, scalars, decay) for part in self]
        new = [state for _, _, state in results]
        return _join(xp, p, [q for q, _, _ in results]), {
            name: _join(xp, p, [state[name] for state in new if name in state]) for name in self.sizes
        }


def state_sizes(optimizer: Optimizer, layout: Layout) -> dict[str, int]:
    """Number of elements of each state vector of `optimizer` for the parameters of `layout`."""
    if optimizer.per_parameter:
        return Parts(optimizer, layout).sizes
    return {name: prod(shape) for name, shape in optimizer.state_shapes((layout.size,)).items()}


def _view(xp: Namespace, flat: Array, where: Place) -> Array:
    place, shape = where
    return flat[place] if shape is None else xp.reshape(flat[place], shape)


def _join(xp: Namespace, p: Array, arrays: list[Array]) -> Array:
    return xp.concat([xp.reshape(array, (-1,)) for array in arrays]) if arrays else xp.zeros_like(p[:0])
