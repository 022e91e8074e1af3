"""`Parser`: an argument parser that raises its errors, so that every error of the command looks the same."""

import argparse
from typing import Any, NoReturn, TypeAlias

__all__ = ["Commands", "Parser", "add_backend", "add_json", "add_model"]

Commands: TypeAlias = "argparse._SubParsersAction[Any]"
"""Where a command adds its parser."""


class Parser(argparse.ArgumentParser):
    """Options are written out in full; whatever is wrong with them raises `argparse.ArgumentError`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"exit_on_error": False, "allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise, in place of printing the usage."""
        raise argparse.ArgumentError(None, message)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for machines."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the file of the network, and where it shall run."""
    parser.add_argument("model", metavar="MODEL", help="file that 'xpnn train --save' or Network.save wrote")
    add_backend(parser)


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Add the word for the backend."""
    parser.add_argument(
        "--backend",
        metavar="WORD",
        default="numpy",
        help="numpy, cupy:0, torch:cuda:0, jax, auto, ... (default: numpy)",
    )
