"""`Number`: a Python number whose value is known only when a recorded program runs."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from xpnn.errors import RecordingError

__all__ = ["Number"]

Compute = Callable[[Mapping[str, float]], float]


class Number:
    """A number such as a learning rate; arithmetic with numbers gives numbers, computed in float64 as Python does.

    Parameters
    ----------
    compute : callable
        Its value from the named scalars of a step.
    """

    __slots__ = ("compute",)
    __array_ufunc__ = None

    def __init__(self, compute: Compute) -> None:
        self.compute = compute

    @staticmethod
    def named(name: str) -> "Number":
        """Return the scalar `name` of the step."""
        return Number(operator.itemgetter(name))

    def __neg__(self) -> "Number":
        compute = self.compute
        return Number(lambda scalars: -compute(scalars))

    def __repr__(self) -> str:
        return "a number of the step"

    def __bool__(self) -> NoReturn:
        raise RecordingError("a number of a step must not be compared: its value is not known while it is recorded.")

    __float__ = __int__ = __index__ = __bool__
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: self.__bool__()
    __hash__ = object.__hash__


def _forward(function: Callable[[Any, Any], Any]) -> Callable[[Number, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        if isinstance(other, Number):
            return Number(lambda scalars: function(self.compute(scalars), other.compute(scalars)))
        if isinstance(other, int | float):
            return Number(lambda scalars: function(self.compute(scalars), other))
        return NotImplemented

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Number, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        if isinstance(other, int | float):
            return Number(lambda scalars: function(other, self.compute(scalars)))
        return NotImplemented

    return method


for _name in ("add", "sub", "mul", "truediv", "pow"):
    _function = getattr(operator, _name)
    setattr(Number, f"__{_name}__", _forward(_function))
    setattr(Number, f"__r{_name}__", _reflected(_function))
