"""Settings that differ from member to member: a column of numbers in the place of one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from xpnn.namespaces import Batched
from xpnn.training.penalty import Penalty
from xpnn.typing import Backend, DType

__all__ = ["Column", "MemberPenalty", "column", "join_records"]


class Column(Batched):
    """One number for each member, shape (); true, as the numbers are of which at least one is not 0."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return True


class MemberPenalty(Penalty):
    """A penalty that at least one member has."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


def column(values: Sequence[float], backend: Backend, dtype: DType) -> Any:
    """Return the one number that all members have, or a `Column` on the device."""
    if all(value == values[0] for value in values):
        return values[0]
    return Column(backend.asarray(np.asarray(values, dtype=np.float64), dtype))


def join_records(records: Sequence[Any], backend: Backend, dtype: DType, kind: type | None = None) -> Any:
    """Return one record for all `records` of a class, with columns where their numbers differ.

    Its fields are set past the checks of the class: each record has passed them alone.
    """
    joined: Any = object.__new__(kind or type(records[0]))
    for field in fields(records[0]):
        values = [getattr(record, field.name) for record in records]
        differs = any(value != values[0] for value in values)
        object.__setattr__(joined, field.name, column(values, backend, dtype) if differs else values[0])
    return joined
