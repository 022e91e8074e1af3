"""How `Bidirectional` makes one output of two, and the way back."""

from typing import Any

from xpnn.typing import Array, Namespace

__all__ = ["MODES", "merge", "split"]

MODES = ("ave", "concat", "mul", "sum")


def merge(mode: str, a: Array, b: Array, xp: Namespace) -> Array:
    """Merge two arrays of shape (..., units)."""
    if mode == "concat":
        return xp.concat([a, b], axis=-1)
    if mode == "mul":
        return a * b
    return a + b if mode == "sum" else 0.5 * (a + b)


def split(mode: str, dy: Array | None, merged: Any, units: int) -> tuple[Array | None, Array | None]:
    """Pull the gradient of the result back to the two arrays; ``"mul"`` wants what it has multiplied, as `merged`."""
    if dy is None:
        return None, None
    if mode == "concat":
        return dy[..., :units], dy[..., units:]
    if mode == "mul":
        return dy * merged[1], dy * merged[0]
    return (dy, dy) if mode == "sum" else (0.5 * dy, 0.5 * dy)
