"""``xpnn bench``: which backend is faster, and from what size on."""

import argparse
import sys

from xpnn.cli._output import print_json
from xpnn.cli._parser import Commands, add_json
from xpnn.cli._types import integer, names, sizes
from xpnn.errors import BackendError, XpnnError

__all__ = ["add_parser", "run"]

_WIDTHS, _BATCHES, _ROUNDS = (16, 64, 256, 1024), (32, 512), 15
_QUICK_WIDTHS, _QUICK_BATCHES, _QUICK_ROUNDS = (16, 128, 512), (32, 256), 5


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = (
        "Time one training step of a perceptron on every backend of this machine, for several widths and batch sizes. "
        "The losses are compared first; a backend that computes other numbers is reported and not timed."
    )
    parser = commands.add_parser("bench", help="say which backend is faster, and from what size on", description=text)
    parser.add_argument("--backends", metavar="WORDS", type=names, help="e.g. numpy,cupy:0 (default: all that run)")
    parser.add_argument("--widths", metavar="N,N,...", type=sizes, help=f"units per layer (default: {_join(_WIDTHS)})")
    parser.add_argument("--batches", metavar="N,N,...", type=sizes, help=f"batch sizes (default: {_join(_BATCHES)})")
    parser.add_argument("--depth", metavar="N", type=integer(1), default=2, help="hidden layers (default: 2)")
    parser.add_argument("--rounds", metavar="N", type=integer(1), help=f"turns per backend (default: {_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and turns: about half a minute")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare the backends, and print what was measured."""
    from xpnn import bench

    _say("looking for backends ...")
    backends, unavailable = bench.open_backends(args.backends)
    if not backends:
        raise BackendError(" ".join(unavailable.values()))
    sweep = bench.run_sweep(
        backends,
        widths=(_QUICK_WIDTHS if args.quick else _WIDTHS) if args.widths is None else args.widths,
        batches=(_QUICK_BATCHES if args.quick else _BATCHES) if args.batches is None else args.batches,
        depth=args.depth,
        rounds=args.rounds or (_QUICK_ROUNDS if args.quick else _ROUNDS),
        unavailable=unavailable,
        progress=_say,
    )
    if args.json:
        print_json(sweep.as_dict() | {"conclusions": bench.conclusions(sweep)})
    else:
        print(bench.render(sweep))
    rejected = sorted({name for case in sweep.cases for name in case.rejected})
    if rejected:
        raise XpnnError(f"{', '.join(rejected)} could not be timed at every size; the results say why.")
    return 0


def _join(sizes: tuple[int, ...]) -> str:
    return ",".join(map(str, sizes))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
