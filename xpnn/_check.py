"""Checks of arguments: each returns the value in its plain Python type, or raises one sentence.

The sentence names the argument, the rule and the value.

Over 150 lines: one function for each kind of argument.
"""

import difflib
import os
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import index
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from array_api_compat import array_namespace, is_array_api_obj

from xpnn._tree import has_parts
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError, XpnnError
from xpnn.typing import Array, Namespace

__all__ = [
    "boolean",
    "choice",
    "fraction",
    "inside",
    "integer",
    "look_up",
    "namespace",
    "non_negative",
    "number",
    "path",
    "positive",
    "refuse",
    "shape",
    "shapes",
    "targets_like",
    "writable",
]

T = TypeVar("T")


def refuse(argument: str, rule: str, value: object) -> NoReturn:
    """Raise the one sentence that names the argument, the rule and the value."""
    raise ArgumentError(f"{argument} must {rule}, got {value!r}.")


@contextmanager
def inside(place: str) -> Iterator[None]:
    """Put the place where an error happens, if it has a name, in front of its message."""
    try:
        yield
    except XpnnError as error:
        if not place:
            raise
        raise type(error)(f"{place}: {error}") from error


def boolean(argument: str, value: Any) -> bool:
    """Accept True or False alone."""
    if not isinstance(value, bool):
        refuse(argument, "be True or False", value)
    return value


def integer(argument: str, value: Any, minimum: int = 1) -> int:
    """Accept integers of any library from `minimum` on; booleans and floats are refused."""
    rule = f"be an integer of at least {minimum}"
    try:
        result = index(value)
    except TypeError:
        refuse(argument, rule, value)
    if isinstance(value, bool) or result < minimum:
        refuse(argument, rule, value)
    return result


def number(argument: str, value: Any, rule: str = "be a finite number") -> float:
    """Accept finite real numbers, and turn the strong scalars of array libraries into plain floats."""
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        refuse(argument, rule, value)
    if isinstance(value, bool | str) or not -float("inf") < result < float("inf"):
        refuse(argument, rule, value)
    return result


def positive(argument: str, value: Any) -> float:
    """Accept finite numbers above 0."""
    rule = "be a finite number above 0"
    result = number(argument, value, rule)
    return result if result > 0 else refuse(argument, rule, value)


def non_negative(argument: str, value: Any) -> float:
    """Accept finite numbers from 0 on."""
    rule = "be a finite number of at least 0"
    result = number(argument, value, rule)
    return result if result >= 0 else refuse(argument, rule, value)


def fraction(argument: str, value: Any) -> float:
    """Accept numbers from 0 (included) to 1 (excluded)."""
    rule = "be a number in [0, 1)"
    result = number(argument, value, rule)
    return result if 0 <= result < 1 else refuse(argument, rule, value)


def choice(argument: str, value: Any, names: Iterable[str]) -> str:
    """Accept one of `names`; otherwise name the nearest match and list them all."""
    known = sorted(names)
    if isinstance(value, str) and value in known:
        return value
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{argument} must be one of {', '.join(known)}, got {value!r}.")
    raise ArgumentError(f"{argument} must be one of {', '.join(known)}, got {value!r}.{_hint(value, known)}")


_WORDS_OF_PEERS = {
    "acc": "accuracy",
    "auc": "roc_auc",
    "bce": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "categorical_accuracy": "accuracy",
    "categorical_crossentropy": "cross_entropy",
    "cuda": "cupy",
    "gpu": "cupy",
    "l1": "mean_absolute_error",
    "l2": "mean_squared_error",
    "linear": "identity",
    "mcc": "matthews_correlation",
    "nll": "negative_log_likelihood",
    "pr_auc": "average_precision",
    "sparse_categorical_accuracy": "accuracy",
    "sparse_categorical_crossentropy": "cross_entropy",
}
"""What Keras, PyTorch and scikit-learn call some of our names, for the hint."""


def _hint(value: str, known: list[str]) -> str:
    """Name the nearest match, whatever the case of the letters."""
    folded = {name.lower(): name for name in known}
    same = folded.get(_WORDS_OF_PEERS.get(value.lower(), value.lower()))
    near = [same] if same else [folded[n] for n in difflib.get_close_matches(value.lower(), folded, n=1)]
    return f" Did you mean {near[0]!r}?" if near else ""


def path(argument: str, value: Any) -> Path:
    """Accept strings and paths alone; a number would be taken for an open file."""
    if not isinstance(value, str | os.PathLike):
        raise ArgumentTypeError(f"{argument} must be a string or a path, got {reprlib.repr(value)}.")
    return Path(value)


def writable(argument: str, value: Path, given: str) -> None:
    """Refuse a file whose folder does not exist, or that is a folder itself; the sentence shows the path as `given`."""
    if not value.parent.is_dir():
        refuse(argument, "lie in a folder that exists", given)
    if value.is_dir():
        refuse(argument, "be a file, not a folder", given)


def shape(argument: str, value: Any) -> tuple[int, ...]:
    """Accept a size, or a sequence of sizes, as a tuple of integers from 1 on."""
    try:
        entries = (index(value),)
    except TypeError:
        if isinstance(value, str) or not isinstance(value, Iterable):
            refuse(argument, "be an integer or a tuple of integers", value)
        entries = tuple(value)
    return tuple(integer(argument, entry) for entry in entries)


def shapes(argument: str, value: Any) -> Any:
    """Accept what `shape` accepts, or a sequence of sequences of sizes as a tuple of shapes."""
    return tuple([shape(argument, part) for part in value]) if has_parts(value) else shape(argument, value)


def look_up(argument: str, value: Any, table: Mapping[str, Callable[[], T]], methods: tuple[str, ...]) -> T:
    """Turn the name of a part into the part with its defaults; let an object with the right `methods` through."""
    if isinstance(value, str):
        return table[choice(argument, value, table)]()
    if isinstance(value, type) or not all(callable(getattr(value, method, None)) for method in methods):
        known = ", ".join(sorted(table))
        raise ArgumentTypeError(
            f"{argument} must be one of {known}, or an object with {', '.join(methods)}, got {value!r}."
        )
    return value  # type: ignore[no-any-return]


def namespace(**arrays: Any) -> Namespace:
    """Return the namespace of the named arrays, all of one library."""
    for name, value in arrays.items():
        if not is_array_api_obj(value):
            raise ArgumentTypeError(f"{name} must be an array, got {type(value).__name__}.")
    try:
        return array_namespace(*arrays.values())
    except TypeError:
        kinds = ", ".join(f"{type(value).__module__}.{type(value).__name__}" for value in arrays.values())
        raise ArgumentTypeError(f"{', '.join(arrays)} must be arrays of one library, got {kinds}.") from None


def targets_like(xp: Namespace, outputs: Array, targets: Array) -> Array:
    """Give `targets` the dtype of `outputs`, and its shape where the two differ by axes of length 1 alone.

    So one target per sample, shape (batch,), fits outputs of shape (batch, 1), with which it would broadcast.
    """
    shape, given = tuple(outputs.shape), tuple(targets.shape)
    if given != shape:
        if given[:1] != shape[:1] or [n for n in given[1:] if n != 1] != [n for n in shape[1:] if n != 1]:
            raise ShapeError(f"targets must have shape {shape}, got {given}.")
        targets = xp.reshape(targets, shape)
    return targets if targets.dtype == outputs.dtype else xp.astype(targets, outputs.dtype)
