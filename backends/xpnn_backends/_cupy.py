"""CuPy on a CUDA or ROCm device."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.typing import Array, DType, HostArray, Namespace
from xpnn_backends import _cupy_reasons
from xpnn_backends.compiler import Compiler
from xpnn_backends.unavailable import UnavailableError

try:
    import array_api_compat.cupy
    import cupy
    import cupyx.scipy.special

    from xpnn_backends import _cupy_compilers
except Exception as error:
    raise _cupy_reasons.of_import(error) from error

__all__ = ["CupyBackend", "open_backend"]


@dataclass(frozen=True)
class CupyBackend:
    """CuPy arrays on one device. See `xpnn.typing.Backend`."""

    name: str
    device: Any
    xp: Namespace = array_api_compat.cupy
    block_size: None = None
    no_float16: None = None
    shares_views: bool = True

    def using(self) -> AbstractContextManager[Any]:
        """Make the device the current one: CuPy puts results on the current device, wherever the arguments are."""
        return cupy.cuda.Device(self.device.id)  # type: ignore[no-any-return]

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Copy `values` to the device; an array that is there already stays as it is.

        CuPy copies through page-locked memory of its own pool, and does not wait: `values` may be changed at once.
        """
        with self.using():
            if not isinstance(values, cupy.ndarray):
                values = np.asarray(values)
            x = cupy.asarray(values, dtype=dtype)
            return x if x.device.id == self.device.id else x.copy()

    @property
    def compilers(self) -> tuple[Compiler, ...]:
        """Ufuncs with ``out=``; on CUDA also kernels of fused operations, one by one or as a graph."""
        return _cupy_compilers.find_compilers()

    def to_numpy(self, x: Array) -> HostArray:
        """Copy `x` to the host; waits for the current stream."""
        with self.using():
            return cupy.asnumpy(x)

    def synchronize(self) -> None:
        """Wait for all streams of the device."""
        self.device.synchronize()

    def erfc(self, x: Array) -> Array:
        """Complementary error function."""
        return cupyx.scipy.special.erfc(x)

    def explain(self) -> dict[str, str]:
        """Version of CuPy, the device and its name, the driver and the runtime."""
        runtime = cupy.cuda.runtime
        return {
            "version": str(cupy.__version__),
            "device": f"{'hip' if runtime.is_hip else 'cuda'}:{self.device.id}",
            "gpu": runtime.getDeviceProperties(self.device.id)["name"].decode(),
            "driver": str(runtime.driverGetVersion()),
            "runtime": str(runtime.runtimeGetVersion()),
        }


def open_backend(device: str | None) -> CupyBackend:
    """Open CuPy on the device of that number, by default 0."""
    runtime = cupy.cuda.runtime
    try:
        count = runtime.getDeviceCount()
    except Exception as error:
        versions = runtime.driverGetVersion(), runtime.runtimeGetVersion()
        raise _cupy_reasons.of_count(error, *versions, hip=runtime.is_hip) from error
    if not (device or "0").isdecimal() or int(device or 0) >= count:
        raise UnavailableError(f"no device {device!r} among {count}", cure="Devices are written 'cupy:0', 'cupy:1'.")
    backend = CupyBackend("cupy" if device is None else f"cupy:{device}", cupy.cuda.Device(int(device or 0)))
    try:
        ones = backend.asarray(np.ones((2, 2), dtype=np.float32))
        with backend.using():
            backend.to_numpy(ones @ ones)
    except Exception as error:
        raise _cupy_reasons.of_product(error, runtime.runtimeGetVersion(), hip=runtime.is_hip) from error
    return backend
