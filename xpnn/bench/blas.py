"""`Blas`: the library that multiplies NumPy's matrices, and whether it fits the processor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Blas", "find_blas", "has_avx512", "warn_of_slow_kernels"]

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


def find_blas() -> Blas:
    """Ask NumPy, and threadpoolctl where it is installed."""
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


def has_avx512() -> bool:
    """Whether NumPy has found AVX-512 on this processor."""
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    names = [*simd.get("baseline", ()), *simd.get("found", ())]
    return any(name == "X86_V4" or name.startswith("AVX512") for name in names)


def warn_of_slow_kernels(blas: Blas, avx512: bool) -> tuple[str, ...]:
    """Say so if the products do not use what the processor has."""
    if blas.kernels not in _AVX2_KERNELS or not avx512:
        return ()
    return (
        f"OpenBLAS runs its {blas.kernels} kernels (AVX2) on a processor that has AVX-512; products may be up to 1.6 "
        "times faster with OPENBLAS_CORETYPE=SkylakeX, set before Python starts.",
    )
