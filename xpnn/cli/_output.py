"""What goes to stdout: aligned tables, and JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["count", "number", "print_json", "table"]


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document; numbers that are not finite, which JSON lacks, become null."""
    print(json.dumps(_plain(document), indent=2, allow_nan=False))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Align cells in columns: numbers to the right, under a heading that may be text, and all else to the left.

    >>> print(table([["", "loss"], ["training", "0.5"], ["test", "10.5"]]))
              loss
    training   0.5
    test      10.5
    """
    columns = [[row[i] for row in rows] for i in range(len(rows[0]))]
    padded = [_pad(column, all(map(_is_number, column[1:]))) for column in columns]
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*padded, strict=True))


def number(value: float) -> str:
    """Write a measured number with four significant digits.

    >>> number(0.5), number(1234.5), number(123456.7)
    ('0.5000', '1234', '1.235e+05')
    """
    return f"{value:#.4g}".rstrip(".")


def count(number: int, what: str) -> str:
    """Write a number of things.

    >>> count(1, "feature"), count(1797, "sample")
    ('1 feature', '1,797 samples')
    """
    return f"{number:,} {what if number == 1 else what + 's'}"


def _pad(cells: list[str], to_the_right: bool) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) if to_the_right else cell.ljust(width) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return cell in ("", "-")
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
