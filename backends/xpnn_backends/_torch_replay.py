"""PyTorch's operations with ``out=``, for `Replay`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from xpnn.typing import Array, Shape
from xpnn_backends._torch_namespace import TorchNamespace

__all__ = ["TorchLibrary"]

_RENAMED = {
    "equal": "eq", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "negative": "neg",
    "not_equal": "ne",
}  # fmt: skip
_SAME = (
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh",
    "divide", "exp", "expm1", "floor", "floor_divide", "hypot", "log", "log10", "log1p", "log2", "logaddexp",
    "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "maximum", "minimum", "multiply", "pow",
    "reciprocal", "remainder", "round", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh", "trunc",
    "where",
)  # fmt: skip
_BLOCK = 32768
"""As many elements as PyTorch gives to one thread at least."""

_XP = TorchNamespace()


def _without_out(function: Callable[..., Array]) -> Callable[..., Any]:
    return lambda *args, out: out.copy_(function(*args))


class TorchLibrary:
    """See `xpnn_backends._replay.Library`."""

    functions: Mapping[str, Callable[..., Any]] = {
        **{name: getattr(torch, name) for name in _SAME},
        **{name: getattr(torch, other) for name, other in _RENAMED.items()},
        **{name: _without_out(getattr(torch, name)) for name in ("isfinite", "isinf", "isnan", "positive")},
        "sign": _without_out(_XP.sign),
    }

    def __init__(self, device: Any) -> None:
        self._device = device
        self.block_size: int | None = _BLOCK if device.type == "cpu" else None  # no cache to stay in, but launches

    def empty(self, size: int, dtype: str) -> Array:
        """Make a tensor of one axis."""
        return torch.empty(size, dtype=getattr(torch, dtype), device=self._device)

    def flat(self, array: Array) -> Array:
        """View a tensor, or a copy where it is not in order, as one axis."""
        return array.contiguous().reshape(-1)

    def view(self, array: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        """View a part of a tensor of one axis."""
        return torch.as_strided(array, shape, strides, array.storage_offset() + offset)

    def scalar(self, value: Any, dtype: str, shape: Shape, op: str) -> Array:
        """Tensor without axes."""
        return torch.tensor(value, dtype=getattr(torch, dtype), device=self._device)

    def reduction(self, op: str, shape: Shape, axes: tuple[int, ...], dtype: str) -> Callable[[Array, Array], Any]:
        """Reduce with ``out=``."""
        function = {"sum": torch.sum, "max": torch.amax, "min": torch.amin}[op]
        return lambda x, out: function(x, dim=axes, out=out) if axes else out.copy_(x)

    def set_threads(self, count: int) -> None:
        """Leave the threads to PyTorch."""

    def plain(self, array: Array) -> Array:
        """Return the tensor: no part of a replay is compiled here."""
        return array

    def assign(self, out: Array, values: Array) -> None:
        """Write `values`, broadcast and converted, into `out`."""
        out.copy_(values)

    def read(self, array: Array) -> Array:
        """Return a copy."""
        return array.clone()

    def set_numbers(self, array: Array, values: Sequence[float]) -> None:
        """Write Python numbers; one small copy to the device."""
        array.copy_(torch.tensor(values, dtype=array.dtype), non_blocking=True)
