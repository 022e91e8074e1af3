"""Threads of NumPy's matrix products, one number for each product.

Two threads on a small product cost more than they save: they must be woken, and they wait for each other, on a busy
machine for very long. So a product gets all the threads that the user allows only from a size on, and one below it. The
rule looks at the size alone, never at a clock, since the number of threads changes the last bits of a product.
"""

from functools import cache
from math import prod
from typing import Any

__all__ = ["allowed_threads", "set_threads", "threads_of"]

LARGE = 2**22
"""Multiplications, e.g. of two matrices of 161 x 161. OpenBLAS with two threads gains nothing at 128 and 1.6 at 256."""


@cache
def _controllers() -> tuple[Any, ...]:
    """NumPy's library, or what threadpoolctl takes for it; empty without threadpoolctl."""
    try:
        import threadpoolctl
    except ImportError:
        return ()
    found = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
    own = [library for library in found if "numpy" in library.filepath]
    return tuple(own or found)


def allowed_threads() -> int:
    """Number of threads that products may use now; 1 where it is not known."""
    return max((library.get_num_threads() for library in _controllers()), default=1)


def set_threads(count: int) -> None:
    """Set the number of threads of the products that follow."""
    for library in _controllers():
        library.set_num_threads(count)


def threads_of(node: Any, allowed: int) -> int | None:
    """Number of threads for a node; None if it is no product."""
    if node.op != "matmul":
        return None
    return allowed if prod(node.shape) * node.args[0].shape[-1] >= LARGE else 1
