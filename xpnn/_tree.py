"""Several arrays as one value: an array, or a tuple or mapping of such values; None stands for an array left out.

Layers with several inputs take a tuple of arrays where others take one array, and a tuple of shapes where others take
one shape. What must work for both maps over the parts.
"""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["has_parts", "map_shapes", "map_tree", "named_parts", "tree_leaves"]


def map_tree(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `function` to every array of `tree`, with those at the same place in `others`; None stays None.

    >>> map_tree(lambda a: 2 * a, (1, {"a": 2, "b": None}))
    (2, {'a': 4, 'b': None})
    """
    if isinstance(tree, tuple):
        return tuple([map_tree(function, *parts) for parts in zip(tree, *others, strict=True)])
    if isinstance(tree, Mapping):
        return {key: map_tree(function, value, *(other[key] for other in others)) for key, value in tree.items()}
    return None if tree is None else function(tree, *others)


def tree_leaves(tree: Any) -> list[Any]:
    """All arrays of `tree` in order.

    >>> tree_leaves((1, {"a": 2, "b": None}))
    [1, 2]
    """
    if isinstance(tree, tuple):
        return [leaf for part in tree for leaf in tree_leaves(part)]
    if isinstance(tree, Mapping):
        return [leaf for part in tree.values() for leaf in tree_leaves(part)]
    return [] if tree is None else [tree]


def has_parts(shape: Any) -> bool:
    """Tell a tuple of shapes from a shape.

    >>> has_parts(((3,), ())), has_parts((3, 2)), has_parts(())
    (True, False, False)
    """
    return isinstance(shape, tuple | list) and len(shape) > 0 and all(isinstance(part, tuple | list) for part in shape)


def map_shapes(function: Callable[..., Any], shape: Any) -> Any:
    """Apply `function` to a shape, or to each of a tuple of shapes.

    >>> map_shapes(lambda shape: (5, *shape), ((3,), ()))
    ((5, 3), (5,))
    """
    return tuple([map_shapes(function, part) for part in shape]) if has_parts(shape) else function(shape)


def named_parts(name: str, value: Any) -> dict[str, Any]:
    """Parts of a tuple by numbered names, without those that are None; one array has the name alone.

    >>> named_parts("x", 7), named_parts("x", (7, None, 8))
    ({'x': 7}, {'x0': 7, 'x2': 8})
    """
    if not isinstance(value, tuple):
        return {name: value}
    return {f"{name}{i}": part for i, part in enumerate(value) if part is not None}
