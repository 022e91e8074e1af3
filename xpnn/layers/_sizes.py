"""Checks of sizes along the axes of an image: one number for all of them, or a tuple with one for each."""

from collections.abc import Iterable
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import Shape

__all__ = ["check_image", "check_pads", "check_sizes", "each", "pads"]

Pair = tuple[int, int]


def check_sizes(argument: str, value: Any, ndim: int, minimum: int = 1) -> Any:
    """Accept an integer, or a sequence of `ndim` integers; sizes that are all equal become one."""
    rule = f"be an integer of at least {minimum}" + ("" if ndim == 1 else f", or {ndim} of them")
    try:
        entries = tuple(value) if _is_sequence(value) else (value,) * ndim
        sizes = tuple(_check.integer(argument, entry, minimum) for entry in entries)
    except ArgumentError:
        _check.refuse(argument, rule, value)
    if len(sizes) != ndim:
        _check.refuse(argument, rule, value)
    return sizes[0] if len(set(sizes)) == 1 else sizes


def check_pads(argument: str, value: Any, ndim: int, words: tuple[str, ...] = ()) -> Any:
    """Accept one of `words`, an integer for all sides, or for each axis an integer or a pair (before, after)."""
    known = "".join(f"{word!r}, " for word in words)
    several = f"{ndim} integers or pairs (before, after)" if ndim > 1 else "a pair (before, after)"
    rule = f"be {known}an integer of at least 0, or {several}"
    if isinstance(value, str) and value in words:
        return value
    try:
        entries = (value,) * ndim if not _is_sequence(value) else tuple(value)
        if ndim == 1 and len(entries) == 2 and not any(map(_is_sequence, entries)):
            entries = (entries,)
        result = tuple(_pair(argument, entry) for entry in entries)
    except ArgumentError:
        _check.refuse(argument, rule, value)
    if len(result) != ndim:
        _check.refuse(argument, rule, value)
    flat = {n for pair in result for n in pair}
    if len(flat) == 1:
        return flat.pop()
    return result if ndim > 1 else result[0]


def each(value: Any, ndim: int) -> Shape:
    """Sizes for each axis, from what `check_sizes` returned."""
    return value if isinstance(value, tuple) else (value,) * ndim


def pads(value: Any, ndim: int) -> Any:
    """Pairs for each axis, or the word, from what `check_pads` returned."""
    if isinstance(value, str):
        return value
    if not isinstance(value, tuple):
        return ((value, value),) * ndim
    return value if ndim > 1 else (value,)


def check_image(input_shape: Shape, ndim: int) -> None:
    """Refuse samples that are no images, or sequences, with channels."""
    if len(input_shape) != ndim + 1:
        axes = {1: "time", 2: "height, width", 3: "depth, height, width"}[ndim]
        given = ", ".join(["batch", *map(str, input_shape)]) + ("" if input_shape else ",")
        raise ShapeError(f"input must have shape (batch, {axes}, channels), got ({given}).")


def _pair(argument: str, value: Any) -> Pair:
    entries = tuple(value) if _is_sequence(value) else (value, value)
    if len(entries) != 2:
        _check.refuse(argument, "be a pair", value)
    before, after = (_check.integer(argument, entry, 0) for entry in entries)
    return before, after


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0
