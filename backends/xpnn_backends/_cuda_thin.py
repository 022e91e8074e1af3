"""`thin_products_as_sums`: products with few results and long sums, which cuBLAS leaves to a few multiprocessors.

cuBLAS gives each tile of the result to one block of threads, and one block adds up all of the inner axis: 300 rows of a
batch, or all pixels of a row of images. A kernel that gives each number of the result a block of its own uses the whole
device. In a graph on an H200 a product of 24 x 300 by 300 x 24 takes cuBLAS 7 µs, and small kernels take 1 to 2.
"""

from dataclasses import replace
from math import prod
from typing import Any

__all__ = ["thin_products_as_sums"]

_LONG, _FEW = 256, 1280
"""From this length of the sums on, and up to so many results; four times as many for four times the length."""


def thin_products_as_sums(program: Any) -> Any:
    """Rewrite such products of a program as sums of elementwise products, which run in one loop."""
    return program.rewrite(lambda node: _as_sum(node) if _is_thin(node) else node)


def _is_thin(node: Any) -> bool:
    if node.op != "matmul" or node.dtype not in ("float32", "float64"):  # cuBLAS adds halves up in float
        return False
    left, right = node.args
    inner, results = left.shape[-1], prod(node.shape)
    few = _FEW if inner < 4 * _LONG else 4 * _FEW
    return bool(left.ndim == right.ndim > 1 and inner >= _LONG and results <= few)


def _as_sum(node: Any) -> Any:
    left, right = node.args
    n, inner = right.ndim, left.shape[-1]
    shape, axes = (*right.shape[:-2], right.shape[-1], inner), (*range(n - 2), n - 1, n - 2)
    turned = replace(right, op="transpose", args=(right,), shape=shape, options={"axes": axes})
    a = replace(left, op="reshape", args=(left,), shape=(*left.shape[:-1], 1, inner), options={})
    b = replace(right, op="reshape", args=(turned,), shape=(*shape[:-2], 1, *shape[-2:]), options={})
    parts = replace(node, op="multiply", args=(a, b), shape=(*node.shape, inner), options={})
    return replace(node, op="sum", args=(parts,), options={"axes": (n,), "keepdims": False})
