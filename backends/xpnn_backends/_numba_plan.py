"""How each instruction of a schedule is said in compiled code, to the same bits as by NumPy; or that it cannot be."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "APART",
    "ITEMSIZE",
    "SIMPLE",
    "can_print",
    "is_rows",
    "leading",
    "product_plan",
    "special_product",
    "sum_plan",
    "turned",
    "ufunc_name",
]

SIMPLE = {
    "abs": "abs({0})", "add": "{0} + {1}", "astype": "{t}({0})", "copy": "{0}", "divide": "{0} / {1}",
    "equal": "{0} == {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}", "isfinite": "abs({0}) < inf",
    "isinf": "abs({0}) == inf", "isnan": "{0} != {0}", "less": "{0} < {1}", "less_equal": "{0} <= {1}",
    "logical_and": "{0} & {1}", "logical_not": "not {0}", "logical_or": "{0} | {1}", "logical_xor": "{0} ^ {1}",
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}", "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
    "multiply": "{0} * {1}", "negative": "-{0}", "not_equal": "{0} != {1}", "positive": "{0}",
    "sign": "{t}(1) if {0} > 0 else ({t}(-1) if {0} < 0 else ({t}(0) if {0} == 0 else {0}))",
    "sqrt": "sqrt({0})", "square": "{0} * {0}",
    "store": "{t}({0})", "subtract": "{0} - {1}", "where": "{1} if {0} else {2}",
}  # fmt: skip
"""Elementwise functions as expressions; ``t`` is the type of the result.

Of two zeros with different signs, which are equal, ``maximum`` and ``minimum`` return the second, as NumPy does on x86.
"""

_UFUNCS = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power", "round": "rint",
}  # fmt: skip
APART = frozenset((
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "exp", "expm1",
    "floor", "floor_divide", "hypot", "log", "log10", "log1p", "log2", "logaddexp", "pow", "reciprocal", "remainder",
    "round", "signbit", "sin", "sinh", "tan", "tanh", "trunc",
))  # fmt: skip
"""Elementwise functions that run over whole arrays in NumPy's loops."""

ITEMSIZE = {"bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "float32": 4}
LONGEST_SHORT_ROW = 32
MOST_AXES = 6
"""Of a loop."""


def ufunc_name(op: str) -> str:
    """Name in NumPy of an elementwise function of the standard."""
    return _UFUNCS.get(op, op)


def can_print(instruction: Any, locations: Mapping[Any, Any], has_loop: Any) -> bool:
    """Whether an instruction can be compiled; `has_loop(name, dtype)` tells whether NumPy has a loop for it."""
    node = instruction.nodes[0]
    if instruction.is_loop:
        return len(instruction.shape) <= MOST_AXES and all(_is_plain(node) for node in instruction.nodes)
    if not node.dtype.startswith("float"):
        return False
    if node.op == "matmul":
        return product_plan(node, locations) is not None
    if node.op == "sum":
        return sum_plan(node, locations[node.args[0]]) is not None and has_loop("add", node.dtype)
    if node.op in APART:
        places = [locations[arg] for arg in node.inputs]
        is_plain = len(places) == len(node.args) and all(p.shape == node.shape and p.is_in_order for p in places)
        return is_plain and locations[node].is_in_order and has_loop(ufunc_name(node.op), node.dtype)
    return False


def _is_plain(node: Any) -> bool:
    """Whether an expression gives the result in its type: numba adds small integers as 64-bit ones."""
    if node.op in ("max", "min"):
        return bool(node.dtype.startswith("float"))
    return node.op in SIMPLE and node.dtype in ("bool", "int64", "float32", "float64")


def is_rows(location: Any) -> bool:
    """Whether the last axis is in order and the rows do not overlap, as BLAS wants a matrix."""
    (m, n), (s, t) = location.shape, location.strides
    return bool((t == 1 or n == 1) and (s >= n or m == 1))


def turned(location: Any) -> Any:
    return type(location)(location.array, location.offset, location.strides[::-1], location.shape[::-1])


def leading(location: Any) -> int:
    return int(max(location.strides[0] if location.shape[0] > 1 else location.shape[1], location.shape[1], 1))


def product_plan(node: Any, locations: Mapping[Any, Any]) -> tuple[Any, ...] | None:
    """Return (transposed, leading dimension) of both factors of a matrix product; None if it is not one for BLAS."""
    a, b = (locations[arg] for arg in node.args)
    out = locations[node]
    if len(a.shape) != 2 or len(b.shape) != 2 or not out.is_in_order or 0 in (*a.shape, *b.shape):
        return None
    if 1 in (*a.shape, *b.shape):
        return None if not special_product(a, b) else ()
    plan = []
    for factor in (a, b):
        if is_rows(factor):
            plan.append((111, leading(factor)))
        elif is_rows(turned(factor)):
            plan.append((112, leading(turned(factor))))
        else:
            return None
    is_square = a.array == b.array and a.offset == b.offset and a.shape == b.shape[::-1]
    return None if is_square else tuple(plan)


def special_product(a: Any, b: Any) -> str | None:
    """How NumPy multiplies when an axis has one element: an outer product, or a matrix with a vector."""
    (m, k), (_, p) = a.shape, b.shape
    if m == 1 and p == 1:
        return None
    if k == 1 and m > 1 and p > 1:
        return "outer"
    if m == 1 and p > 1 and (is_rows(b) or is_rows(turned(b))):
        return "row"
    if p == 1 and m > 1 and (is_rows(a) or is_rows(turned(a))):
        return "column"
    return None


def sum_plan(node: Any, source: Any) -> str | None:
    """How the sum is computed: as NumPy's namespace in this package does."""
    axes, shape = node.options["axes"], source.shape
    if 0 in shape or not axes:
        return None
    is_matrix = len(shape) == 2 and min(shape) > 1 and (is_rows(source) or is_rows(turned(source)))
    if is_matrix and axes == (0,):
        return "columns"
    if is_matrix and axes == (1,) and shape[1] <= LONGEST_SHORT_ROW:
        return "short rows"
    if len(shape) == 2 and axes == (1,) and shape[1] > LONGEST_SHORT_ROW and source.is_in_order:
        return "rows"
    return "all" if len(axes) == len(shape) and source.is_in_order else None
