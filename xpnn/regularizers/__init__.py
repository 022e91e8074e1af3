"""Costs of single parameters, which become part of the loss; by name or as objects."""

from xpnn import _check
from xpnn.regularizers.l1 import L1
from xpnn.regularizers.l1_l2 import L1L2
from xpnn.regularizers.l2 import L2
from xpnn.regularizers.regularizer import Regularizer

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get_regularizer"]

_BY_NAME: dict[str, type[Regularizer]] = {"l1": L1, "l1_l2": L1L2, "l2": L2}


def get_regularizer(argument: str, value: str | Regularizer | None) -> Regularizer | None:
    """Turn a name into its regularizer; an object or None is returned as it is. `argument` is named in the error."""
    return None if value is None else _check.look_up(argument, value, _BY_NAME, ("value", "gradient"))
