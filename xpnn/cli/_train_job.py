"""What `xpnn train` does, from its options to the saved file."""

import sys
import time
from argparse import Namespace

import numpy as np

from xpnn.callbacks.progress import verbosity
from xpnn.cli._files import check_writable
from xpnn.cli._learning import learn, make_network, make_optimizer
from xpnn.cli._report import Report, Samples, describe
from xpnn.cli._tables import load_for_training
from xpnn.data import Dataset, train_test_split
from xpnn.errors import ArgumentError
from xpnn.network import Network

__all__ = ["train"]


def train(args: Namespace) -> None:
    """Check the options, read, train, save, report.

    Raises
    ------
    XpnnError, OSError, FloatingPointError
        If the options, the data, the backend, the files or the training itself are no good.
    """
    _check_options(args)
    dataset, task = load_for_training(args.file, args.target, args.features, args.task)
    if "" in (dataset.feature_names or ()):
        raise ArgumentError(
            f"{args.file} must have no column without a name (the index of a data frame?): write it with index=False, "
            "or choose inputs with --features."
        )
    net = make_network(args, dataset, task)
    _warn_of_lost_digits(net, dataset)
    if not args.json:
        print(describe(args.file, dataset, net), flush=True)
    samples, validation = _split(dataset, task, args)
    level = 0 if args.quiet else 2 if args.verbose else verbosity("auto")
    begin = time.perf_counter()
    net = learn(net, args, samples, validation, level)
    seconds = time.perf_counter() - begin
    net.notes = {"task": task, "target": dataset.target_name}
    net.notes["features"] = list(dataset.feature_names or args.features or ())
    if dataset.class_names:
        net.notes["classes"] = list(dataset.class_names)
    if args.save:
        net.save(args.save)
    Report(net, dataset, samples, validation, seconds, args.save).show(as_json=args.json)


def _check_options(args: Namespace) -> None:
    """Refuse before the work what would fail after it."""
    check_writable("--save", args.save, data=args.file, log=args.log)
    check_writable("--log", args.log, data=args.file)
    make_optimizer(args.optimizer, args.learning_rate)
    if args.patience is not None and not args.validation:
        raise ArgumentError("--patience must come with a --validation above 0, got 0.")


def _split(dataset: Dataset, task: str, args: Namespace) -> tuple[Samples, Samples | None]:
    """Keep samples for validation: the same share of each class, if every class has two samples or more."""
    x, y = dataset
    if not args.validation:
        return (x, y), None
    stratify = task == "classification" and int(np.bincount(y).min()) > 1
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_fraction=args.validation, seed=args.seed, stratify=stratify
    )
    return (x_train, y_train), (x_test, y_test)


def _warn_of_lost_digits(net: Network, dataset: Dataset) -> None:
    """Say so if a feature is so far from 0 that float32 cannot tell its values apart to about one percent."""
    middle = np.abs(np.mean(dataset.x, axis=0)).ravel()
    spread = (1.0 * np.max(dataset.x, axis=0) - np.min(dataset.x, axis=0)).ravel()
    lost = np.flatnonzero((spread > 0) & (middle > 1e5 * spread))
    if net.dtype == "float32" and lost.size:
        name = dataset.feature_names[lost[0]] if dataset.feature_names else str(lost[0])
        text = f"feature {name} changes little around {middle[lost[0]]:.4g}, which float32 cannot tell apart well"
        print(f"xpnn: warning: {text}; use --dtype float64.", file=sys.stderr)
