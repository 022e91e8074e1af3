"""What the members of a family differ in: seeds and grids, checked and multiplied out."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import fields, replace
from itertools import product
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.network import Network

__all__ = ["Settings", "make_network", "multiply_out"]

Settings = dict[str, Any]
"""What is special about one member, by name: ``{"learning_rate": 0.1, "seed": 3, "fold": 0}``."""

_WHOLE = ("l1", "l2", "learning_rate", "optimizer", "seed")
_OF_LAYERS = ("layers", "loss", "metrics", "backend", "dtype")


def multiply_out(net: Network, seeds: Any, grid: Any) -> list[Settings]:
    """Every combination of the grid's values and the seeds; the last name changes fastest.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a name is unknown, has no values, or would make members of unequal architecture.
    """
    if grid is not None and not isinstance(grid, Mapping):
        raise ArgumentTypeError(f"grid must be a mapping from names to values, got {grid!r}.")
    if grid is not None and not grid:
        raise ArgumentError("grid must hold at least one name, got none.")
    axes = {} if grid is None else {name: _values(f"grid[{name!r}]", grid[name]) for name in grid}
    for name in axes:
        _check_name(net, name)
    if "learning_rate" in axes and "optimizer.learning_rate" in axes:
        raise ArgumentError("grid must name the learning rate once, got 'learning_rate' and 'optimizer.learning_rate'.")
    if seeds is not None:
        if "seed" in axes:
            raise ArgumentError("seeds must be left out where grid has 'seed', got both.")
        axes["seed"] = _values("seeds", seeds)
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def make_network(net: Network, settings: Settings) -> Network:
    """Return a new network, not built, that is `net` but for `settings`."""
    arguments = dict(net._arguments)
    rate = None if net._rate_in_use == net.optimizer.learning_rate else net._rate_in_use
    arguments |= {name: settings[name] for name in ("l1", "l2", "optimizer", "seed") if name in settings}
    made = Network(**arguments, backend=net.backend, compile=net.compile)
    changes = {name.removeprefix("optimizer."): settings[name] for name in settings if name.startswith("optimizer.")}
    changes |= {"learning_rate": settings["learning_rate"]} if "learning_rate" in settings else {}
    if changes:
        optimizer = _replace(made.optimizer, changes)
        made = Network(**(arguments | {"optimizer": optimizer}), backend=net.backend, compile=net.compile)
    if rate is not None and "optimizer" not in settings and "learning_rate" not in changes:
        made.learning_rate = rate
    if made.optimizer.searches:
        _check.refuse("optimizer", "go one step along one gradient in train_many", made.optimizer)
    made.notes = deepcopy(net.notes)
    return made


def _replace(optimizer: Any, changes: Mapping[str, Any]) -> Any:
    known = [field.name for field in fields(optimizer) if field.init]
    own = {name: value for name, value in changes.items() if name in known or not hasattr(optimizer, "inner")}
    for name in own:
        _check.choice(f"fields of {type(optimizer).__name__} in grid", name, known)
    if len(own) < len(changes):
        rest = {name: value for name, value in changes.items() if name not in own}
        own["inner"] = _replace(optimizer.inner, rest)
    return replace(optimizer, **own)


def _check_name(net: Network, name: Any) -> None:
    if isinstance(name, str) and name.partition(".")[0] in (*_OF_LAYERS, *net._layer.children):
        raise ArgumentError(f"grid must leave the layers and what they compute equal for all members, got {name!r}.")
    if not (isinstance(name, str) and name.startswith("optimizer.")):
        _check.choice("names in grid", name, (*_WHOLE, "optimizer.<field>"))


def _values(argument: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise ArgumentTypeError(f"{argument} must be a sequence of values, got {values!r}.")
    result = tuple(values)
    if not result:
        raise ArgumentError(f"{argument} must hold at least one value, got none.")
    return result
