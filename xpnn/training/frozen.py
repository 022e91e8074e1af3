"""Frozen parameters: which they are, by names and as a mask."""

from collections.abc import Sequence

import numpy as np

from xpnn import _check
from xpnn.training.layout import Layout
from xpnn.typing import HostArray

__all__ = ["find_parameters", "frozen_layers", "trainable_mask"]


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
