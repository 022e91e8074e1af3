"""``xpnn bench``: which backend is faster, and from what size on."""

import argparse

from xpnn.cli import _bench_comparison
from xpnn.cli._files import check_writable
from xpnn.cli._output import print_json
from xpnn.cli._parser import Commands, add_json
from xpnn.cli._types import integer, names, sizes
from xpnn.errors import XpnnError

__all__ = ["add_parser", "run"]

_FULL = _WIDTHS, _BATCHES, _ROUNDS = (16, 64, 256, 1024), (32, 512), 15
_QUICK = (16, 128, 512), (32, 256), 5
_OWN_BATCHES = (8, 32, 128, 512)


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = (
        "Time one training step on every backend of this machine, for several sizes of a perceptron, or for a network "
        "or data of your own. The losses are compared first; a backend that computes other numbers is reported and not "
        "timed. What a plain run finds is kept in the cache folder, where --backend auto looks for it."
    )
    parser = commands.add_parser("bench", help="say which backend is faster, and from what size on", description=text)
    parser.add_argument("--backends", metavar="WORDS", type=names, help="e.g. numpy,cupy:0 (default: all that run)")
    parser.add_argument("--widths", metavar="N,N,...", type=sizes, help=f"units per layer (default: {_join(_WIDTHS)})")
    parser.add_argument("--depths", metavar="N,N,...", type=sizes, help="hidden layers (default: 2)")
    parser.add_argument("--batches", metavar="N,N,...", type=sizes, help=f"batch sizes (default: {_join(_BATCHES)})")
    parser.add_argument("--rounds", metavar="N", type=integer(1), help=f"turns per backend (default: {_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and turns: about half a minute")
    parser.add_argument("--model", metavar="FILE", help="measure this saved network instead")
    parser.add_argument("--data", metavar="FILE", help="measure on this data, with what 'xpnn train' makes for it")
    parser.add_argument("--target", metavar="COL", help="column of the target in the data (default: the last)")
    parser.add_argument("--features", metavar="A,B,...", type=names, help="columns of inputs (default: all others)")
    parser.add_argument("--tf32", action="store_true", help="let GPUs round the factors of products to 10 bits")
    parser.add_argument("--html", metavar="FILE", help="write a page with charts to this file")
    add_json(parser)
    parser.set_defaults(run=run)
    _bench_comparison.add_parser(parser.add_subparsers(metavar="compare", required=False))


def run(args: argparse.Namespace) -> int:
    """Compare the backends, and print what was measured."""
    from xpnn import bench
    from xpnn.bench.explain import explanations
    from xpnn.cli._bench_job import measure, write_page

    check_writable("--html", args.html, model=args.model, data=args.data)
    is_own = args.model is not None or args.data is not None
    widths, batches, rounds = _QUICK if args.quick else _FULL
    sweep = measure(args, widths, _OWN_BATCHES if is_own and not args.quick else batches, rounds)
    if args.json:
        answers = {"conclusions": bench.conclusions(sweep), "explanations": explanations(sweep)}
        print_json(sweep.as_dict() | answers)
    else:
        print(bench.render(sweep))
    if args.html:
        write_page(args.html, sweep)
    rejected = sorted({name for case in sweep.cases for name in case.rejected})
    if rejected:
        raise XpnnError(f"{', '.join(rejected)} could not be timed at every size; the results say why.")
    return 0


def _join(sizes: tuple[int, ...]) -> str:
    return ",".join(map(str, sizes))
