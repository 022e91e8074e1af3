"""JAX on the processor, a GPU or a TPU. The global configuration of JAX is read here and never written."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc

from xpnn.typing import Array, DType, HostArray, Namespace
from xpnn_backends._jax_jit import Jit
from xpnn_backends.compiler import Compiler
from xpnn_backends.unavailable import UnavailableError

__all__ = ["JaxBackend", "open_backend"]

_DEVICES = "Devices are written 'jax:cpu', 'jax:gpu:0', 'jax:1'."
_SWITCH_ON = "Set JAX_ENABLE_X64=1, or call jax.config.update('jax_enable_x64', True) at the start of the program."


@dataclass(frozen=True)
class JaxBackend:
    """JAX arrays on one device. See `xpnn.typing.Backend`."""

    name: str
    device: Any
    xp: Namespace = jnp
    block_size: None = None
    no_float16: None = None
    shares_views: bool = False

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Copy host values to the device, since an array of JAX never changes and the memory of `values` may."""
        wanted = getattr(values, "dtype", None) if dtype is None else dtype
        if wanted is not None and np.dtype(wanted) == np.float64 and not jax.config.jax_enable_x64:
            raise UnavailableError("float64 is switched off in JAX", cure=_SWITCH_ON)
        if isinstance(values, jax.Array):
            if values.dtype == wanted and values.device == self.device:
                return values
            return jax.device_put(values if dtype is None else values.astype(dtype), self.device)
        values = np.asarray(values)
        copy = np.array(values, dtype=values.dtype.newbyteorder("=") if dtype is None else dtype, order="C")
        return jax.device_put(copy, self.device)

    @property
    def compilers(self) -> tuple[Compiler, ...]:
        """`jax.jit`, from the first run on: JAX is slow operation by operation, and compiles each of them."""
        return (Compiler("jit", 0.0, lambda program, schedule: Jit(program), is_exact=False),)

    def to_numpy(self, x: Array) -> HostArray:
        """Bring `x` to the host; the result is read-only."""
        return np.asarray(x)

    def synchronize(self) -> None:
        """Wait for every array that is alive on the platform of the device."""
        jax.block_until_ready(jax.live_arrays(self.device.platform))

    def using(self) -> AbstractContextManager[None]:
        """Compute products in full float32, where a GPU of today would round their arguments to 10 bits (TF32)."""
        return jax.default_matmul_precision("float32")  # type: ignore[no-any-return]

    def erfc(self, x: Array) -> Array:
        """Complementary error function."""
        return erfc(x)

    def explain(self) -> dict[str, str]:
        """Version of JAX, the device and its kind, and whether float64 is switched on."""
        facts = {"version": jax.__version__, "device": str(self.device), "kind": self.device.device_kind}
        return facts | {"float64": "on" if jax.config.jax_enable_x64 else "off"}


def open_backend(device: str | None) -> JaxBackend:
    """Open JAX on its default device, a platform (``"gpu"``), one device of it (``"gpu:1"``), or one by number."""
    platform, _, number = ("", "", device) if device and device.isdecimal() else (device or "").partition(":")
    if number and not number.isdecimal():
        raise UnavailableError(f"JAX knows no device {device!r}", cure=_DEVICES)
    try:
        places = jax.devices(platform or None)
        if int(number or 0) >= len(places):
            raise UnavailableError(f"no device {device!r} among {len(places)}", cure=_DEVICES)
        ones = jnp.ones((2, 2), device=places[int(number or 0)])
        np.asarray(ones @ ones)
    except UnavailableError:
        raise
    except RuntimeError as error:
        install = "pip install 'jax[cuda13]'" if platform in ("gpu", "cuda") else None
        raise UnavailableError(str(error).split("\n")[0].rstrip("."), install, _DEVICES) from error
    return JaxBackend("jax" if device is None else f"jax:{device}", ones.device)
