"""`to_host`: the one door through which data of any library comes in."""

from typing import Any

import array_api_compat
import numpy as np

from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.typing import HostArray

__all__ = ["to_host"]


def to_host(values: Any, argument: str = "values") -> HostArray:
    """Turn an array of any library, a table, or a sequence into a NumPy array; waits for the device that holds it.

    Parameters
    ----------
    values : array, table or sequence
        A NumPy array (returned as it is, without a copy), a tensor of PyTorch (on any device, with or without
        gradient), an array of CuPy, JAX or whoever exports DLPack, a data frame or whatever else has ``__array__``,
        numbers, or sequences of all these.
    argument : str
        Name of the argument in errors.

    Returns
    -------
    HostArray
        In the byte order of this machine; formats that NumPy does not have (bfloat16) as float32. May share memory.

    Raises
    ------
    ArgumentTypeError
        If `values` is nothing of the kind, or a ragged sequence.
    ArgumentError
        If it is a masked array that hides a value.

    Examples
    --------
    >>> to_host([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ArgumentError(f"{argument} must have no masked values, got {int(np.sum(values.mask))}.")
    try:
        host = values if type(values) is np.ndarray else _convert(values)
    except Exception as error:
        raise ArgumentTypeError(f"{_rule(argument, values)} ({str(error).splitlines()[0].rstrip('.')}).") from error
    if host.ndim == 0 and host.dtype.kind not in "biufc":
        raise ArgumentTypeError(f"{_rule(argument, values)}.")
    return host.astype(host.dtype.newbyteorder("="), copy=False)


def _convert(values: Any) -> HostArray:
    if array_api_compat.is_torch_array(values):
        values = values.detach().cpu().resolve_conj().resolve_neg()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
    elif array_api_compat.is_cupy_array(values):
        return values.get()
    elif isinstance(values, list | tuple):
        one_of_each_type = {type(item): item for item in values}.values()
        if any(array_api_compat.is_array_api_obj(item) for item in one_of_each_type):
            values = [to_host(item) for item in values]
    try:
        host = np.asarray(values)
    except RuntimeError:
        host = np.from_dlpack(values, device="cpu")
    return host.astype(np.float32) if str(host.dtype) == "bfloat16" else host


def _rule(argument: str, values: Any) -> str:
    rule = "be an array, a table or a rectangular sequence"
    return f"{argument} must {rule}, got {type(values).__module__}.{type(values).__qualname__}".replace("builtins.", "")
