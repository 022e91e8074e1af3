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
        """Add up shares of the elements, so that no sum is greater than they are."""
        return _without_padding(windows, windows.sums(x * _share(windows), xp), xp), None

    def _pull_back(self, windows: Windows, saved: Any, dy: Array, xp: Namespace) -> Array:
        """Give each element the shares of the windows that see it."""
        return windows.repeats(_without_padding(windows, dy * _share(windows), xp), xp)


def _share(windows: Windows) -> float:
    """Of an element in the mean of a window without padding."""
    return 1.0 / prod(windows.kernel_size)


def _without_padding(windows: Windows, y: Array, xp: Namespace) -> Array:
    """Scale `y` to shares of the elements that are no padding."""
    for window, axis in zip(windows.axes, windows.places(y.ndim), strict=True):
        if window.before or window.after:
            scales = xp.asarray([window.kernel / n for n in _seen(window)], dtype=y.dtype, device=y.device)
            y = y * xp.reshape(scales, (window.count, *(1,) * (y.ndim - 1 - axis)))
    return y


def _seen(window: Window) -> list[int]:
    """How many elements of the axis each window sees."""
    starts = (m * window.stride - window.before for m in range(window.count))
    return [min(start + window.kernel, window.size) - max(start, 0) for start in starts]
