"""Rules for single parameters: regularizers and constraints, found by name and applied to the flat vector."""

from collections.abc import Callable, Sequence
from typing import Any

from xpnn.errors import ShapeError
from xpnn.training.layout import Layout, Leaf
from xpnn.typing import Array, Layer, Namespace

__all__ = ["Rules", "check_shapes", "find_rules", "part", "rewrite"]

Rules = Sequence[tuple[Leaf, Any]]
"""Parameters with their rules, in the order of the vector."""


def find_rules(layer: Layer, layout: Layout, kind: str) -> Rules:
    """Rules of `layer` and the layers inside it; those of tied parameters once.

    The rule of a parameter is in the field ``<parameter>_<kind>`` of its layer. Where there is no such field, the last
    word of its name counts: ``query_weight`` and ``output_weight`` have the one of ``weight``.
    """
    rules = []
    for leaf in layout:
        owner: Any = layer
        for name in leaf.path[:-1]:
            owner = getattr(owner, "children", {}).get(name)
        name = leaf.path[-1]
        rule = getattr(owner, f"{name}_{kind}", getattr(owner, f"{name.split('_')[-1]}_{kind}", None))
        if rule is not None:
            rules.append((leaf, rule))
    return rules


def check_shapes(rules: Rules) -> None:
    """Let each rule that can do so refuse the shape of its parameter, which is named in the message."""
    for leaf, rule in rules:
        if hasattr(rule, "check"):
            try:
                rule.check(leaf.shape)
            except ShapeError as error:
                raise ShapeError(f"parameter {leaf.name}, {rule!r}: {error}") from error


def part(xp: Namespace, flat: Array, leaf: Leaf) -> Array:
    """The parameter of `leaf`, in its own shape."""
    return xp.reshape(flat[leaf.start : leaf.stop], leaf.shape)


def rewrite(
    xp: Namespace,
    flat: Array,
    rules: Rules,
    function: Callable[[Any, Array], Array],
    rest: Callable[[Array], Array],
) -> Array:
    """Return a new vector: ``function(rule, parameter)`` for parameters with a rule, ``rest(slice)`` between them."""
    parts, end = [], 0
    for leaf, rule in rules:
        if leaf.start > end:
            parts.append(rest(flat[end : leaf.start]))
        parts.append(xp.reshape(function(rule, part(xp, flat, leaf)), (leaf.stop - leaf.start,)))
        end = leaf.stop
    if end < flat.shape[0]:
        parts.append(rest(flat[end:]))
    return xp.concat(parts)
