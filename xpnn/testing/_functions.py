"""`functions_in_use`: what xpnn asks of a namespace, read from its own sources so that the list cannot go stale."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["functions_in_use", "names_of_namespace"]


@cache
def functions_in_use() -> frozenset[str]:
    """Names that xpnn reads from a namespace: every ``xp.<name>`` in its sources, e.g. ``"exp"``, ``"linalg.qr"``.

    Without ``erfc``: the standard has none, a backend may have one of its own, and dual numbers do.
    """
    return frozenset(name for source in _sources(files("xpnn")) for name in names_of_namespace(source)) - {"erfc"}


def names_of_namespace(source: str) -> set[str]:
    """Names read from a variable or attribute called ``xp`` in `source`; dotted where they are nested.

    >>> sorted(names_of_namespace("xp.exp(x); ctx.xp.linalg.qr(x); np.log(x)"))
    ['exp', 'linalg.qr']
    """
    dotted = {name for node in ast.walk(ast.parse(source)) if (name := _after_xp(node))}
    return {name for name in dotted if not any(other.startswith(name + ".") for other in dotted)}


def _after_xp(node: ast.AST) -> str | None:
    """Return ``b.c`` for the expressions ``xp.b.c`` and ``a.xp.b.c``, None for any other."""
    path: list[str] = []
    while isinstance(node, ast.Attribute) and node.attr != "xp":
        path.insert(0, node.attr)
        node = node.value
    is_xp = isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id == "xp")
    return ".".join(path) if path and is_xp else None


def _sources(folder: Traversable) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.name == "many":  # its namespaces are batching ones, which no backend brings
            continue
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry.read_text(encoding="utf-8")
