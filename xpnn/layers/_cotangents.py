"""Gradients of values that are read in several places: they add up, and None is the gradient of what nobody reads."""

from typing import Any

__all__ = ["add_cotangents", "is_unread"]


def add_cotangents(first: Any, second: Any) -> Any:
    """Add two gradients of one value, each an array, a tuple of such gradients, or None for zero."""
    if first is None or second is None:
        return second if first is None else first
    if isinstance(first, tuple):
        return tuple([add_cotangents(*parts) for parts in zip(first, second, strict=True)])
    return first + second


def is_unread(gradient: Any) -> bool:
    """Whether a gradient is None in all its parts."""
    return all(map(is_unread, gradient)) if isinstance(gradient, tuple) else gradient is None
