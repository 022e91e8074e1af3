"""The text of a cell: a number, missing, or words."""

from math import isfinite

__all__ = ["is_finite", "is_missing", "parse_number"]

_MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})


def is_missing(cell: str) -> bool:
    """Tell whether a cell stands for a missing value: empty, ``?``, or NA, N/A, NaN, null, none in any case.

    >>> is_missing(" N/A"), is_missing("0")
    (True, False)
    """
    return cell.strip().lower() in _MISSING


def parse_number(cell: str) -> float | None:
    """Read a number as Python writes it, without ``_``; None if the cell is no number, or missing.

    >>> parse_number("1e3"), parse_number("1_000"), parse_number("nan")
    (1000.0, None, None)
    """
    try:
        return None if "_" in cell or is_missing(cell) else float(cell)
    except ValueError:
        return None


def is_finite(cell: str | float) -> bool:
    """Tell whether a cell, text or number, is a finite number."""
    number = parse_number(cell) if isinstance(cell, str) else cell
    return number is not None and isfinite(number)
