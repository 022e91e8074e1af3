"""Records as JSON data and back: the architecture of a network without any code.

A record becomes ``{"type": <class name>, <field>: <value>, ...}``. Reading looks the class up among the parts of this
library and those that the caller hands in, never by importing a name that a file gives. A layer object that appears
again is written as ``{"type": "shared", "layer": n}``, with n its number in the order in which layers end.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from xpnn import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules
from xpnn.errors import ArgumentTypeError, CheckpointError
from xpnn.training.parameter_group import ParameterGroup

__all__ = ["decode", "encode", "known_types"]

_SHARED = "shared"


@cache
def known_types() -> Mapping[str, type]:
    """Classes of this library that may appear in a file, by name."""
    types: dict[str, type] = {"ParameterGroup": ParameterGroup}
    modules = (activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules)
    for module in modules:
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) and is_dataclass(value):
                types[name] = value
    return MappingProxyType(types)


def encode(value: Any, seen: dict[int, int] | None = None) -> Any:
    """Turn a record, or a tree of records, tuples and plain values, into JSON data.

    Raises
    ------
    ArgumentTypeError
        If something is neither a record nor plain data.
    """
    seen = {} if seen is None else seen
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [encode(item, seen) for item in value]
    if hasattr(type(value), "unsavable"):
        raise ArgumentTypeError(type(value).unsavable)
    if not is_dataclass(value) or isinstance(value, type):
        raise ArgumentTypeError(f"a network to be saved must consist of records (frozen dataclasses), got {value!r}.")
    if id(value) in seen:
        return {"type": _SHARED, "layer": seen[id(value)]}
    data = {"type": type(value).__name__}
    data |= {field.name: encode(getattr(value, field.name), seen) for field in fields(value) if field.init}
    if hasattr(value, "init"):
        seen[id(value)] = len(seen)
    return data


def decode(data: Any, types: Mapping[str, type], shared: list[Any] | None = None) -> Any:
    """Turn JSON data from `encode` back into records of the classes in `types`.

    Raises
    ------
    CheckpointError
        If a type is unknown or a record cannot be made from its fields.
    """
    shared = [] if shared is None else shared
    if isinstance(data, list):
        return tuple(decode(item, types, shared) for item in data)
    if not isinstance(data, dict):
        return data
    kind = data.get("type")
    if kind == _SHARED:
        return _shared_layer(data.get("layer"), shared)
    if not isinstance(kind, str) or kind not in types:
        raise CheckpointError(
            f"type must be one of {', '.join(sorted(types))}, or be given in custom_types, got {kind!r}."
        )
    names = {field.name for field in fields(types[kind]) if field.init}
    values = {name: decode(value, types, shared) for name, value in data.items() if name != "type"}
    if values.keys() - names:
        raise CheckpointError(f"fields of {kind} must be among {', '.join(sorted(names))}, got {sorted(values)}.")
    try:
        record = types[kind](**values)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise CheckpointError(f"{kind} cannot be made from its fields: {error}") from error
    if hasattr(record, "init"):
        shared.append(record)
    return record


def _shared_layer(number: Any, shared: list[Any]) -> Any:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(shared):
        raise CheckpointError(f"a shared layer must name one of the {len(shared)} layers before it, got {number!r}.")
    return shared[number]
