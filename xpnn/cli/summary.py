"""``xpnn summary``: what is in a saved network."""

import argparse
from dataclasses import asdict

from xpnn.cli._output import number, print_json
from xpnn.cli._parser import Commands, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Show layers, shapes, parameters, loss, optimizer and training of a saved network."
    parser = commands.add_parser("summary", help="show what is in a saved network", description=text)
    parser.add_argument("model", metavar="MODEL", help="file that 'xpnn train --save' or Network.save wrote")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read and print."""
    from xpnn.network import Network

    net = Network.load(args.model)
    summary = net.summary()
    facts = {
        "loss": repr(net.loss),
        "optimizer": repr(net.optimizer),
        "metrics": [metric.label for metric in net.metrics],
        "dtype": net.dtype,
        "seed": net.seed,
        "l1": net.l1,
        "l2": net.l2,
        "epochs": len(net.history.epoch),
    }
    last = {name: values[-1] for name, values in net.history.items()}
    if args.json:
        print_json({**asdict(summary), **facts, "last_epoch": last, "notes": net.notes})
        return 0
    print(summary)
    print()
    facts["last epoch"] = [f"{name} {number(value)}" for name, value in last.items()]
    for name, value in {**facts, **net.notes}.items():
        if value not in ([], ""):
            print(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return 0
