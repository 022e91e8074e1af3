"""`environment`: the variables that give every array library the same number of threads."""

__all__ = ["environment"]

_COUNTS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",
)
"""NPROC is what XLA reads; its flags alone leave the products of JAX on all cores."""


def environment(threads: int, device: str = "cpu") -> dict[str, str]:
    """Variables to be set before any array library is imported, for they are read when it loads.

    On a GPU, JAX leaves the memory that it does not need to the others; elsewhere it stays off the GPU.
    """
    flags = "" if threads > 1 else "--xla_cpu_multi_thread_eigen=false"
    jax = {"JAX_PLATFORMS": "cpu"} if device == "cpu" else {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return {**dict.fromkeys(_COUNTS, str(threads)), "XLA_FLAGS": flags, **jax}
