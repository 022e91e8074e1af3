"""``xpnn bench compare``: two results side by side."""

import argparse

from xpnn.cli._output import print_json
from xpnn.cli._parser import Commands, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Compare two results of 'xpnn bench --json': step times at the sizes that both have, and the machines."
    parser = commands.add_parser("compare", help="compare two files of --json", description=text)
    parser.add_argument("before", metavar="BEFORE", help="file that 'xpnn bench --json' wrote")
    parser.add_argument("after", metavar="AFTER", help="another one")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read both and print."""
    from xpnn.bench.compare import compare_cases, compare_machines, compare_rows, read_result
    from xpnn.bench.table import render_rows

    before, after = read_result(args.before), read_result(args.after)
    cases, differences = compare_cases(before, after), compare_machines(before, after)
    if args.json:
        print_json({"cases": cases, "differences": differences})
        return 0
    print(render_rows(compare_rows(cases)) if cases else "The results have no size and backend in common.")
    print("\n".join(["", *differences] if differences else ["", "Machine and versions are the same."]))
    return 0
