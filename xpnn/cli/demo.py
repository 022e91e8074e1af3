"""``xpnn demo``: the first thing to run: a network learns, the backends agree, and one of them is the fastest."""

import argparse
import sys

from xpnn.cli import _types
from xpnn.cli._output import print_json
from xpnn.cli._parser import Commands, add_json

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Train a small network to read handwritten digits on every backend of this machine, from the same seed.
Show how it learns, how many pictures it reads that it has not seen, whether all backends compute the same, and which of
them is the fastest at this size."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="start here: learn digits on every backend", description=_DESCRIPTION)
    parser.add_argument(
        "--backends", metavar="A,B,...", type=_types.names, help="numpy, torch, ... (default: all that run here)"
    )
    parser.add_argument("--epochs", metavar="N", type=_types.integer(1), default=15, help="default: 15")
    parser.add_argument("--seed", metavar="N", type=_types.integer(0), default=0, help="default: 0")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, compare, time; 1 if the backends disagree."""
    from xpnn.bench import interleave, open_backends
    from xpnn.cli._comparison import Comparison
    from xpnn.cli._trial import load_digits, train_on
    from xpnn.errors import BackendError

    if args.backends is None:
        _say("looking for backends")
    backends, unavailable = open_backends(args.backends)
    if not backends:
        raise BackendError(" ".join(unavailable.values()))
    data = load_digits(args.seed)
    trials = {}
    for name, backend in backends.items():
        _say(f"training on {name}")
        trials[name] = train_on(backend, data, args.epochs, args.seed)
    _say("timing one step on each")
    timings = interleave({name: trial.contender(data) for name, trial in trials.items()}, slice_ms=20.0)
    comparison = Comparison(data, trials, timings, unavailable)
    if args.json:
        print_json({"epochs": args.epochs, "seed": args.seed, **comparison.as_dict()})
    else:
        print(comparison)
    return 0 if comparison.agree else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
