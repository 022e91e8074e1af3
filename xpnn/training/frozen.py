"""Frozen parameters: which they are, and how an update leaves them alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.training.layout import Layout
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["find_parameters", "frozen_layers", "keep_frozen", "trainable_mask"]


def find_parameters(layout: Layout, names: Sequence[str]) -> frozenset[str]:
    """Full names of the parameters that `names` mean: parameters, or layers with all that is in them; none mean all.

    Raises
    ------
    ArgumentError
        If there is no such layer or parameter.
    """
    leaves = list(layout)
    known = {".".join(leaf.path[:depth]) for leaf in leaves for depth in range(1, len(leaf.path) + 1)}
    for name in names:
        _check.choice("names", name, known)
    wanted = [tuple(name.split(".")) for name in names] or [()]
    return frozenset(leaf.name for leaf in leaves if any(leaf.path[: len(path)] == path for path in wanted))


def frozen_layers(layout: Layout, frozen: frozenset[str]) -> frozenset[str]:
    """Names of the layers all of whose parameters are frozen."""
    layers: dict[str, bool] = {}
    for leaf in layout:
        for depth in range(1, len(leaf.path)):
            name = ".".join(leaf.path[:depth])
            layers[name] = layers.get(name, True) and leaf.name in frozen
    return frozenset(name for name, is_frozen in layers.items() if is_frozen)


def trainable_mask(layout: Layout, frozen: frozenset[str]) -> HostArray:
    """True where a parameter may move, shape (size,), on the host."""
    mask = np.ones(layout.size, dtype=bool)
    for leaf in layout:
        mask[leaf.start : leaf.stop] = leaf.name not in frozen
    return mask


def keep_frozen(xp: Namespace, trainable: Array | None, new: Any, old: Any = 0.0) -> Any:
    """Take `new` where a parameter may move, and `old` elsewhere; without a mask all of `new`.

    A vector of another length, in which an optimizer keeps something else than a number for each parameter, is taken.
    """
    return new if trainable is None or new.shape != trainable.shape else xp.where(trainable, new, old)
