"""Neural networks written once against the Python Array API standard, for NumPy, CuPy, PyTorch, JAX and others."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xpnn.backend import BackendStatus, available_backends, get_backend
from xpnn.errors import XpnnError
from xpnn.network import Network
from xpnn.training.parameter_group import ParameterGroup

if TYPE_CHECKING:
    from xpnn.diagnostics import find_learning_rate
    from xpnn.many import train_many
    from xpnn.testing import check_gradients

__all__ = [
    "BackendStatus",
    "Network",
    "ParameterGroup",
    "XpnnError",
    "available_backends",
    "check_gradients",
    "find_learning_rate",
    "get_backend",
    "train_many",
]

__version__ = "0.1.0"

_SUBMODULES = (
    "bench",
    "callbacks",
    "data",
    "derivatives",
    "diagnostics",
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
    if name == "find_learning_rate":
        return import_module("xpnn.diagnostics").find_learning_rate
    if name == "train_many":
        return import_module("xpnn.many").train_many
    if name in _SUBMODULES:
        return import_module(f"xpnn.{name}")
    raise AttributeError(f"module 'xpnn' has no attribute {name!r}")
