"""`Machine`: what a measurement must be read with: processor, libraries, threads, date."""

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import xpnn
from xpnn.typing import Backend

__all__ = ["Blas", "Machine", "describe_machine"]

_AVX2_KERNELS = ("Haswell", "Zen", "Excavator")


@dataclass(frozen=True, slots=True)
class Blas:
    """The library that multiplies NumPy's matrices; what only threadpoolctl knows is None without it.

    Attributes
    ----------
    name, version : str
        As NumPy was built with.
    threads : int or None
        Threads that a product may use.
    kernels : str or None
        The processor for which its kernels were written, e.g. ``"SkylakeX"``.
    """

    name: str
    version: str
    threads: int | None = None
    kernels: str | None = None

    def __str__(self) -> str:
        threads = "threads unknown (pip install 'xpnn[bench]')" if self.threads is None else f"threads: {self.threads}"
        return ", ".join(
            filter(None, (f"{self.name} {self.version}", self.kernels and f"{self.kernels} kernels", threads))
        )


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

    def __str__(self) -> str:
        lines = [
            f"{self.processor}, {self.cores} cores, {self.system}, {self.date}",
            f"xpnn {self.xpnn}, Python {self.python}, NumPy {self.numpy}, {self.blas}",
        ]
        for name, facts in self.backends.items():
            lines.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()))
        return "\n".join([*lines, *(f"Note: {warning}" for warning in self.warnings)])


def describe_machine(backends: Iterable[Backend] = ()) -> Machine:
    """Collect the facts about this machine and about `backends`."""
    blas = _blas()
    return Machine(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        xpnn=xpnn.__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=_cores(),
        blas=blas,
        backends={backend.name: dict(getattr(backend, "explain", dict)()) for backend in backends},
        warnings=_slow_kernels(blas, _has_avx512()),
    )


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _blas() -> Blas:
    config: Any = np.show_config(mode="dicts")
    built = config.get("Build Dependencies", {}).get("blas", {})
    name, version = str(built.get("name", "unknown")), str(built.get("version", "unknown"))
    try:
        import threadpoolctl
    except ImportError:
        return Blas(name, version)
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    pools.sort(key=lambda pool: "numpy" not in pool["filepath"])
    if not pools:
        return Blas(name, version)
    return Blas(name, version, pools[0]["num_threads"], pools[0].get("architecture"))


def _has_avx512() -> bool:
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    names = [*simd.get("baseline", ()), *simd.get("found", ())]
    return any(name == "X86_V4" or name.startswith("AVX512") for name in names)


def _slow_kernels(blas: Blas, has_avx512: bool) -> tuple[str, ...]:
    if blas.kernels not in _AVX2_KERNELS or not has_avx512:
        return ()
    return (
        f"OpenBLAS runs its {blas.kernels} kernels (AVX2) on a processor that has AVX-512; products may be up to 1.6 "
        "times faster with OPENBLAS_CORETYPE=SkylakeX, set before Python starts.",
    )
