"""`MixedNamespace`: the namespace in which running a layer means computing in two precisions.

Products of matrices, which take the time, are computed and kept in half precision. What would lose its digits there, or
overflow, is computed in single precision: exponentials, logarithms, powers, sums. What only moves or compares numbers,
and plain arithmetic, stays in the precision of its arguments, the higher one where they differ.
"""

from collections.abc import Callable, Iterator
from typing import Any

from xpnn._tree import map_tree
from xpnn.namespaces.mixed import Mixed
from xpnn.typing import Array, DType, Namespace

__all__ = ["MixedNamespace"]

_PRODUCTS = frozenset(("matmul", "tensordot", "vecdot"))
"""Functions that are computed in half precision."""

# fmt: off
_PLAIN = frozenset((
    "abs", "add", "broadcast_to", "concat", "copysign", "divide", "equal", "expand_dims", "flip", "greater",
    "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and", "logical_not", "logical_or",
    "logical_xor", "matrix_transpose", "maximum", "minimum", "moveaxis", "multiply", "negative", "not_equal",
    "permute_dims", "positive", "repeat", "reshape", "roll", "sign", "signbit", "squeeze", "stack", "subtract", "take",
    "take_along_axis", "tile", "tril", "triu", "where", "zeros_like",
))
"""Functions that are computed in the precision of their arguments; those that are named nowhere, in single."""

_UNCHANGED = frozenset(("astype", "finfo", "iinfo", "isdtype"))
"""Functions whose arguments say what they want."""
# fmt: on


class MixedNamespace:
    """Namespace `xp` with arrays of two floating-point types.

    Parameters
    ----------
    xp : Namespace
        Computes.
    half, single : DType
        The two types, the lower one first.
    half_range : (float, float)
        The least and the greatest size of a number in full precision of type `half`. Arithmetic with a number of
        Python beyond it is computed in `single`.

    References
    ----------
    .. [1] Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3. Which function takes which precision
       follows the lists of ``torch.autocast``.
    """

    def __init__(self, xp: Namespace, half: DType, single: DType, half_range: tuple[float, float]) -> None:
        self._xp, self.half, self.single, self._range = xp, half, single, half_range

    def wrap(self, array: Any) -> Any:
        """Let an array follow the rules; what is none stays as it is."""
        return Mixed(array, self) if hasattr(array, "dtype") and hasattr(array, "shape") else array

    def lower(self, array: Array) -> Mixed:
        """Bring an array in; reals become `half`."""
        return Mixed(self._cast(array, self.half), self)

    def lift(self, x: Mixed) -> Array:
        """Bring an array out; reals become `single`."""
        return self._cast(x.array, self.single)

    def __getattr__(self, name: str) -> Any:
        """Look a function up and keep it with its rule; types and constants are those of `xp`."""
        found = getattr(self._xp, name)
        if callable(found) and not isinstance(found, type):
            rule = None if name in _UNCHANGED else self._product if name in _PRODUCTS else self._single
            found = self._with_rule(found, self._plain if name in _PLAIN else rule)
        self.__dict__[name] = found
        return found

    def _with_rule(self, function: Callable[..., Any], rule: Callable[[list[Any]], DType] | None) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            bare: Any = [_bare(arg) for arg in args]
            if rule is not None:
                dtype = rule(list(_flat(bare)))
                bare = [_each(arg, lambda part: self._cast(part, dtype)) for arg in bare]
            return map_tree(self.wrap, function(*bare, **options))

        return call

    def _product(self, parts: list[Any]) -> DType:
        return self.half

    def _single(self, parts: list[Any]) -> DType:
        return self.single

    def _plain(self, parts: list[Any]) -> DType:
        low, high = self._range
        for part in parts:
            if getattr(part, "dtype", None) == self.single:
                return self.single
            if isinstance(part, float) and part != 0.0 and not low <= abs(part) <= high and abs(part) < float("inf"):
                return self.single
        return self.half

    def _cast(self, part: Any, dtype: DType) -> Any:
        found = getattr(part, "dtype", dtype)
        if found == dtype or found not in (self.half, self.single):
            return part
        return self._xp.astype(part, dtype)


def _each(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply `function` to a value, or to each in a list or tuple."""
    return (
        type(value)([_each(part, function) for part in value]) if isinstance(value, list | tuple) else function(value)
    )


def _bare(value: Any) -> Any:
    return _each(value, lambda part: part.array if isinstance(part, Mixed) else part)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value
