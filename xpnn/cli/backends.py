"""``xpnn backends``: which array libraries run here, on what, and what to do about the others."""

import argparse
from dataclasses import asdict

from xpnn.cli._output import print_json, table
from xpnn.cli._parser import Commands, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Say which array libraries run on this machine, and why the others do not."
    parser = commands.add_parser("backends", help="list the backends of this machine", description=text)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Try every backend, those of other packages too."""
    from xpnn.backend import available_backends, choose_backend
    from xpnn.bench.blas import find_blas, has_avx512, warn_of_slow_kernels

    found = available_backends()
    word, reason = choose_backend()
    warnings = warn_of_slow_kernels(find_blas(), has_avx512())
    if args.json:
        rows = {name: asdict(status) for name, status in found.items()}
        print_json({"backends": rows, "auto": {"backend": word, "reason": reason}, "warnings": warnings})
        return 0
    lines = [["backend", "runs", "device", "version"]]
    for name, status in found.items():
        lines.append([name, "yes" if status.available else "no", status.device or "-", status.version or "-"])
    print(table(lines))
    print()
    for name, status in found.items():
        if not status.available:
            print(why_not(name, status.reason, status.install, status.cure))
    print(f"'auto' is {word}: {reason}")
    for warning in warnings:
        print(f"warning: {warning}")
    return 0


def why_not(name: str, reason: str | None, install: str | None, cure: str | None) -> str:
    """Say why a backend does not run, and the cure.

    >>> why_not("jax", "jax is not installed", "pip install 'xpnn[jax]'", None)
    "jax cannot run: jax is not installed. Install: pip install 'xpnn[jax]'."
    """
    parts = [f"{name} cannot run: {reason}."]
    parts += [f"Install: {install}."] if install else []
    return " ".join(parts + ([cure] if cure else []))
