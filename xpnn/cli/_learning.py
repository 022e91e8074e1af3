"""Training as `xpnn train` does it: standardized inside; the network takes raw data and answers in its units."""

import math
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xpnn.callbacks import Callback, CSVLog, EarlyStopping, Progress, TerminateOnNaN
from xpnn.cli._report import Samples
from xpnn.cli._units import InUnits, Units
from xpnn.data import Dataset, Standardizer
from xpnn.layers import Dense, Dropout, Flatten, Standardize
from xpnn.network import Network
from xpnn.optimizers import get_optimizer
from xpnn.optimizers.optimizer import Optimizer

__all__ = ["learn", "make_network", "make_optimizer"]


def make_optimizer(name: str, learning_rate: float | None) -> Optimizer:
    """Turn the options into an optimizer; without a learning rate it has its own."""
    optimizer = get_optimizer("--optimizer", name)
    return optimizer if learning_rate is None else replace(optimizer, learning_rate=learning_rate)


def make_network(args: Namespace, dataset: Dataset, task: str) -> Network:
    """Make the network that the options describe, for the data at hand; it takes raw inputs."""
    layers: list[Any] = [Standardize(name="inputs")]
    layers += [Flatten()] if dataset.x.ndim > 2 else []
    for units in args.hidden:
        layers.append(Dense(units, activation=args.activation))
        layers += [Dropout(args.dropout)] if args.dropout else []
    is_class = task == "classification"
    net = Network(
        [*layers, Dense(len(dataset.class_names) if is_class else dataset.y.shape[1])],
        loss="cross_entropy" if is_class else "mean_squared_error",
        optimizer=make_optimizer(args.optimizer, args.learning_rate),
        metrics=["accuracy"] if is_class else ["mae", "r2"],
        backend=args.backend,
        dtype=args.dtype,
        seed=args.seed,
        l2=args.l2,
    )
    return net.build(dataset.x.shape[1:])


def learn(net: Network, args: Namespace, train: Samples, validation: Samples | None, level: int) -> Network:
    """Train `net` and return it; after a regression, a network in the units of the data.

    Parameters
    ----------
    net : Network
        From `make_network`.
    args : Namespace
        The options of ``xpnn train``.
    train, validation : (x, y)
        Raw inputs; labels, or reals of shape (n, outputs). Inputs and targets are standardized by `train` alone.
    level : {0, 1, 2}
        Progress on stderr: none, a line that is rewritten, or a line per epoch.

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number.
    """
    scaler = Standardizer.fit(train[0])
    net.set_state({"inputs.mean": scaler.mean, "inputs.scale": scaler.scale})
    is_class = net.metrics[0].label == "accuracy"
    units = None if is_class else Units.fit(train[1])
    shown: list[Callback] = [CSVLog(args.log)] if args.log else []
    shown += [Progress(level)] if level else []
    callbacks: list[Callback] = [TerminateOnNaN(every=100)]
    callbacks += shown if units is None else [InUnits(units, shown)]
    callbacks += [] if args.patience is None else [EarlyStopping("val_loss", patience=args.patience)]
    try:
        _fit(net, args, callbacks, _in(units, train), None if validation is None else _in(units, validation))
    except BaseException:
        if level == 1:  # the line that is rewritten has no end yet
            print(file=sys.stderr)
        raise
    return net if units is None else units.finish(net)


def _fit(
    net: Network, args: Namespace, callbacks: Sequence[Callback], train: Samples, validation: Samples | None
) -> None:
    net.fit(
        *train,
        batch_size=args.batch_size,
        epochs=args.epochs,
        validation_data=validation,
        callbacks=callbacks,
        verbose=0,
    )
    for epoch, loss in zip(net.history.epoch, net.history["loss"], strict=True):
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss must stay finite, got {loss!r} in epoch {epoch + 1}: choose a smaller --learning-rate"
            )


def _in(units: Units | None, samples: Samples) -> Samples:
    return samples if units is None else (samples[0], units.standardize(samples[1]))
