"""The elementwise operations that a program may hold, and the type of what they return."""

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

_ORDER = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64")


def is_elementwise(op: str) -> bool:
    """Whether each element of the result depends on one element of each argument."""
    return op in ELEMENTWISE


def kind_of(dtype: str) -> str:
    """``"bool"``, ``"int"`` or ``"float"``."""
    return "int" if dtype.lstrip("u").startswith("int") else dtype.rstrip("0123456789")


def result_dtype(op: str, dtypes: list[str]) -> str:
    """Type of the result for arrays of these types; kinds do not mix in the standard.

    Raises
    ------
    RecordingError
        If they are of different kinds, or the function is not defined for them.
    """
    kinds = {kind_of(dtype) for dtype in dtypes}
    if len(kinds) > 1 or not dtypes:
        raise RecordingError(f"{op} must be given arrays of one kind of numbers, got {', '.join(sorted(dtypes))}.")
    if op in FUNCTIONS and kinds != {"float"}:
        raise RecordingError(f"{op} must be given real floating-point numbers, got {dtypes[0]}.")
    if op in PREDICATES:
        return "bool"
    if any(dtype not in _ORDER for dtype in dtypes):
        raise RecordingError(f"{op} must be given numbers of the standard's real types, got {', '.join(dtypes)}.")
    return max(dtypes, key=_ORDER.index)
