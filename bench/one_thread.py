"""`pin`: one thread, or so many, for every array library, and the checkout on the path where xpnn is not installed."""

import importlib.util
import os
import sys
from pathlib import Path

from threads import environment

__all__ = ["pin"]


def pin(threads: int = 1, device: str = "cpu") -> None:
    """Set the environment; it must be called before any array library is imported, for they read it when they load."""
    loaded = {"numpy", "torch", "jax"} & sys.modules.keys()
    if loaded:
        raise RuntimeError(f"pin must be called before {', '.join(sorted(loaded))} are imported.")
    os.environ |= environment(threads, device)
    if importlib.util.find_spec("xpnn_backends") is None:
        root = Path(__file__).resolve().parent.parent
        sys.path[1:1] = [str(root), str(root / "backends")]
