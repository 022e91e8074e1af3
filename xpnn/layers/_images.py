"""What the random transformations of images share: their axes, one number per sample, and windows without a gather.

A window of each sample starts at an index of its own. It is cut out by a barrel shifter: for each binary digit of the
start, from the highest on, a sample goes on with the far or the near part of what it has left. So windows at `n` places
take about log2(n) selections of whole slices; numbers are moved and never computed with.
"""

from xpnn.errors import ShapeError
from xpnn.layers._window import extend, take
from xpnn.typing import Array, Context, Namespace, Shape

__all__ = ["check_images", "cut_windows", "draw_digits", "per_sample", "put_windows_back"]


def check_images(input_shape: Shape) -> None:
    """Refuse samples that are no images.

    Raises
    ------
    ShapeError
        If `input_shape` is not (height, width, channels).
    """
    if len(input_shape) != 3:
        given = ", ".join(("batch", *map(str, input_shape)))
        raise ShapeError(f"input must have shape (batch, height, width, channels), got ({given}).")


def per_sample(x: Array, low: float, high: float, ctx: Context) -> Array:
    """Draw one number in [`low`, `high`) for each sample of `x`, shape (batch, 1, 1, 1)."""
    return low + (high - low) * ctx.uniform((x.shape[0], 1, 1, 1), x.dtype)


def draw_digits(x: Array, starts: int, ctx: Context) -> list[Array]:
    """Draw an index below `starts` for each sample: its binary digits, the highest first, as (batch, 1, 1, 1)."""
    xp = ctx.xp
    rest, digits = xp.floor(per_sample(x, 0.0, float(starts), ctx)), []
    for power in reversed(range((starts - 1).bit_length())):
        digits.append(rest >= float(2**power))
        rest = xp.where(digits[-1], rest - float(2**power), rest)
    return digits


def cut_windows(xp: Namespace, x: Array, axis: int, digits: list[Array], length: int) -> Array:
    """Cut a window of `length` along `axis` out of each sample, where `digits` say that it starts."""
    reach = 2 ** len(digits) - 1
    x = extend(x, axis, 0, max(length + reach - x.shape[axis], 0), xp)
    for power, digit in zip(reversed(range(len(digits))), digits, strict=True):
        reach -= 2**power
        near, far = (take(x, axis, slice(start, start + length + reach)) for start in (0, 2**power))
        x = xp.where(digit, far, near)
    return x


def put_windows_back(xp: Namespace, dy: Array, axis: int, digits: list[Array], size: int) -> Array:
    """Put each window back to where `cut_windows` took it, among zeros, `size` elements along `axis`."""
    for power, digit in enumerate(reversed(digits)):
        near, far = xp.where(digit, 0.0, dy), xp.where(digit, dy, 0.0)
        dy = extend(near, axis, 0, 2**power, xp) + extend(far, axis, 2**power, 0, xp)
    return take(dy, axis, slice(0, size))
