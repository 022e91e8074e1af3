"""What goes into a network and comes out of it, where that is several arrays: their names, and values by name.

Inside, several arrays are a tuple in the order of the names; outside, they may also be a mapping.
"""

from collections.abc import Mapping
from typing import Any

from xpnn import _check
from xpnn._tree import has_parts
from xpnn.errors import ArgumentTypeError, ShapeError
from xpnn.layers import Graph, Parallel, Sequential
from xpnn.typing import Array, Layer

__all__ = [
    "as_parts",
    "as_weight_parts",
    "by_names",
    "input_names",
    "number_names",
    "output_names",
    "refuse_other_rows",
    "rows",
]


def input_names(layer: Layer) -> tuple[str, ...]:
    """Names of the inputs of a `Graph`, also where it is the first of a `Sequential`; else none."""
    while isinstance(layer, Sequential) and layer.layers:
        layer = layer.layers[0]
    return layer.inputs if isinstance(layer, Graph) else ()


def output_names(layer: Layer) -> tuple[str, ...]:
    """Names of the outputs of a `Graph`, also where it is the last of a `Sequential`; else none."""
    while isinstance(layer, Sequential) and layer.layers:
        layer = layer.layers[-1]
    if isinstance(layer, Parallel):
        layer = layer.inner
    return layer.outputs if isinstance(layer, Graph) else ()


def number_names(names: tuple[str, ...], shape: Any) -> tuple[str, ...]:
    """Return `names` if there is one for each part of `shape`, else numbers; of one array alone none."""
    if not has_parts(shape):
        return names if len(names) == 1 else ()
    return names if len(names) == len(shape) else tuple(map(str, range(len(shape))))


def as_parts(argument: str, value: Any, names: tuple[str, ...]) -> Any:
    """Bring a mapping by `names`, or a sequence in their order, into a tuple; for a single name, the value itself.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If it is neither, or parts are missing or unknown.
    """
    if isinstance(value, Mapping):
        for name in value:
            _check.choice(f"names in {argument}", name, names)
        missing = [name for name in names if name not in value]
        if missing:
            _check.refuse(argument, f"have an entry {missing[0]!r}", list(value))
        parts = tuple([value[name] for name in names])
        return parts if len(parts) > 1 else parts[0]
    if len(names) == 1:
        return value
    if not isinstance(value, tuple | list) or len(value) != len(names):
        found = f"{len(value)} parts" if isinstance(value, tuple | list) else type(value).__name__
        raise ArgumentTypeError(
            f"{argument} must be a tuple of {len(names)} arrays or a mapping of {', '.join(names)}, got {found}."
        )
    return tuple(value)


def as_weight_parts(value: Any, names: tuple[str, ...]) -> Any:
    """Bring sample weights by the outputs `names` into a tuple, None for an output left out; others stay as they are.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If there is but one output, or a name is unknown.
    """
    if not isinstance(value, Mapping):
        is_several = type(value) is tuple and len(names) > 1 and not all(isinstance(v, int | float) for v in value)
        return as_parts("sample_weight", value, names) if is_several else value
    if len(names) < 2 and tuple(value) != names:
        raise ArgumentTypeError("sample_weight must be an array where there is one output, got a mapping.")
    for name in value:
        _check.choice("names in sample_weight", name, names)
    if not any(part is not None for part in value.values()):
        return None
    return tuple([value.get(name) for name in names]) if len(names) > 1 else value[names[0]]


def by_names(value: Any, names: tuple[str, ...], given: Any) -> Any:
    """Return several arrays in the form of what was `given`: a mapping for a mapping, else the tuple as it is."""
    return dict(zip(names, value, strict=True)) if isinstance(value, tuple) and isinstance(given, Mapping) else value


def rows(x: Any) -> int:
    """Number of samples in an array, or in each of a tuple of arrays."""
    return x[0].shape[0] if type(x) is tuple else x.shape[0]  # type: ignore[no-any-return]


def refuse_other_rows(argument: str, parts: tuple[Array, ...], names: tuple[str, ...]) -> None:
    """Raise if the arrays have different numbers of samples."""
    for name, part in zip(names, parts, strict=True):
        if part.shape[0] != parts[0].shape[0]:
            raise ShapeError(
                f"{argument}[{name!r}] must have {parts[0].shape[0]} rows like {argument}[{names[0]!r}], "
                f"got shape {tuple(part.shape)}."
            )
