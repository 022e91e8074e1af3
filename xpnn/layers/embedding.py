"""`Embedding`: a vector for each index."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentTypeError
from xpnn.initializers import Normal, get_initializer
from xpnn.layers._row_sums import row_sums
from xpnn.layers._rules import check_rules
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["Embedding"]


@dataclass(frozen=True, slots=True, repr=False)
class Embedding(Record):
    r"""Rows of a table by their indices, :math:`y_{n} = W_{x_n}`: a learnt vector for each word, item or category.

    Parameters
    ----------
    input_dim : int
        Number of rows, so inputs are integers from 0 to ``input_dim - 1``.
    output_dim : int
        Size of a vector.
    padding_index : int, optional
        Index of a row that is zero and stays so, since it gets no gradient: for the ends of short sequences.
    weight_initializer : str or Initializer
        Initial values of ``weight``, shape (input_dim, output_dim); by default the normal distribution, as in PyTorch.
    weight_regularizer : str or Regularizer, optional
        Cost of the table, part of the loss; see `xpnn.regularizers`.
    weight_constraint : str or Constraint, optional
        Where the table must be after each step; see `xpnn.constraints`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ArgumentTypeError
        If the input holds no integers: the layer must be the first one of a network.

    Notes
    -----
    A network checks once on the host that the indices are whole numbers of the table, since some array libraries wrap
    or clamp those that are not; indices that are on the device already are trusted. :math:`\partial L/\partial W_i` is
    the sum of :math:`\partial L/\partial y_n` over the :math:`n` with :math:`x_n = i`, formed by products of matrices
    in a fixed order, where a scatter would add in a random one on a GPU. The input has no gradient.

    References
    ----------
    .. [1] Bengio et al., JMLR 3, 2003, section 2 (the matrix C).

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn import Network
    >>> from xpnn.layers import Dense, Flatten
    >>> net = Network([Embedding(10, 3, padding_index=0), Flatten(), Dense(2)])
    >>> net.predict(np.asarray([[1, 2, 9, 0], [4, 4, 0, 0]])).shape
    (2, 2)
    """

    input_dim: int
    output_dim: int
    padding_index: int | None = None
    weight_initializer: Named = Normal()
    weight_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("input_dim", _check.integer("input_dim", self.input_dim))
        self._set("output_dim", _check.integer("output_dim", self.output_dim))
        if self.padding_index is not None:
            self._set("padding_index", _check.integer("padding_index", self.padding_index, minimum=0))
            if self.padding_index >= self.input_dim:
                _check.refuse("padding_index", f"be below input_dim={self.input_dim}", self.padding_index)
        self._set("weight_initializer", get_initializer("weight_initializer", self.weight_initializer))
        check_rules(self)

    @property
    def index_bound(self) -> int:
        """See `xpnn.typing.Layer`."""
        return self.input_dim

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw the table."""
        weight = self.weight_initializer.draw(rng, (self.input_dim, self.output_dim))
        if self.padding_index is not None:
            weight = rng.without_row(weight, self.padding_index)
        return {"weight": weight}, {}, (*input_shape, self.output_dim)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Look up the integers `x`, shape (batch, ...); `y` has one more axis, of `output_dim` elements."""
        xp = ctx.xp
        if not xp.isdtype(x.dtype, "integral"):
            raise ArgumentTypeError(f"input must hold integers, as it does in a first layer, got dtype {x.dtype}.")
        indices = xp.reshape(x, (prod(x.shape),))
        rows = xp.take(params["weight"], indices, axis=0)
        return xp.reshape(rows, (*x.shape, self.output_dim)), indices, state

    def backward(self, params: Params, saved: Array, dy: Array, ctx: Context) -> tuple[None, Params]:
        """Add up `dy` by index; the input has no gradient."""
        xp, indices = ctx.xp, saved
        if self.padding_index is not None:
            indices = xp.where(indices == self.padding_index, self.input_dim, indices)
        rows = xp.reshape(dy, (indices.shape[0], self.output_dim))
        return None, {"weight": row_sums(indices, rows, self.input_dim, ctx)}
