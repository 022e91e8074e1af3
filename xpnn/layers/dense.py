"""`Dense`: the fully connected layer."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.activations import get_activation, output_shape
from xpnn.errors import ShapeError
from xpnn.initializers import GlorotUniform, Zeros, get_initializer
from xpnn.layers._rules import check_rules
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["Dense"]


@dataclass(frozen=True, slots=True, repr=False)
class Dense(Record):
    r"""Affine map of the last axis and an activation, :math:`y = a(x W + b)`.

    Parameters
    ----------
    units : int
        Size of the last axis of the output.
    activation : str or ActivationFunction, optional
        The function :math:`a`; by default there is none.
    use_bias : bool
        Whether there is a :math:`b`.
    weight_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (in_features, units), and of ``bias``, shape (units,).
    weight_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of the parameter, part of the loss; see `xpnn.regularizers`.
    weight_constraint, bias_constraint : str or Constraint, optional
        Where the parameter must be after each step; see `xpnn.constraints`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has no axis of features.

    Notes
    -----
    With :math:`z = x W + b` and :math:`G = \partial L / \partial z`, rows indexed by the batch,
    :math:`\partial L/\partial x = G W^\top`, :math:`\partial L/\partial W = x^\top G` and
    :math:`\partial L/\partial b = \sum_n G_n`. These are the equations BP1 to BP4 of [1]_.

    References
    ----------
    .. [1] Nielsen, Neural Networks and Deep Learning, 2015, chapter 2.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, state, output_shape = Dense(2).init(HostRng(np.random.default_rng(0)), (3,))
    >>> params["weight"].shape, params["bias"].shape, output_shape
    ((3, 2), (2,), (2,))
    """

    units: int
    activation: Named = None
    use_bias: bool = True
    weight_initializer: Named = GlorotUniform()
    bias_initializer: Named = Zeros()
    weight_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("units", _check.integer("units", self.units))
        if self.activation is not None:
            self._set("activation", get_activation("activation", self.activation))
        self._set("use_bias", _check.boolean("use_bias", self.use_bias))
        self._set("weight_initializer", get_initializer("weight_initializer", self.weight_initializer))
        self._set("bias_initializer", get_initializer("bias_initializer", self.bias_initializer))
        check_rules(self)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw weight and bias for samples of `input_shape`, (..., in_features)."""
        if not input_shape:
            raise ShapeError("input must have shape (batch, ..., in_features), got (batch,).")
        params = {"weight": self.weight_initializer.draw(rng, (input_shape[-1], self.units))}
        if self.use_bias:
            params["bias"] = self.bias_initializer.draw(rng, (self.units,))
        return params, {}, output_shape(self.activation, (*input_shape[:-1], self.units))

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x`, shape (..., in_features), to `y`, shape (..., units)."""
        y = x @ params["weight"]
        if self.use_bias:
            y += params["bias"]
        if self.activation is None:
            return y, (x, None), state
        y, saved = self.activation.forward(y, ctx)
        return y, (x, saved), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input and the parameters."""
        x, saved_activation = saved
        if self.activation is not None:
            dy = self.activation.backward(saved_activation, dy, ctx)
        rows, dy_rows = _rows(x, ctx), _rows(dy, ctx)
        grads = {"weight": rows.T @ dy_rows}
        if self.use_bias:
            grads["bias"] = ctx.xp.sum(dy_rows, axis=0)
        return dy @ params["weight"].T if ctx.wants_dx else None, grads


def _rows(x: Array, ctx: Context) -> Array:
    """View all axes but the last as one."""
    return x if x.ndim == 2 else ctx.xp.reshape(x, (prod(x.shape[:-1]), x.shape[-1]))
