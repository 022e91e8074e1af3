"""JSON with one meaning and one spelling: no duplicate keys, no NaN, no depth without bound; sorted, compact, ASCII."""

import json
import math
import reprlib
from collections import Counter
from typing import Any, NoReturn

__all__ = ["NESTING_LIMIT", "canonical", "parse", "short"]

NESTING_LIMIT = 128
"""Levels of objects and lists, far below the depth at which Python's own parser gives up."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 60


def short(value: object) -> str:
    """Return the `repr` of `value`, at most about 60 characters per part of it."""
    return _SHORT.repr(value)


def canonical(value: Any) -> str:
    """Spell `value` in the one way that equal values share.

    Raises
    ------
    ValueError
        If `value` is no JSON data: the reason, without a full stop.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    except RecursionError:
        raise ValueError(f"it nests deeper than {NESTING_LIMIT} levels") from None
    except TypeError as error:
        raise ValueError(str(error)) from None
    _check_levels(value)
    return text


def parse(text: str) -> Any:
    """Read JSON.

    Raises
    ------
    ValueError
        If `text` is no JSON, repeats a key, holds NaN or an infinity, or nests deeply: the reason, without a full stop.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError(f"it nests deeper than {NESTING_LIMIT} levels") from None
    _check_levels(value)
    return value


def _check_levels(value: Any) -> None:
    level, depth = [value], 0
    while containers := [item for item in level if isinstance(item, dict | list | tuple)]:
        depth += 1
        if depth > NESTING_LIMIT:
            raise ValueError(f"it nests deeper than {NESTING_LIMIT} levels")
        level = [item for container in containers for item in _items(container)]


def _items(container: Any) -> list[Any]:
    if not isinstance(container, dict):
        return list(container)
    for key in container:
        if not isinstance(key, str):
            raise ValueError(f"its keys must be strings, not {short(key)}")
    return list(container.values())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    raise ValueError(f"the key {short(twice)} appears twice")


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{short(text)} is too large for a number")
    return value
