"""The user's own network and data, for ``xpnn bench``."""

from argparse import Namespace
from collections.abc import Sequence
from itertools import product

import numpy as np

from xpnn.bench.samples import check_targets, draw_samples
from xpnn.bench.workload import OwnNetwork
from xpnn.cli._learning import make_network
from xpnn.cli._tables import load_for, load_for_training
from xpnn.cli._units import Units
from xpnn.data import Standardizer
from xpnn.errors import ArgumentError
from xpnn.network import Network

__all__ = ["own_workloads"]


def own_workloads(args: Namespace, batches: Sequence[int]) -> tuple[list[OwnNetwork], str]:
    """Return a saved network at each batch size, or the networks that ``xpnn train`` would make for the data.

    Returns
    -------
    workloads : list of OwnNetwork
        By width and depth of the hidden layers, which a saved network does not tell, then by batch size.
    subject : str
        What they are, in words.
    """
    if args.model is None:
        return _from_data(args, batches)
    if args.widths or args.depths:
        raise ArgumentError("--widths and --depths must be left out with --model, whose layers have their sizes.")
    if args.features:
        raise ArgumentError("--features must be left out with --model, which knows its columns.")
    net = Network.load(args.model)
    x, y = load_for(net, args.data, args.target) if args.data else draw_samples(net, max(batches))
    subject = f"{args.model} on {args.data or 'random data'}; {_describe(net)}"
    y = check_targets(net, y)
    return [OwnNetwork(net, x, y, batch) for batch in batches], subject


def _from_data(args: Namespace, batches: Sequence[int]) -> tuple[list[OwnNetwork], str]:
    dataset, task = load_for_training(args.data, args.target, args.features, "auto")
    x, y = np.asarray(dataset.x), dataset.y
    y = Units.fit(y).standardize(y) if task == "regression" else y
    scaler = Standardizer.fit(x)
    workloads = []
    for width, depth in product(args.widths or (64,), args.depths or (2,)):
        options = Namespace(hidden=(width,) * depth, activation="relu", dropout=0.0, optimizer="adam")
        vars(options).update(learning_rate=None, backend="numpy", dtype="float32", seed=0, l2=0.0)
        net = make_network(options, dataset, task)
        net.set_state({"inputs.mean": scaler.mean, "inputs.scale": scaler.scale})
        workloads += [OwnNetwork(net, x, check_targets(net, y), batch, width, depth) for batch in batches]
    return workloads, f"what 'xpnn train' makes for {args.data}; {_describe(net)}"


def _describe(net: Network) -> str:
    return f"{len(net.layers)} layers, {type(net.loss).__name__}, {type(net.optimizer).__name__}, {net.dtype}"
