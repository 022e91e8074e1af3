"""`Windows`: windows over all axes of images, as matrices for products, and back.

Images are channels-last, (batch, ..., channels). The arithmetic runs in another order of the axes: all but the last
axis of the image, the channels, the last axis of the image, the batch. The layers hand each other views of that memory
in the order of the documentation, so that only the first of a chain copies. In that order whatever a window takes are
runs of (columns of the image) x (samples) elements, however few channels there are; a row of the image gives one small
product that stays in the cache; and no element is moved one by one. On NumPy the first convolution of LeNet (5 x 5, 28
x 28 pixels, 64 samples) took 0.15 ms in this order, 0.45 with the rows of the image inside of the matrix, 1.2 in the
order of the documentation; PyTorch's takes 0.30.

Over 150 lines: all ways between an image and its windows, each with its reverse.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

from xpnn.layers._window import Window, add_up, extend, place, take
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Windows", "windows"]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows over the axes of an image, and how its channels are divided.

    A *matrix* below has shape ([rows of the image], [groups], entries, columns of the image x samples); the first axis
    is there for images with several axes, if `lead` is more than 0, the second if there is more than one group.

    Parameters
    ----------
    axes : tuple of Window
        Windows along each axis of the image.
    groups : int
        Number of groups of channels that do not see each other.
    lead : int
        Number of axes of the image that are axes of a stack of matrices; the others are inside of the matrix.
    """

    axes: tuple[Window, ...]
    groups: int = 1
    lead: int = 0

    @property
    def counts(self) -> Shape:
        """Number of windows along each axis."""
        return tuple(window.count for window in self.axes)

    @property
    def kernel_size(self) -> Shape:
        """Elements of a window along each axis."""
        return tuple(window.kernel for window in self.axes)

    @property
    def turned(self) -> tuple[tuple[int, int], ...]:
        """Padding with which windows over an image of these counts see what sees them; empty if there is none.

        There is none where windows are more than a step apart, or a border is wider than they are.
        """
        reaches = [window.dilation * (window.kernel - 1) for window in self.axes]
        pairs = tuple((r - w.before, r - w.after) for r, w in zip(reaches, self.axes, strict=True))
        steps = max(window.stride for window in self.axes)
        return pairs if steps == 1 and min(map(min, pairs)) >= 0 else ()

    def inside(self, x: Array, xp: Namespace) -> Array:
        """Bring (batch, ..., channels) into the order of the arithmetic, and its memory too."""
        n, d = self.lead, x.ndim
        x = xp.permute_dims(x, (*range(1, n + 1), d - 1, *range(n + 1, d - 1), 0))
        return xp.reshape(xp.reshape(x, (prod(x.shape),)), x.shape)

    def outside(self, x: Array, xp: Namespace) -> Array:
        """View what is in the order of the arithmetic as (batch, ..., channels)."""
        n, d = self.lead, x.ndim
        return xp.permute_dims(x, (d - 1, *range(n), *range(n + 1, d - 1), n))

    def places(self, ndim: int) -> tuple[int, ...]:
        """Axes of an array with `ndim` axes, in the order of the arithmetic, that are those of the image."""
        d = len(self.axes)
        return tuple(range(self.lead)) + tuple(range(ndim - 1 - d + self.lead, ndim - 1))

    def slices(self, x: Array, value: float, xp: Namespace) -> list[Array]:
        """For each element of a window, in row-major order, what all windows see there; `x` is as from `inside`."""
        places = self.places(x.ndim)
        for window, axis in zip(self.axes, places, strict=True):
            x = extend(x, axis, window.before, window.after, xp, value)
        key: list[Any] = [slice(None)] * x.ndim
        result = []
        for offsets in product(*map(range, self.kernel_size)):
            for window, axis, i in zip(self.axes, places, offsets, strict=True):
                key[axis] = window.slice(i)
            result.append(x[tuple(key)])
        return result

    def overlay(self, parts: list[Array], xp: Namespace) -> Array:
        """Adjoint of `slices`: what the parts say about each element, added up."""
        places = self.places(parts[0].ndim)
        for window, axis in reversed(list(zip(self.axes, places, strict=True))):
            parts = [extend(part, axis, *window.margins, xp) for part in parts]
            k = window.kernel
            parts = [window.overlay(parts[i : i + k], axis, xp) for i in range(0, len(parts), k)]
        return parts[0]

    def sums(self, x: Array, xp: Namespace) -> Array:
        """Add up what each window sees, one axis after the other."""
        for window, axis in zip(self.axes, self.places(x.ndim), strict=True):
            x = extend(x, axis, window.before, window.after, xp)
            x = add_up([take(x, axis, window.slice(i)) for i in range(window.kernel)])
        return x

    def repeats(self, y: Array, xp: Namespace) -> Array:
        """Adjoint of `sums`: each window's element is added to all that the window sees."""
        for window, axis in zip(self.axes, self.places(y.ndim), strict=True):
            y = window.overlay([extend(y, axis, *window.margins, xp)] * window.kernel, axis, xp)
        return y

    def columns(self, x: Array, xp: Namespace) -> Array:
        """Gather `x`, (batch, ..., channels), to a matrix with a column for each window: its elements, channel last."""
        x = self.inside(x, xp)
        shape, n = x.shape, self.lead
        if self.groups > 1:
            x = xp.reshape(x, (*shape[:n], self.groups, shape[n] // self.groups, *shape[n + 1 :]))
        parts = self.slices(x, 0.0, xp)
        axis = x.ndim - len(self.axes) + n - 2
        x = parts[0] if len(parts) == 1 else xp.concat(parts, axis=axis)
        return _flat(x, axis + 1, xp)

    def spread(self, columns: Array, batch: int, xp: Namespace) -> Array:
        """Adjoint of `columns`."""
        n = columns.ndim - 2
        channels = columns.shape[n] // prod(self.kernel_size)
        inner = (*self.counts[self.lead :], batch)
        x = xp.reshape(columns, (*columns.shape[:n], *self.kernel_size, channels, *inner))
        for number, window in enumerate(self.axes):
            x = extend(x, self.places(x.ndim)[number], *window.margins, xp)
            parts = [x[(*(slice(None),) * n, i, ...)] for i in range(window.kernel)]
            x = window.overlay(parts, self.places(x.ndim - 1)[number], xp)
        if self.groups > 1:
            x = xp.reshape(x, (*x.shape[: self.lead], self.groups * channels, *x.shape[self.lead + 2 :]))
        return self.outside(x, xp)

    def matrix(self, y: Array, xp: Namespace) -> Array:
        """Bring `y`, (batch, ..., channels) with an element for each window, into a matrix with a row per channel."""
        y, n = self.inside(y, xp), self.lead
        if self.groups > 1:
            y = xp.reshape(y, (*y.shape[:n], self.groups, y.shape[n] // self.groups, *y.shape[n + 1 :]))
            n += 1
        return _flat(y, n + 1, xp)

    def image(self, matrix: Array, batch: int, xp: Namespace) -> Array:
        """View a matrix with a row per channel as (batch, ..., channels)."""
        n = self.lead
        channels = prod(matrix.shape[n:-1])
        return self.outside(xp.reshape(matrix, (*matrix.shape[:n], channels, *self.counts[n:], batch)), xp)


def _flat(x: Array, axis: int, xp: Namespace) -> Array:
    """View all axes from `axis` on as one."""
    return xp.reshape(x, (*x.shape[:axis], prod(x.shape[axis:])))


@lru_cache(maxsize=1024)
def windows(
    shape: Shape, kernel_size: Shape, strides: Shape, dilation: Shape, padding: Any, groups: int = 1, channels: int = 0
) -> Windows:
    """Windows over images of `shape`, (batch, ..., channels).

    Each row of the images is a matrix of its own, unless it is so short that the gradients of the weight, one for each
    row before they are added up, would take more memory than what the windows see.

    Parameters
    ----------
    shape, kernel_size, strides, dilation : tuple of int
        See `xpnn.layers.Conv2D`.
    padding : str or tuple of pairs
        A word, or elements before and after each axis.
    groups : int
        Number of groups of channels.
    channels : int
        Number of channels of what belongs to the windows.

    Raises
    ------
    ShapeError
        If a window is greater than the padded image.
    """
    pads = (padding,) * len(kernel_size) if isinstance(padding, str) else padding
    axes = tuple(map(place, shape[1:-1], kernel_size, strides, dilation, pads))
    return Windows(axes, groups, len(axes) - 1 if channels <= axes[-1].count * shape[0] else 0)
