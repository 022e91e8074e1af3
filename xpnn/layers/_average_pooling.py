"""`AveragePooling`: the mean of each window, along any number of axes."""

from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.layers._pooling import Pooling
from xpnn.layers._window import Window
from xpnn.layers._windows import Windows
from xpnn.typing import Array, Namespace

__all__ = ["AveragePooling"]


@dataclass(frozen=True, slots=True, repr=False)
class AveragePooling(Pooling):
    """Base of `xpnn.layers.AveragePool1D` and `xpnn.layers.AveragePool2D`."""

    def _reduce(self, windows: Windows, x: Array, xp: Namespace) -> tuple[Array, Any]:
        """Sums, divided by the numbers of elements that are no padding."""
        y = windows.sums(x, xp)
        return _shares(windows, y, xp), None

    def _pull_back(self, windows: Windows, saved: Any, dy: Array, xp: Namespace) -> Array:
        """Give each element the shares of the windows that see it."""
        return windows.repeats(_shares(windows, dy, xp), xp)


def _shares(windows: Windows, y: Array, xp: Namespace) -> Array:
    """Divide `y` by the number of elements of the image that each window sees."""
    if not any(window.before or window.after for window in windows.axes):
        return y * (1.0 / prod(windows.kernel_size))
    for window, axis in zip(windows.axes, windows.places(y.ndim), strict=True):
        shares = xp.asarray([1.0 / n for n in _seen(window)], dtype=y.dtype, device=y.device)
        y = y * xp.reshape(shares, (window.count, *(1,) * (y.ndim - 1 - axis)))
    return y


def _seen(window: Window) -> list[int]:
    """How many elements of the axis each window sees."""
    starts = (m * window.stride - window.before for m in range(window.count))
    return [min(start + window.kernel, window.size) - max(start, 0) for start in starts]
