"""The protocol of a regularizer."""

from typing import Protocol, runtime_checkable

from xpnn.typing import Array, Namespace

__all__ = ["Regularizer"]


@runtime_checkable
class Regularizer(Protocol):
    """A frozen record with a cost of one parameter, which becomes part of the loss, and its gradient.

    A layer asks for it in a field that is called like the parameter, e.g. ``weight_regularizer`` for ``weight``.
    """

    def value(self, xp: Namespace, w: Array) -> Array:
        """Cost of the parameter `w`, a 0-d array."""

    def gradient(self, xp: Namespace, w: Array) -> Array:
        """Gradient of `value`, a new array of the shape of `w`."""
