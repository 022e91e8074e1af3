"""Where single parameters must be after each step of the optimizer; by name or as objects."""

from xpnn import _check
from xpnn.constraints.constraint import Constraint
from xpnn.constraints.max_norm import MaxNorm
from xpnn.constraints.non_negative import NonNegative
from xpnn.constraints.unit_norm import UnitNorm

__all__ = ["Constraint", "MaxNorm", "NonNegative", "UnitNorm", "get_constraint"]

_BY_NAME: dict[str, type[Constraint]] = {"max_norm": MaxNorm, "non_negative": NonNegative, "unit_norm": UnitNorm}


def get_constraint(argument: str, value: str | Constraint | None) -> Constraint | None:
    """Turn a name into its constraint; an object or None is returned as it is. `argument` is named in the error."""
    return None if value is None else _check.look_up(argument, value, _BY_NAME, ("project",))
