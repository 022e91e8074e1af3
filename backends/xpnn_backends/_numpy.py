"""NumPy on the processor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.typing import Array, DType, HostArray, Namespace
from xpnn_backends._numpy_namespace import NumpyNamespace
from xpnn_backends.unavailable import UnavailableError

__all__ = ["NumpyBackend", "open_backend"]

_XP = NumpyNamespace()


@dataclass(frozen=True)
class NumpyBackend:
    """NumPy arrays in the memory of the host. See `xpnn.typing.Backend`."""

    name: str
    device: Any = "cpu"
    xp: Namespace = _XP
    shares_views: bool = True
    block_size: int = 16384
    """Parameters, gradient and both moments of Adam, of this length in float32, fit a cache of 256 KiB."""

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Return `values` as an array; without a copy if it is one of that type already."""
        return np.asarray(values, dtype=dtype)

    def to_numpy(self, x: Array) -> HostArray:
        """Return `x` itself; a scalar, which NumPy's reductions return, as a 0-d array."""
        return np.asarray(x)

    def synchronize(self) -> None:
        """Return at once: NumPy has finished when it returns."""

    def explain(self) -> dict[str, str]:
        """Versions of NumPy and of the library that multiplies its matrices."""
        config: Any = np.show_config(mode="dicts")
        blas = config.get("Build Dependencies", {}).get("blas", {})
        return {"version": np.__version__, "device": "cpu", "blas": f"{blas.get('name')} {blas.get('version')}"}


def open_backend(device: str | None) -> NumpyBackend:
    """Open NumPy; its only device is the processor."""
    if device not in (None, "cpu"):
        raise UnavailableError(f"NumPy has no device {device!r}", cure="Write 'numpy'.")
    return NumpyBackend("numpy" if device is None else "numpy:cpu")
