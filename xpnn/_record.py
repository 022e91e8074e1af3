"""`Record`: a base for the small frozen dataclasses that describe parts, with a short and readable `repr`."""

from dataclasses import MISSING, fields
from typing import Any

__all__ = ["Record"]


class Record:
    """Base of frozen dataclasses; the `repr` shows required fields by position and others where not at their default.

    >>> from xpnn.layers import Dense
    >>> Dense(24, activation="relu")
    Dense(24, activation=ReLU())
    """

    __slots__ = ("__weakref__",)

    def __repr__(self) -> str:
        parts = []
        for field in fields(self):  # type: ignore[arg-type]
            if not field.repr:
                continue
            value = getattr(self, field.name)
            required = field.default is MISSING and field.default_factory is MISSING
            if required and not field.kw_only:
                parts.append(repr(value))
            elif required or value != field.default:
                parts.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _set(self, name: str, value: Any) -> None:
        """Normalise a field inside ``__post_init__``, the one moment in which a frozen record may change."""
        object.__setattr__(self, name, value)
