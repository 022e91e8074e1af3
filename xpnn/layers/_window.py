"""`Window`: the windows along one axis of an image or a sequence, and the adjoint of looking through them."""

from dataclasses import dataclass
from typing import Any

from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace

__all__ = ["Window", "add_up", "extend", "place", "take"]


@dataclass(frozen=True, slots=True)
class Window:
    """Windows along one axis: number m shows the elements ``m * stride + i * dilation``, i < `kernel`.

    Parameters
    ----------
    size : int
        Elements of the axis.
    kernel, stride, dilation : int
        Elements of a window, the way from one window to the next, and from one element to the next.
    before, after : int
        Elements of padding on both sides.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def count(self) -> int:
        """Number of windows."""
        return (self.size + self.before + self.after - (self.kernel - 1) * self.dilation - 1) // self.stride + 1

    @property
    def margins(self) -> tuple[int, int]:
        """Elements before and after an axis of `count` elements that `overlay` wants to see."""
        period = -(-(self.size + self.before + self.after) // self.stride)
        return (self.kernel - 1) * self.dilation // self.stride, period - self.count

    def slice(self, i: int) -> slice:
        """Element `i` of every window, on the padded axis."""
        start = i * self.dilation
        return slice(start, start + (self.count - 1) * self.stride + 1, self.stride)

    def overlay(self, parts: list[Array], axis: int, xp: Namespace) -> Array:
        """Add each of `parts` where `slice` takes it from, and cut the padding off: the adjoint, without a scatter.

        Element `i` of window m lies at ``m * stride + i * dilation = (m + shift) * stride + phase``. So the result is
        put together from `stride` phases, and each of them is a sum of shifted parts.

        Parameters
        ----------
        parts : list of Array
            One for each element of a window, extended by `margins` along `axis`.
        axis : int
            The axis of windows.
        xp : Namespace
            Of the arrays.
        """
        margin, last = self.margins
        period = self.count + last
        phases: list[list[Array]] = [[] for _ in range(self.stride)]
        for i, part in enumerate(parts):
            shift, phase = divmod(i * self.dilation, self.stride)
            phases[phase].append(take(part, axis, slice(margin - shift, margin - shift + period)))
        sums = [add_up(shifted) if shifted else None for shifted in phases]
        return take(_interleave(sums, axis, xp), axis, slice(self.before, self.before + self.size))


def add_up(parts: list[Array]) -> Array:
    """Sum of the parts: a new array unless there is only one."""
    if len(parts) == 1:
        return parts[0]
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    return total


def _interleave(phases: list[Array | None], axis: int, xp: Namespace) -> Array:
    """Element k of phase r becomes element ``k * len(phases) + r``; a phase of None is 0."""
    first: Any = phases[0]  # there is one: element 0 of each window is in phase 0
    if len(phases) == 1:
        return first
    shape = tuple(first.shape)
    zero = xp.zeros(shape, dtype=first.dtype, device=first.device) if any(phase is None for phase in phases) else None
    whole = xp.stack([zero if phase is None else phase for phase in phases], axis=axis + 1)
    return xp.reshape(whole, (*shape[:axis], shape[axis] * len(phases), *shape[axis + 1 :]))


def take(x: Array, axis: int, part: slice) -> Array:
    """View a part of an axis."""
    if part.start == 0 and part.stop >= x.shape[axis] and part.step in (None, 1):
        return x
    return x[(*(slice(None),) * axis, part, ...)]


def extend(x: Array, axis: int, before: int, after: int, xp: Namespace, value: float = 0.0) -> Array:
    """Put `before` and `after` elements of `value` around an axis."""
    if not before and not after:
        return x
    around = [
        xp.full((*x.shape[:axis], n, *x.shape[axis + 1 :]), value, dtype=x.dtype, device=x.device)
        for n in (before, after)
    ]
    return xp.concat([around[0], x, around[1]], axis=axis)


def place(size: int, kernel: int, stride: int, dilation: int, padding: Any) -> Window:
    """Windows along an axis of `size` elements; `padding` is ``"valid"``, ``"same"`` or a pair.

    With ``"same"`` there are ``ceil(size / stride)`` windows, and of an odd number of elements of padding the greater
    half is at the end, as in TensorFlow.

    Raises
    ------
    ShapeError
        If a window is greater than the padded axis.
    """
    extent = (kernel - 1) * dilation + 1
    before, after = (0, 0) if isinstance(padding, str) else padding
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + extent - size, 0)
        before, after = total // 2, total - total // 2
    if size + before + after < extent:
        raise ShapeError(f"input must have at least {extent - before - after} elements along each axis, got {size}.")
    return Window(size, kernel, stride, dilation, before, after)
