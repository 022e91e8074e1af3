"""Types of options: from the text on the command line to a checked value."""

import csv
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, TypeVar

from xpnn import _check
from xpnn.errors import XpnnError

__all__ = ["fraction", "integer", "names", "non_negative", "positive", "sizes", "word"]

T = TypeVar("T")


def integer(minimum: int) -> Callable[[str], int]:
    """Accept integers from `minimum` on."""
    return lambda text: _checked(lambda value: _check.integer("", value, minimum), _parse(int, text))


def positive(text: str) -> float:
    """Accept finite numbers above 0."""
    return _checked(lambda value: _check.positive("", value), _parse(float, text))


def non_negative(text: str) -> float:
    """Accept finite numbers from 0 on."""
    return _checked(lambda value: _check.non_negative("", value), _parse(float, text))


def fraction(text: str) -> float:
    """Accept numbers from 0 (included) to 1 (excluded)."""
    return _checked(lambda value: _check.fraction("", value), _parse(float, text))


def word(*known: str) -> Callable[[str], str]:
    """Accept one of the words `known`."""
    return lambda text: _checked(lambda value: _check.choice("", value, known), text)


def sizes(text: str) -> tuple[int, ...]:
    """Accept integers of at least 1 with commas between, or ``none``.

    >>> sizes("64,32"), sizes("none")
    ((64, 32), ())
    """
    return () if text == "none" else tuple(integer(1)(part) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Accept names with commas between; a name that holds a comma stands in double quotes.

    >>> names('sepal length, "a,b"')
    ('sepal length', 'a,b')
    """
    parts = tuple(part.strip() for part in next(csv.reader([text], skipinitialspace=True), []))
    if not parts or "" in parts:
        raise ArgumentTypeError(f"must be names with commas between, got {text!r}")
    return parts


def _parse(kind: Callable[[str], Any], text: str) -> Any:
    """Turn text into a number, or leave it to the check to refuse it."""
    try:
        return kind(text)
    except ValueError:
        return text


def _checked(check: Callable[[Any], T], value: Any) -> T:
    """Hand the sentence of a check to argparse, which knows the name of the option."""
    try:
        return check(value)
    except XpnnError as error:
        raise ArgumentTypeError(str(error).strip()) from None
