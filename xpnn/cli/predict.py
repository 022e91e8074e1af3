"""``xpnn predict``: what a trained network says about new data."""

import argparse
import csv
import sys
from pathlib import Path

from xpnn.cli._output import count
from xpnn.cli._parser import Commands, add_model

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Write what a network predicts for each row of a data file, as CSV: names of classes, or numbers in the
units of the target. Columns are found by name; others, and the target, may be there or not."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("predict", help="predict with a saved network", description=_DESCRIPTION)
    add_model(parser)
    parser.add_argument("file", metavar="FILE", help="data with the features that the network was trained on")
    parser.add_argument("--out", metavar="PATH", help="write to this file (default: stdout)")
    parser.add_argument("--proba", action="store_true", help="write the probability of each class")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Predict and write."""
    from xpnn.cli._files import check_writable
    from xpnn.cli._predictions import answers, probabilities
    from xpnn.data import load_inputs
    from xpnn.network import Network

    check_writable("--out", args.out, model=args.model, data=args.file)
    net = Network.load(args.model, backend=args.backend)
    x = load_inputs(args.file, net.notes.get("features") or None)
    rows = probabilities(net, x) if args.proba else answers(net, x)
    if args.out is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return 0
    with Path(args.out).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    print(f"{count(len(rows) - 1, 'prediction')} in {args.out}", file=sys.stderr)
    return 0
