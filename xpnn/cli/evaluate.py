"""``xpnn evaluate``: loss and metrics of a trained network on a data file."""

import argparse

from xpnn.cli._output import number, print_json, table
from xpnn.cli._parser import Commands, add_json, add_model

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Measure loss and metrics of a saved network on a data file. Columns are found by the names of the training."
    parser = commands.add_parser("evaluate", help="measure a saved network on data", description=text)
    add_model(parser)
    parser.add_argument("file", metavar="FILE", help="data with features and target")
    parser.add_argument("--target", metavar="COL", help="column or array of the target, if it has another name here")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    from xpnn.cli._report import CHUNK
    from xpnn.cli._tables import load_for
    from xpnn.network import Network

    net = Network.load(args.model, backend=args.backend)
    x, y = load_for(net, args.file, args.target)
    measured = net.evaluate(x, y, batch_size=CHUNK)
    if args.json:
        print_json({"samples": len(x), **measured})
    else:
        rows = [["samples", f"{len(x):,}"], *[[name, number(value)] for name, value in measured.items()]]
        print(table([["", args.file], *rows]))
    return 0
