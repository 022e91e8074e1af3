"""`held_bytes`: the memory that the arrays of a training step take, counted on the arrays themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import prod
from typing import Any

from xpnn.bench.runner import Runner
from xpnn.training.layout import leaves
from xpnn.typing import Array, Namespace

__all__ = ["held_bytes"]


def held_bytes(runner: Runner) -> dict[str, int]:
    """Bytes of what a step keeps at once; temporaries within an operation come on top.

    Returns
    -------
    dict of str to int
        ``"parameters"`` with the layers' state, ``"gradient"``, ``"optimizer"``, ``"batch"`` (inputs and targets),
        ``"saved"`` (what the forward pass keeps for the backward pass), ``"compiled"`` (buffers of compiled steps).
    """
    net, learner = runner.net, runner.net._built
    xp, weights = net.backend.xp, learner.weights
    flat = _nbytes(xp, [weights.flat])
    batch = list(runner.data)
    compiled = sum(part.nbytes for part in getattr(net, "compilations", ()))
    return {
        "parameters": flat + _nbytes(xp, [value for _, value in leaves(weights.state)]),
        "gradient": flat,
        "optimizer": _nbytes(xp, list(learner.updater.vectors.values())),
        "batch": _nbytes(xp, batch),
        "saved": _nbytes(xp, list(_arrays(runner.saved())), without=[*batch, *_arrays(weights.tree)]),
        "compiled": compiled,
    }


def _arrays(tree: Any) -> Iterator[Array]:
    """Arrays inside tuples, mappings and records."""
    if hasattr(tree, "dtype") and hasattr(tree, "shape"):
        yield tree
    elif isinstance(tree, Mapping):
        yield from (array for part in tree.values() for array in _arrays(part))
    elif isinstance(tree, tuple | list):
        yield from (array for part in tree for array in _arrays(part))
    elif is_dataclass(tree):
        yield from (array for part in fields(tree) for array in _arrays(getattr(tree, part.name)))


def _nbytes(xp: Namespace, arrays: list[Array], without: list[Array] | None = None) -> int:
    """Bytes of `arrays`, each object once."""
    others = {id(array) for array in without or ()}
    unique = {id(array): array for array in arrays if id(array) not in others}
    return sum(prod(array.shape) * _itemsize(xp, array.dtype) for array in unique.values())


def _itemsize(xp: Namespace, dtype: Any) -> int:
    if xp.isdtype(dtype, "bool"):
        return 1
    info = xp.iinfo(dtype) if xp.isdtype(dtype, "integral") else xp.finfo(dtype)
    return int(info.bits) // 8
