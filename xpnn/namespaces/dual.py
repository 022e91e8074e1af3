r"""`Dual`: an array that carries its derivative along one direction.

A dual number :math:`a + \dot a\, \varepsilon` with :math:`\varepsilon^2 = 0` computes a function and its derivative at
once:
:math:`f(a + \dot a\, \varepsilon) = f(a) + f'(a)\, \dot a\, \varepsilon`. Arrays of them, handed to a layer in place of
arrays, turn its forward into a Jacobian-vector product.

Over 150 lines: the operators and attributes of an array, all of them.
"""

from typing import Any

from xpnn.typing import Array, DType, Shape

__all__ = ["Dual", "primal", "tangent"]


class Dual:
    """Array `primal` with the derivative `tangent` of the same shape; the operators know the rules.

    Parameters
    ----------
    primal : Array
        The values.
    tangent : Array, shape of `primal`
        Their derivatives.

    References
    ----------
    .. [1] Baydin et al., JMLR 18, 2018, section 3.1.1.

    Examples
    --------
    >>> import numpy as np
    >>> x = Dual(np.asarray([3.0]), np.asarray([1.0]))
    >>> (x * x).tangent.tolist()
    [6.0]
    """

    __slots__ = ("primal", "tangent")
    __array_ufunc__ = None  # so that an array of NumPy on the left leaves the operator to this class

    def __init__(self, primal: Array, tangent: Array) -> None:
        self.primal, self.tangent = primal, tangent

    @property
    def shape(self) -> Shape:
        """Shape of the values."""
        return tuple(self.primal.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.primal.shape)

    @property
    def dtype(self) -> DType:
        """Type of the values."""
        return self.primal.dtype

    @property
    def device(self) -> Any:
        """Device of the values."""
        return self.primal.device

    @property
    def T(self) -> "Dual":  # noqa: N802
        """Transpose."""
        return Dual(self.primal.T, self.tangent.T)

    @property
    def mT(self) -> "Dual":  # noqa: N802
        """The last two axes swapped."""
        return Dual(self.primal.mT, self.tangent.mT)

    def __getitem__(self, key: Any) -> "Dual":
        return Dual(self.primal[key], self.tangent[key])

    def __neg__(self) -> "Dual":
        return Dual(-self.primal, -self.tangent)

    def __add__(self, other: Any) -> "Dual":
        value = self.primal + primal(other)
        return Dual(value, self.tangent + tangent(other) if isinstance(other, Dual) else self.tangent + 0.0 * value)

    def __sub__(self, other: Any) -> "Dual":
        return self.__add__(-other)

    def __mul__(self, other: Any) -> "Dual":
        moved = self.tangent * primal(other)
        if isinstance(other, Dual):
            moved = moved + self.primal * other.tangent
        return Dual(self.primal * primal(other), moved)

    def __truediv__(self, other: Any) -> "Dual":
        value = self.primal / primal(other)
        moved = self.tangent / primal(other)
        if isinstance(other, Dual):
            moved = moved - value * other.tangent / other.primal
        return Dual(value, moved)

    def __matmul__(self, other: Any) -> "Dual":
        moved = self.tangent @ primal(other)
        if isinstance(other, Dual):
            moved = moved + self.primal @ other.tangent
        return Dual(self.primal @ primal(other), moved)

    def __pow__(self, exponent: float) -> "Dual":
        return Dual(self.primal**exponent, self.tangent * (exponent * self.primal ** (exponent - 1)))

    def __radd__(self, other: Any) -> "Dual":
        return self.__add__(other)

    def __rsub__(self, other: Any) -> "Dual":
        return self.__neg__().__add__(other)

    def __rmul__(self, other: Any) -> "Dual":
        return self.__mul__(other)

    def __rtruediv__(self, other: Any) -> "Dual":
        value = other / self.primal
        return Dual(value, -value * self.tangent / self.primal)

    def __rmatmul__(self, other: Any) -> "Dual":
        return Dual(other @ self.primal, other @ self.tangent)

    def __lt__(self, other: Any) -> Array:
        return self.primal < primal(other)

    def __le__(self, other: Any) -> Array:
        return self.primal <= primal(other)

    def __gt__(self, other: Any) -> Array:
        return self.primal > primal(other)

    def __ge__(self, other: Any) -> Array:
        return self.primal >= primal(other)

    def __eq__(self, other: Any) -> Array:
        return self.primal == primal(other)

    def __ne__(self, other: Any) -> Array:
        return self.primal != primal(other)

    __hash__ = None  # type: ignore[assignment]


def primal(x: Any) -> Any:
    """Values of a dual array; anything else is its own value."""
    return x.primal if isinstance(x, Dual) else x


def tangent(x: Any) -> Any:
    """Derivative of a dual array; of anything else it is 0."""
    return x.tangent if isinstance(x, Dual) else 0.0
