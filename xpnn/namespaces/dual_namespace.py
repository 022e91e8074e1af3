"""`DualNamespace`: the functions of the standard on `Dual` arrays."""

import math
from collections.abc import Callable
from typing import Any

from xpnn.namespaces.dual import Dual, primal
from xpnn.typing import Array, Namespace

__all__ = ["DualNamespace"]

# fmt: off
_LINEAR = frozenset((
    "astype", "broadcast_to", "concat", "cumulative_sum", "expand_dims", "flip", "matrix_transpose", "mean", "moveaxis",
    "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "sum", "take", "take_along_axis", "tile", "tril",
    "triu", "zeros_like",
))
"""Functions that do to the derivatives what they do to the values."""

_CONSTANT = frozenset((
    "arange", "argmax", "argmin", "argsort", "asarray", "ceil", "equal", "finfo", "floor", "full", "greater",
    "greater_equal", "isdtype", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and", "logical_not",
    "logical_or", "not_equal", "ones", "ones_like", "round", "searchsorted", "sign", "zeros",
))
"""Functions whose derivative is 0 or that have none: they see the values alone."""
# fmt: on

_ELEMENTWISE: dict[str, Callable[[Namespace, Array, Array], Array]] = {
    "abs": lambda xp, x, y: xp.sign(x),
    "cos": lambda xp, x, y: -xp.sin(x),
    "exp": lambda xp, x, y: y,
    "expm1": lambda xp, x, y: y + 1.0,
    "log": lambda xp, x, y: 1.0 / x,
    "log1p": lambda xp, x, y: 1.0 / (1.0 + x),
    "negative": lambda xp, x, y: -xp.ones_like(x),
    "sin": lambda xp, x, y: xp.cos(x),
    "sqrt": lambda xp, x, y: 0.5 / y,
    "square": lambda xp, x, y: 2.0 * x,
    "tanh": lambda xp, x, y: (1.0 - y) * (1.0 + y),
}
"""Derivatives of elementwise functions, from the argument x and the value y."""


class DualNamespace:
    """Namespace `xp` lifted to dual arrays; functions without a rule are refused.

    Parameters
    ----------
    xp : Namespace
        Computes values and derivatives.
    """

    def __init__(self, xp: Namespace) -> None:
        self._xp = xp

    def __getattr__(self, name: str) -> Any:
        """Lift a function when it is first asked for; types and constants are those of `xp`."""
        if name in _ELEMENTWISE:
            lifted = self._elementwise(name)
        elif name in _LINEAR:
            lifted = self._linear(name)
        elif name in _CONSTANT:
            lifted = self._constant(name)
        else:
            lifted = getattr(self._xp, name)
            if callable(lifted) and not isinstance(lifted, type):
                raise AttributeError(f"dual arrays have no rule for the function {name!r}.")
        setattr(self, name, lifted)
        return lifted

    def where(self, condition: Array, x1: Any, x2: Any, /) -> Any:
        """Choose values and, by the same condition, derivatives."""
        value = self._xp.where(condition, primal(x1), primal(x2))
        if not self._xp.isdtype(value.dtype, "real floating"):
            return value
        return Dual(value, self._xp.where(condition, self._tangent(x1, value), self._tangent(x2, value)))

    def maximum(self, x1: Any, x2: Any, /) -> Any:
        """Derivative of the greater one; of the first where both are equal and it is a 0 of a rectifier, 0."""
        return self.where(primal(x1) > primal(x2), x1, self._like(x2, x1))

    def minimum(self, x1: Any, x2: Any, /) -> Any:
        """Derivative of the lesser one."""
        return self.where(primal(x1) < primal(x2), x1, self._like(x2, x1))

    def max(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
        """Derivative of the greatest element; the mean over equal ones."""
        xp = self._xp
        if not isinstance(x, Dual):
            return xp.max(x, axis=axis, keepdims=keepdims)
        top = xp.max(x.primal, axis=axis, keepdims=True)
        share = xp.astype(x.primal == top, x.dtype)
        share = share / xp.sum(share, axis=axis, keepdims=True)
        moved = xp.sum(x.tangent * share, axis=axis, keepdims=keepdims)
        return Dual(xp.max(x.primal, axis=axis, keepdims=keepdims), moved)

    def sort(self, x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """Derivatives change places with the values."""
        options = {"axis": axis, "descending": descending, "stable": stable}
        if not isinstance(x, Dual):
            return self._xp.sort(x, **options)
        order = self._xp.argsort(x.primal, **options)
        return Dual(*(self._xp.take_along_axis(part, order, axis=axis) for part in (x.primal, x.tangent)))

    def erfc(self, x: Any, erfc: Callable[[Array], Array]) -> Any:
        r"""Apply `erfc` with the derivative :math:`-2 e^{-x^2} / \sqrt\pi`."""
        if not isinstance(x, Dual):
            return erfc(x)
        slope = self._xp.exp(-(x.primal * x.primal)) * (-2.0 / math.sqrt(math.pi))
        return Dual(erfc(x.primal), slope * x.tangent)

    def _elementwise(self, name: str) -> Callable[..., Any]:
        function, derivative = getattr(self._xp, name), _ELEMENTWISE[name]

        def lifted(x: Any, /) -> Any:
            y = function(primal(x))
            return Dual(y, derivative(self._xp, x.primal, y) * x.tangent) if isinstance(x, Dual) else y

        return lifted

    def _linear(self, name: str) -> Callable[..., Any]:
        function = getattr(self._xp, name)

        def lifted(x: Any, /, *args: Any, **options: Any) -> Any:
            if isinstance(x, list | tuple) and any(isinstance(part, Dual) for part in x):
                moved = [self._tangent(part, primal(part)) for part in x]
                return Dual(function([primal(part) for part in x], *args, **options), function(moved, *args, **options))
            if not isinstance(x, Dual):
                return self._lift(function(x, *args, **options))
            return Dual(function(x.primal, *args, **options), function(x.tangent, *args, **options))

        return lifted

    def _constant(self, name: str) -> Callable[..., Any]:
        function = getattr(self._xp, name)
        return lambda *args, **options: self._lift(function(*(primal(arg) for arg in args), **options))

    def _lift(self, value: Any) -> Any:
        """Make a new array of reals dual, with derivative 0: operators of strict libraries refuse to see both kinds."""
        is_real = hasattr(value, "dtype") and self._xp.isdtype(value.dtype, "real floating")
        return Dual(value, self._xp.zeros_like(value)) if is_real else value

    def _tangent(self, x: Any, like: Array) -> Array:
        return x.tangent if isinstance(x, Dual) else self._xp.zeros_like(like)

    def _like(self, x: Any, other: Any) -> Any:
        """Turn NaN of `other` into NaN of the result: what is not greater is chosen, unless it is no number."""
        values = primal(other)
        return self.where(self._xp.isnan(values), other, x) if not isinstance(values, int | float) else x
