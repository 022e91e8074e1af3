"""``xpnn check``: the gradients of a saved network against difference quotients."""

import argparse
from dataclasses import asdict
from typing import Any

from xpnn.cli._output import print_json
from xpnn.cli._parser import Commands, add_json, add_model

__all__ = ["add_parser", "run"]

_SAMPLES = 16

_DESCRIPTION = f"""Compare the gradients of a saved network, from backpropagation, with difference quotients of its
loss in float64, on {_SAMPLES} samples of a data file or on random ones. The exit code is 1 if they differ."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("check", help="check the gradients of a saved network", description=_DESCRIPTION)
    add_model(parser)
    parser.add_argument("file", metavar="FILE", nargs="?", help="data with features and target (default: random data)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check and print; 1 if the gradients are wrong."""
    from xpnn.cli._tables import load_for
    from xpnn.network import Network
    from xpnn.testing import check_gradients

    net = Network.load(args.model, backend=args.backend)
    x, y = random_samples(net, _SAMPLES) if args.file is None else load_for(net, args.file)
    report = check_gradients(net, x[:_SAMPLES], y[:_SAMPLES])
    if args.json:
        print_json(asdict(report))
    else:
        print(report)
    return 0 if report.passed else 1


def random_samples(net: Any, n: int) -> tuple[Any, Any]:
    """Draw inputs like those that the network was trained on, and targets that its loss accepts.

    Real targets lie around the outputs, within their spread: far from them, rounding would drown the differences.
    """
    from xpnn.errors import XpnnError
    from xpnn.random import Streams

    rng, state = Streams(net.seed)["check"], net.state
    x = rng.standard_normal((n, *net.summary().input_shape))
    x = x * state.get("inputs.scale", 1.0) + state.get("inputs.mean", 0.0)
    outputs = net.predict(x)
    reals = outputs + rng.standard_normal(outputs.shape) / state.get("units.scale", 1.0)
    labels, bits = rng.integers(outputs.shape[-1], size=outputs.shape[:-1]), rng.integers(2, size=outputs.shape)
    for targets in (reals, labels, bits) if outputs.shape[-1] > 1 else (reals, bits):
        try:
            return x, net.loss.check_targets(targets, outputs.shape[1:])
        except XpnnError as error:
            refusal = error
    raise refusal
