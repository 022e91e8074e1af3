"""The elementwise operations of the standard as CUDA C++, with the IEEE rules that the standard asks for."""

import math
from typing import Any

__all__ = ["TYPES", "combined", "expression", "identity", "literal"]

TYPES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "uint16": "unsigned short", "int16": "short",
    "uint32": "unsigned int", "int32": "int", "uint64": "unsigned long long", "int64": "long long",
    "float16": "xpnn_half", "float32": "float", "float64": "double",
}  # fmt: skip
"""Names of types in C."""

_ORDER = (
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64",
)  # fmt: skip
_LOWEST = {"int8": -(2**7), "int16": -(2**15), "int32": -(2**31), "int64": -(2**63)}
_HIGHEST = {f"{kind}{n}": 2 ** (n - (kind == "int")) - 1 for kind in ("int", "uint") for n in (8, 16, 32, 64)}

_TEXTS = {
    "add": "{0} + {1}", "astype": "{0}", "copy": "{0}", "divide": "{0} / {1}", "equal": "{0} == {1}",
    "floor_divide": "xpnn_quotient({0}, {1})", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "isfinite": "{0} - {0} == 0", "isinf": "{0} == {0} && {0} - {0} != 0", "isnan": "{0} != {0}", "less": "{0} < {1}",
    "less_equal": "{0} <= {1}", "logaddexp": "xpnn_logaddexp({0}, {1})", "logical_and": "{0} && {1}",
    "logical_not": "!{0}", "logical_or": "{0} || {1}", "logical_xor": "{0} != {1}", "maximum": "xpnn_max({0}, {1})",
    "minimum": "xpnn_min({0}, {1})", "multiply": "xpnn_multiply({0}, {1})", "negative": "-{0}",
    "not_equal": "{0} != {1}", "positive": "{0}", "reciprocal": "1 / {0}", "remainder": "xpnn_modulo({0}, {1})",
    "sign": "xpnn_sign({0})", "square": "xpnn_multiply({0}, {0})", "store": "{0}", "subtract": "{0} - {1}",
    "where": "{0} ? {1} : {2}",
}  # fmt: skip
_RENAMED = {"abs": "fabs", "round": "rint"}
_FUNCTIONS = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "exp",
    "expm1", "floor", "hypot", "log", "log10", "log1p", "log2", "pow", "round", "sin", "sinh", "sqrt", "tan", "tanh",
    "trunc",
)  # fmt: skip


def literal(value: Any, dtype: str) -> str:
    """Text of a Python number of that type; reals have all their digits."""
    if dtype == "bool":
        return "true" if value else "false"
    if not dtype.startswith("float"):
        digits = f"({value + 1}LL - 1)" if value == _LOWEST["int64"] else f"{value}{'U' * (value >= 2**63)}LL"
        return f"({TYPES[dtype]}){digits}"
    if dtype == "float16":
        return f"(xpnn_half){literal(value, 'float32')}"
    if not math.isfinite(value):
        return f"({TYPES[dtype]}){'XPNN_NAN' if value != value else 'XPNN_INF' if value > 0 else '-XPNN_INF'}"
    text = repr(float(value)) if dtype == "float64" else f"(float){float(value)!r}"
    return f"({text})" if value < 0 or dtype == "float32" else text


def expression(op: str, args: list[str], dtypes: list[str]) -> str:
    """Text of an elementwise operation on the values `args` of these types; on float16 in float, which it rounds to.

    Raises
    ------
    ValueError
        If there is no such operation, or not for these types.
    """
    if unknown := [dtype for dtype in dtypes if dtype not in TYPES]:
        raise ValueError(f"{op} must be given real numbers to be a kernel, got {unknown[0]}.")
    if op not in ("where", "astype", "copy", "store"):
        common = max((*dtypes, "float32") if "float16" in dtypes else dtypes, key=_ORDER.index)
        args = [a if dtype == common else f"({TYPES[common]}){a}" for a, dtype in zip(args, dtypes, strict=True)]
        if op == "signbit":
            return f"copysign{'f' * (common == 'float32')}(1, {args[0]}) < 0"
        if op in _FUNCTIONS:
            return f"{_RENAMED.get(op, op)}{'f' * (common == 'float32')}({', '.join(args)})"
    if op not in _TEXTS:
        raise ValueError(f"{op} must be an elementwise operation to be a kernel.")
    return _TEXTS[op].format(*args)


def combined(op: str, a: str, b: str) -> str:
    """Text of two partial results of a reduction made one."""
    return f"{a} + {b}" if op == "sum" else f"xpnn_{op}({a}, {b})"


def identity(op: str, dtype: str) -> str:
    """Text of what a reduction begins with."""
    if op == "sum":
        return literal(0, dtype)
    if dtype.startswith("float"):
        return literal(-math.inf if op == "max" else math.inf, dtype)
    lowest, highest = (False, True) if dtype == "bool" else (_LOWEST.get(dtype, 0), _HIGHEST[dtype])
    return literal(lowest if op == "max" else highest, dtype)
