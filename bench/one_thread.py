"""`pin`: one thread for every array library, and the checkout on the path where xpnn is not installed."""

import importlib.util
import os
import sys
from pathlib import Path

__all__ = ["pin"]

_ONE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def pin() -> None:
    """Set the environment; it must be called before any array library is imported, for they read it when they load."""
    loaded = {"numpy", "torch", "jax"} & sys.modules.keys()
    if loaded:
        raise RuntimeError(f"pin must be called before {', '.join(sorted(loaded))} are imported.")
    for name in _ONE:
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = _XLA
    if importlib.util.find_spec("xpnn_backends") is None:
        root = Path(__file__).resolve().parent.parent
        sys.path[1:1] = [str(root), str(root / "backends")]
