"""`on_device`: a decorator of methods that work with device arrays."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from xpnn.backend import using

__all__ = ["on_device"]

P = ParamSpec("P")
S = TypeVar("S", bound=Any)
T = TypeVar("T")


def on_device(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Run a method with the device of its object's ``backend`` as the current one."""

    @wraps(method)
    def wrapped(self: S, /, *args: P.args, **options: P.kwargs) -> T:
        with using(self.backend):
            return method(self, *args, **options)

    return wrapped
