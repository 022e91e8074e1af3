"""What ``xpnn bench`` does: from its options to what was measured, the page, and the profile for ``auto``."""

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from xpnn import bench
from xpnn.backend import choose_backend
from xpnn.bench.page import make_page
from xpnn.bench.profile import keep_profile, make_profile
from xpnn.cli._own_network import own_workloads
from xpnn.errors import ArgumentError, BackendError
from xpnn.safetensors.atomic_file import replace_file

__all__ = ["measure", "say", "write_page"]

_TF32 = {"CUPY_TF32": "1", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1"}
"""Where the libraries look when they are loaded."""


def measure(args: Namespace, widths: tuple[int, ...], batches: tuple[int, ...], rounds: int) -> bench.Sweep:
    """Open the backends and run the sweep that the options describe; the sizes given here are the defaults."""
    for name in ("target", "features"):
        if getattr(args, name) is not None and args.data is None:
            raise ArgumentError(f"--{name} must come with --data, got {getattr(args, name)!r} alone.")
    if args.tf32:
        os.environ.update(_TF32)
    is_own = args.model is not None or args.data is not None
    chosen = args.batches or batches
    workloads, subject = own_workloads(args, chosen) if is_own else ([], "")
    say("looking for backends ...")
    backends, unavailable = bench.open_backends(args.backends)
    if not backends:
        raise BackendError(" ".join(unavailable.values()))
    options: dict[str, Any] = {"rounds": args.rounds or rounds, "tf32": args.tf32}
    options |= {"unavailable": unavailable, "progress": say}
    if is_own:
        return bench.measure(backends, workloads, subject, **options)
    sizes = {"widths": args.widths or widths, "batches": chosen, "depths": args.depths or (2,)}
    sweep = bench.run_sweep(backends, **sizes, **options)
    if args.backends is None and not args.tf32:
        _keep(make_profile(sweep, backends))
    return sweep


def write_page(path: str, sweep: bench.Sweep) -> None:
    """Write the page with the charts."""
    replace_file(Path(path), [make_page(sweep).encode()])
    say(f"the page is {path}")


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


def _keep(profile: Any) -> None:
    """Let ``auto`` know, or say why not; a folder that cannot be written is no failure of the measurement."""
    if profile is None:
        return
    try:
        keep_profile(profile)
    except OSError as error:
        say(f"the profile for 'auto' is not kept: {error.strerror or error}")
    else:
        word, reason = choose_backend()
        say(f"'auto' is now {word}: {reason}")
