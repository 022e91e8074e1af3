"""`main`: the entry point of the command ``xpnn``."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

import xpnn
from xpnn import _check
from xpnn.cli import backends, bench, check, demo, evaluate, predict, summary, train
from xpnn.cli._failure import explain
from xpnn.cli._parser import Parser
from xpnn.errors import ArgumentError

__all__ = ["main"]

_COMMANDS = (demo, backends, train, evaluate, predict, summary, check, bench)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``xpnn`` and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the name of the program; by default those of the process.

    Notes
    -----
    An error ends in one line on stderr, never in a traceback, unless Python runs in its development mode (``-X dev``).

    Examples
    --------
    >>> main(["--version"]) == 0  # doctest: +ELLIPSIS
    xpnn ...
    True
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=RuntimeWarning)  # overflows of a training that diverges
            code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return 1
    except (Exception, KeyboardInterrupt) as error:
        if sys.flags.dev_mode:
            raise
        code, sentence = explain(error)
        print(f"xpnn: error: {sentence}", file=sys.stderr)
    return code


def _run(arguments: list[str]) -> int:
    try:
        args = _parse(arguments)
    except SystemExit:  # -h and --version have printed what was asked for
        return 0
    code: int = args.run(args)
    return code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="xpnn", description=xpnn.__doc__, epilog="'xpnn COMMAND -h' explains a command.")
    parser.add_argument("--version", action="version", version=f"xpnn {xpnn.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    words = [word for word in arguments[:1] if not word.startswith("-")]
    for word in words:
        _check.choice("the command", word, commands.choices)
    try:
        return parser.parse_args(arguments or ["-h"])
    except argparse.ArgumentError as error:
        if error.argument_name is not None:
            raise
        raise ArgumentError(f"{error.message} (see {' '.join(['xpnn', *words])} -h).") from None


def _drop_stdout() -> None:
    """Nobody reads stdout any more: let the flush at the end of the process write into nothing."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
