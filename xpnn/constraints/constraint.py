"""The protocol of a constraint."""

from typing import Protocol, runtime_checkable

from xpnn.typing import Array, Namespace

__all__ = ["Constraint"]


@runtime_checkable
class Constraint(Protocol):
    """A frozen record that brings one parameter back to where it must be, after each step of the optimizer.

    A layer asks for it in a field that is called like the parameter, e.g. ``weight_constraint`` for ``weight``. If it
    has a method ``check(shape)`` too, that is called when the network is built, and raises `ShapeError` for a shape
    that does not suit.
    """

    def project(self, xp: Namespace, w: Array) -> Array:
        """Return the parameter `w` as it must be, a new array or `w` itself."""
