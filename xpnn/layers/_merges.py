"""The merges by name."""

from collections.abc import Callable
from typing import Any

from xpnn import _check
from xpnn.layers.add import Add
from xpnn.layers.average import Average
from xpnn.layers.concatenate import Concatenate
from xpnn.layers.dot import Dot
from xpnn.layers.maximum import Maximum
from xpnn.layers.minimum import Minimum
from xpnn.layers.multiply import Multiply
from xpnn.layers.subtract import Subtract
from xpnn.typing import Layer

__all__ = ["get_merge"]

_BY_NAME: dict[str, Callable[[], Layer]] = {
    "add": Add,
    "average": Average,
    "concatenate": Concatenate,
    "dot": Dot,
    "maximum": Maximum,
    "minimum": Minimum,
    "multiply": Multiply,
    "subtract": Subtract,
}


def get_merge(argument: str, value: Any) -> Layer:
    """Turn the name of a merge into its layer; a layer is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("init", "forward", "backward"))
