"""A backend as a stranger would write it: array-api-strict, whose devices refuse to mix."""

from dataclasses import dataclass
from typing import Any

import array_api_strict
import numpy as np

__all__ = ["StrictBackend", "open_backend"]

array_api_strict.set_array_api_strict_flags(api_version="2024.12", boolean_indexing=False, data_dependent_shapes=False)


@dataclass(frozen=True)
class StrictBackend:
    """Arrays of array-api-strict on one of its pretended devices; without any of the optional members."""

    name: str
    device: Any
    xp: Any = array_api_strict

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        """Copy host values, or take an array of the library to this device."""
        if not isinstance(values, array_api_strict.asarray(0).__class__):
            values = np.asarray(values)
            if self.device == array_api_strict.Device("no_x64") and values.dtype == np.int64:
                values = values.astype(np.int32)
            return array_api_strict.asarray(values, dtype=dtype, device=self.device, copy=True)
        moved = values.to_device(self.device)
        return moved if dtype is None else array_api_strict.astype(moved, dtype, copy=False)

    def to_numpy(self, x: Any) -> Any:
        """Copy to the host through DLPack, the way that every device allows."""
        return np.asarray(x.to_device(array_api_strict.Device("CPU_DEVICE")))

    def synchronize(self) -> None:
        """Return at once: nothing is asynchronous."""


def open_backend(device: str | None) -> StrictBackend:
    """Open a device by its name; the word is ``strict`` or ``strict:<device>``."""
    name = "strict" if device is None else f"strict:{device}"
    return StrictBackend(name, array_api_strict.Device(device or "CPU_DEVICE"))
