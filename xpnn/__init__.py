"""Neural networks written once against the Python Array API standard, for NumPy, CuPy, PyTorch, JAX and others."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xpnn.backend import BackendStatus, available_backends, get_backend
from xpnn.errors import XpnnError
from xpnn.network import Network

if TYPE_CHECKING:
    from xpnn.many import train_many
    from xpnn.testing import check_gradients

__all__ = [
    "BackendStatus",
    "Network",
    "XpnnError",
    "available_backends",
    "check_gradients",
    "get_backend",
    "train_many",
]

__version__ = "0.1.0"

_SUBMODULES = (
    "bench",
    "callbacks",
    "data",
    "derivatives",
    "layers",
    "losses",
    "many",
    "metrics",
    "optimizers",
    "schedules",
    "testing",
)


def __getattr__(name: str) -> Any:
    """Import what not every program needs when it is first asked for."""
    if name == "check_gradients":
        return import_module("xpnn.testing").check_gradients
    if name == "train_many":
        return import_module("xpnn.many").train_many
    if name in _SUBMODULES:
        return import_module(f"xpnn.{name}")
    raise AttributeError(f"module 'xpnn' has no attribute {name!r}")
