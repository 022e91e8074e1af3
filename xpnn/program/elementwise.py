"""The elementwise operations that a program may hold, and the type of what they return."""

from collections.abc import Sequence
from typing import Any

from xpnn.errors import RecordingError

__all__ = ["ELEMENTWISE", "FUNCTIONS", "PREDICATES", "is_elementwise", "kind_of", "result_dtype"]

FUNCTIONS = frozenset((
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "divide",
    "exp", "expm1", "floor", "hypot", "log", "log10", "log1p", "log2", "logaddexp", "pow", "reciprocal", "remainder",
    "round", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
))  # fmt: skip
"""Functions of real numbers."""

_ARITHMETIC = frozenset((
    "add", "floor_divide", "maximum", "minimum", "multiply", "negative", "positive", "sign", "square", "subtract",
))  # fmt: skip
"""Functions of numbers of any kind."""

PREDICATES = frozenset((
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal", "signbit",
))  # fmt: skip
"""Functions that return booleans."""

ELEMENTWISE = FUNCTIONS | _ARITHMETIC | PREDICATES | {"where", "astype", "copy"}

_ORDER = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float16", "float32", "float64")


def is_elementwise(op: str) -> bool:
    """Whether each element of the result depends on one element of each argument."""
    return op in ELEMENTWISE


def kind_of(dtype: str) -> str:
    """``"bool"``, ``"int"`` or ``"float"``."""
    return "int" if dtype.lstrip("u").startswith("int") else dtype.rstrip("0123456789")


def result_dtype(op: str, dtypes: list[str], numbers: Sequence[Any] = ()) -> str:
    """Type of the result for arrays of these types; kinds do not mix in the standard.

    Parameters
    ----------
    op : str
        Elementwise function.
    dtypes : list of str
        Types of the arrays among its arguments.
    numbers : sequence
        Its other arguments: numbers of Python, which take the type of the arrays.

    Raises
    ------
    RecordingError
        If they are of different kinds, or the function is not defined for them.
    """
    kinds = {kind_of(dtype) for dtype in dtypes}
    if not dtypes:
        raise RecordingError(f"{op} must be given an array, got numbers alone.")
    if len(kinds) > 1:
        raise RecordingError(f"{op} must be given arrays of one kind of numbers, got {', '.join(sorted(dtypes))}.")
    if op in FUNCTIONS and kinds != {"float"}:
        raise RecordingError(f"{op} must be given real floating-point numbers, got {dtypes[0]}.")
    if op.startswith("logical") and kinds != {"bool"}:
        raise RecordingError(f"{op} must be given booleans, got {dtypes[0]}.")
    for number in numbers:
        _check_number(op, dtypes[0], number)
    if op in PREDICATES:
        return "bool"
    if any(dtype not in _ORDER for dtype in dtypes):
        raise RecordingError(f"{op} must be given numbers of the standard's real types, got {', '.join(dtypes)}.")
    unsigned = max((int(dtype[4:]) for dtype in dtypes if dtype.startswith("uint")), default=0)
    signed = max((int(dtype[3:]) for dtype in dtypes if dtype.startswith("int")), default=0)
    return f"int{2 * unsigned}" if unsigned >= signed > 0 else max(dtypes, key=_ORDER.index)


def _check_number(op: str, dtype: str, number: Any) -> None:
    """Refuse a number that the type of the arrays cannot hold: libraries then disagree about the result."""
    allowed: Any = {"bool": bool, "int": int}.get(kind_of(dtype), object)
    if not isinstance(number, allowed):
        raise RecordingError(f"{op} must be given numbers that {dtype} holds, got {number!r}.")
    if hasattr(number, "dtype") and str(number.dtype) != dtype:
        raise RecordingError(f"{op} must be given a number of Python, got {number!r}: write float(...).")
