"""`MemberOptimizer`: the optimizers of many members, which may differ in their numbers, as one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from xpnn.many.columns import Column, join_records
from xpnn.optimizers import Optimizer
from xpnn.schedules import Schedule, rate_at
from xpnn.typing import Array, Backend, DType

__all__ = ["MemberOptimizer", "structure"]


class MemberOptimizer:
    """Optimizers of one `structure` that update the vectors of their members together.

    Parameters
    ----------
    members : sequence of Optimizer
        Each member's own.
    learning_rates : sequence of float or Schedule
        The learning rates in use.
    backend : Backend
        Where the numbers shall be that differ.
    dtype : DType
        Type of the parameters.
    """

    def __init__(
        self, members: Sequence[Optimizer], learning_rates: Sequence[float | Schedule], backend: Backend, dtype: DType
    ) -> None:
        self._joined = join_records(members, backend, dtype)
        self._backend, self._dtype = backend, dtype
        self._settings: list[Any] = []
        self._which: list[int] = []
        for setting in zip(members, learning_rates, strict=True):
            if setting not in self._settings:
                self._settings.append(setting)
            self._which.append(self._settings.index(setting))
        self.learning_rate = learning_rates[0]
        self.names = tuple(members[0].scalars(1, rate_at(learning_rates[0], 0)))

    def __getattr__(self, name: str) -> Any:
        """Formulas and fields are those of the joined record."""
        return getattr(self._joined, name)

    @property
    def is_uniform(self) -> bool:
        """Whether all members have the same numbers."""
        return len(self._settings) == 1

    def scalars(self, step: int, learning_rate: float) -> Mapping[str, Any]:
        """Numbers of one step by name; columns where members differ, by each member's own `learning_rate`."""
        if not self.is_uniform:
            return self.named(self.columns(step))
        optimizer, rate = self._settings[0]
        return optimizer.scalars(step, rate_at(rate, step - 1))  # type: ignore[no-any-return]

    def columns(self, step: int) -> Array:
        """Numbers of one step for every member, shape (names, members), on the device."""
        rows = [optimizer.scalars(step, rate_at(rate, step - 1)) for optimizer, rate in self._settings]
        table = np.asarray([[row[name] for name in self.names] for row in rows], dtype=np.float64)
        return self._backend.asarray(np.ascontiguousarray(table[self._which].T), self._dtype)

    def named(self, columns: Array) -> dict[str, Column]:
        """Name the rows of `columns`, an array of the device or of a recording."""
        return {name: Column(columns[i, ...]) for i, name in enumerate(self.names)}


def structure(optimizer: Optimizer) -> tuple[Any, ...]:
    """What optimizers must have in common to run together: all but the numbers in their fields."""
    values = [getattr(optimizer, field.name) for field in fields(optimizer)]
    kinds = ("a number" if type(value) is float else repr(value) for value in values)
    return type(optimizer), optimizer.vectors, *kinds
