"""What tells machines and installations from each other; no array library is loaded for it."""

import os
import platform
from importlib import import_module
from pathlib import Path

import numpy as np

__all__ = ["count_cores", "find_fingerprint", "name_processor"]

_PACKAGES = ("torch", "jax", "jaxlib", "cupy", "cupy-cuda12x", "cupy-cuda13x", "cupy-rocm-7-0")


def find_fingerprint() -> dict[str, str]:
    """Processor, cores, system, and the versions of Python, xpnn and the array libraries that are installed."""
    facts = {
        "processor": name_processor(),
        "cores": str(count_cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "xpnn": import_module("xpnn").__version__,
        "numpy": np.__version__,
    }
    return facts | {name: found for name in _PACKAGES if (found := _version(name))}


def name_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model of the processor, as Linux names it, or as Python does."""
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def count_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # seldom needed, and slow to import

    try:
        return version(package)
    except PackageNotFoundError:
        return None
