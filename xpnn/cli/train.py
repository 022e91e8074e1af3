"""``xpnn train``: from a table to a saved network."""

import argparse

from xpnn.cli._parser import Commands
from xpnn.cli._train_options import add_options

__all__ = ["add_parser", "run"]

_DESCRIPTION = """Train a network on a table (.csv, .tsv, .parquet) or on arrays (.npz). Columns are standardized, and
the saved network does that by itself: it takes raw data, knows the names of columns and classes, and gives its answers
in the units of the data."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("train", help="train a network on a data file", description=_DESCRIPTION)
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, measure, save, report."""
    from xpnn.cli._train_job import train

    train(args)
    return 0
