"""`Machine`: what a measurement must be read with: processor, libraries, threads, date."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import xpnn
from xpnn._fingerprint import count_cores, name_processor
from xpnn.bench.blas import Blas, find_blas, has_avx512, warn_of_slow_kernels
from xpnn.typing import Backend

__all__ = ["Machine", "describe_machine"]

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE", "XLA_FLAGS")


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts about this machine, as strings and numbers that JSON can hold.

    Attributes
    ----------
    date : str
        Date and time in UTC, ISO 8601.
    xpnn, python, numpy, system : str
        Versions, and the operating system.
    processor : str
        Model of the processor.
    cores : int
        Cores that this process may use.
    blas : Blas
        The library that multiplies NumPy's matrices.
    backends : mapping of str to mapping
        Facts about each backend, from its ``explain()``.
    warnings : tuple of str
        Sentences about what makes the measurements slower than they need to be.
    driver : str or None
        Version of NVIDIA's driver, where there is one.
    threads : mapping of str to str
        Variables of the environment that set numbers of threads.
    """

    date: str
    xpnn: str
    python: str
    numpy: str
    system: str
    processor: str
    cores: int
    blas: Blas
    backends: Mapping[str, Mapping[str, str]]
    warnings: tuple[str, ...]
    driver: str | None = None
    threads: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"{self.processor}, {self.cores} cores, {self.system}, {self.date}",
            f"xpnn {self.xpnn}, Python {self.python}, NumPy {self.numpy}, {self.blas}",
        ]
        lines += [f"NVIDIA driver {self.driver}"] if self.driver else []
        lines += [", ".join(f"{name}={value}" for name, value in self.threads.items())] if self.threads else []
        for name, facts in self.backends.items():
            lines.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()))
        return "\n".join([*lines, *(f"Note: {warning}" for warning in self.warnings)])


def describe_machine(backends: Mapping[str, Backend] | None = None) -> Machine:
    """Collect the facts about this machine and about `backends`, given by their words."""
    blas = find_blas()
    return Machine(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        xpnn=xpnn.__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        system=f"{platform.system()} {platform.machine()}",
        processor=name_processor(),
        cores=count_cores(),
        blas=blas,
        backends={word: dict(getattr(backend, "explain", dict)()) for word, backend in (backends or {}).items()},
        warnings=(*warn_of_slow_kernels(blas, has_avx512()), *_warn_of_load(count_cores(), blas.threads)),
        driver=_driver(),
        threads={name: os.environ[name] for name in _THREADS if name in os.environ},
    )


def _warn_of_load(cores: int, threads: int | None, load: float | None = None) -> tuple[str, ...]:
    """Warn when other programs use the cores on which the threads of a product would wait for each other."""
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    needed = 1 if threads is None else threads
    if load + needed <= cores + 1:
        return ()
    return (
        f"other programs use this machine (load {load:.1f} on {cores} cores, products use {needed} threads): times are "
        "unsure, and OPENBLAS_NUM_THREADS=1 may be a hundred times faster on small products.",
    )


def _driver(file: Path = Path("/proc/driver/nvidia/version")) -> str | None:
    found = re.search(r"Kernel Module.*?\s(\d+\.[\d.]+)", file.read_text()) if file.exists() else None
    return found and found[1]
