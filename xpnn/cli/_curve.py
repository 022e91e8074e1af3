"""A learning curve in characters."""

from collections.abc import Sequence

__all__ = ["curve"]


def curve(values: Sequence[float], height: int = 10, width: int = 60) -> str:
    """Draw one value per epoch, from 0 up.

    Parameters
    ----------
    values : sequence of float
        One or more; a value that is not finite leaves a gap.
    height, width : int
        Size in characters, without axes.

    Examples
    --------
    >>> print(curve([2.0, 1.0, 0.5, 0.0], height=3, width=7))
    2.00 | *
    1.00 |   *
    0.00 |     * *
         +--------
           1     4
    """
    finite = {epoch: value for epoch, value in enumerate(values) if 0.0 <= value < float("inf")}
    peak = max(finite.values(), default=0.0) or 1.0
    columns = [round(epoch * (width - 1) / max(len(values) - 1, 1)) for epoch in range(len(values))]
    canvas = [[" "] * width for _ in range(height)]
    for epoch, value in finite.items():
        canvas[height - 1 - round(value / peak * (height - 1))][columns[epoch]] = "*"
    levels = [f"{peak * (height - 1 - row) / (height - 1):.2f}" for row in range(height)]
    margin = max(map(len, levels))
    lines = [f"{level:>{margin}} | {''.join(row)}".rstrip() for level, row in zip(levels, canvas, strict=True)]
    numbers = "1" + (str(len(values)).rjust(columns[-1]) if len(values) > 1 else "")
    return "\n".join([*lines, " " * margin + " +" + "-" * (width + 1), " " * (margin + 3) + numbers])
