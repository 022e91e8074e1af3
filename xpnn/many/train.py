"""`train_many`: dozens of seeds, settings or folds of one network in one stream of operations."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpnn import _check
from xpnn.backend import MIXED, using
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.many.family import Member, families, plan_training, train_family
from xpnn.many.folds import draw_folds
from xpnn.many.result import Many
from xpnn.many.settings import make_network, multiply_out
from xpnn.network import Network

__all__ = ["train_many"]


def train_many(
    net: Network,
    x: Any,
    y: Any,
    *,
    seeds: Sequence[int] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    folds: int | None = None,
    batch_size: int | None = 32,
    epochs: int = 1,
    validation_data: Sequence[Any] | None = None,
    sample_weight: Any = None,
    shuffle: bool = True,
    augment: Any = None,
) -> Many:
    """Train many networks like `net` at once: one operation computes a layer of all of them.

    Each member starts from the parameters of its own seed and has its own order of samples and its own dropout masks,
    exactly as if it were trained alone by `xpnn.Network.fit`; only the order in which numbers are added may differ, so
    results are equal to rounding. What an operation costs besides computing, a launch on a GPU or a call on a CPU, is
    paid once for all members, and this is most of the cost of a small network.

    Parameters
    ----------
    net : Network
        What to train: layers, loss, optimizer, metrics, backend, dtype. It is not changed, and its parameters are not
        used; its state is, e.g. that of `xpnn.layers.Standardize`.
    x, y : array, shape (n, ...)
        As for `Network.fit`; on the device once, whatever the number of members.
    seeds : sequence of int, optional
        One member, or one for each combination of the grid, for every seed.
    grid : mapping of str to sequence, optional
        Values of ``"learning_rate"``, ``"l1"``, ``"l2"``, ``"seed"``, ``"optimizer"``, or of a field of the optimizer,
        e.g. ``"optimizer.weight_decay"``: one member for each combination.
    folds : int, optional
        So many members for each combination: the data are dealt to so many parts at random (by the stream ``folds`` of
        the seed of `net`), and each member learns from all parts but one, on which it is measured as ``"val_..."``.
    batch_size, epochs, validation_data, sample_weight, shuffle, augment
        As for `Network.fit`. `augment` mixes each member's batches by shares of its own.

    Returns
    -------
    many : Many
        Networks, histories, and how they compare.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If an argument breaks its rule.

    Notes
    -----
    Members whose optimizers differ in more than numbers (their class, with or without momentum, with or without
    clipping), or that learn from unequal numbers of samples, cannot share operations; each such group is trained after
    the other. Memory is needed for the parameters, gradients and activations of all members of a group.

    Examples
    --------
    >>> import xpnn
    >>> from xpnn.layers import Dense
    >>> x, y = xpnn.data.moons(100, noise=0.1, seed=0)
    >>> net = xpnn.Network([Dense(8, activation="tanh"), Dense(2)], metrics=["accuracy"])
    >>> many = xpnn.train_many(net, x, y, seeds=range(3), grid={"learning_rate": [0.003, 0.03]}, epochs=20)
    >>> len(many), many.best("loss").optimizer
    (6, Adam(learning_rate=0.03))
    """
    _check_choice(net, seeds, grid, folds, validation_data)
    if net.dtype == MIXED:
        _check.refuse("dtype", "be 'float32' or 'float64' in train_many", net.dtype)
    batch_size = None if batch_size is None else _check.integer("batch_size", batch_size)
    length = batch_size, _check.integer("epochs", epochs, minimum=0), _check.boolean("shuffle", shuffle)
    settings = multiply_out(net, seeds, grid)
    with using(net.backend):
        plan = plan_training(net, x, y, sample_weight, validation_data, length, augment)
        weight = None if plan.samples.weight is None else net.backend.to_numpy(plan.samples.weight)
        dealt = [None] if folds is None else draw_folds(folds, len(plan.samples), net.seed, weight)
        members = [Member(make_network(net, s), fold) for s in settings for fold in dealt]
        for family in families(members):
            train_family(plan, family)
    if folds is not None:
        settings = [{**s, "fold": k} for s in settings for k in range(len(dealt))]
    networks = tuple(member.network for member in members)
    return Many(networks, tuple(settings), tuple(member.fold for member in members if member.fold is not None))


def _check_choice(net: Any, seeds: Any, grid: Any, folds: Any, validation_data: Any) -> None:
    if not isinstance(net, Network):
        raise ArgumentTypeError(f"net must be an xpnn.Network, got {type(net).__name__}.")
    if len(net._input_names) > 1 or len(net._output_names) > 1:
        raise ArgumentError("net must have one input and one output to be trained with others at once, got several.")
    if net.built and net.frozen:
        raise ArgumentError(f"net must have no frozen parameters to be trained with others, got {net.frozen[0]!r}.")
    if seeds is None and grid is None and folds is None:
        raise ArgumentError("seeds, grid or folds must be given, got none of them.")
    if folds is not None and validation_data is not None:
        raise ArgumentError("validation_data must be left out where folds are given, got both.")
