"""`LSTM`: long short-term memory."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn.layers._gates import halve, sigmoid_of_tanh
from xpnn.layers._recurrent import Recurrent
from xpnn.typing import Array, Context, Params, Rng

__all__ = ["LSTM"]


@dataclass(frozen=True, slots=True, repr=False)
class LSTM(Recurrent):
    r"""Long short-term memory with a forget gate, of sequences (batch, time, features).

    .. math:: (i, f, o) = \sigma(x_t W + h_{t-1} U + b), \quad g = \tanh(x_t W + h_{t-1} U + b), \quad
              c_t = f c_{t-1} + i g, \quad h_t = o \tanh c_t

    Parameters
    ----------
    units : int
        Size of the state :math:`h` and of the cell :math:`c`.
    unit_forget_bias : bool
        Whether the bias of the forget gate starts at 1 ([3]_, as in Keras; PyTorch has no such option).
    use_bias, return_sequences, return_state, go_backwards, mask_value, masked, zero_output_for_mask, truncate
        As in `SimpleRNN`. The states are two: h and c.
    weight_initializer, recurrent_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (features, 4 * units), ``recurrent``, shape (units, 4 * units), and
        ``bias``.
    weight_regularizer, recurrent_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of the parameter, part of the loss; see `xpnn.regularizers`.
    weight_constraint, recurrent_constraint, bias_constraint : str or Constraint, optional
        Where the parameter must be after each step; see `xpnn.constraints`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input is no sequence, or its number of arrays is wrong.

    Notes
    -----
    The columns of the gates are in the order input, forget, cell, output, as in Keras and PyTorch. There is one bias
    (PyTorch has two, of which only the sum counts), and no peephole. The input is a sequence, or a tuple: the sequence,
    the initial h and c (otherwise they are 0), and the mask (if `masked`). With :math:`\bar v` for
    :math:`\partial L/\partial v` and what comes from the step after included, a step back is

    .. math:: \bar c \mathrel{+}= \bar h\, o (1 - \tanh^2 c), \quad
              \bar z = (\bar c g\, i(1-i),\; \bar c\, c_{t-1} f (1-f),\; \bar c\, i (1-g^2),\;
              \bar h \tanh c\; o(1-o)), \quad
              \bar c_{t-1} = \bar c f, \quad \bar h_{t-1} = \bar z U^\top.

    The sigmoids are computed as :math:`\tfrac12 + \tfrac12 \tanh(z/2)`, one hyperbolic tangent for the four gates.

    References
    ----------
    .. [1] Hochreiter & Schmidhuber, Neural Computation 9, 1997.
    .. [2] Gers, Schmidhuber & Cummins, Neural Computation 12, 2000 (the forget gate).
    .. [3] Jozefowicz, Zaremba & Sutskever, ICML 2015, section 4 (its bias of 1).

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, _, shape = LSTM(2, return_state=True).init(HostRng(np.random.default_rng(0)), (5, 3))
    >>> params["weight"].shape, params["bias"].tolist(), shape
    ((3, 8), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], ((2,), (2,), (2,)))
    """

    n_gates: ClassVar[int] = 4
    n_states: ClassVar[int] = 2

    unit_forget_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        Recurrent.__post_init__(self)
        self._set("unit_forget_bias", _check.boolean("unit_forget_bias", self.unit_forget_bias))

    def _draw_bias(self, rng: Rng) -> dict[str, Any]:
        bias = self.bias_initializer.draw(rng, (4 * self.units,))
        if not self.unit_forget_bias:
            return {"bias": bias}
        n, forget = self.units, rng.constant(1.0, (self.units,))
        return {"bias": bias.__array_namespace__().concat([bias[:n], forget, bias[2 * n :]])}

    def _forward_params(self, params: Params, ctx: Context) -> Params:
        return halve(params, (True, True, False, True), ctx)

    def _step(self, params: Params, z: Array, states: tuple[Array, ...], ctx: Context) -> tuple[tuple[Array, ...], Any]:
        n, (h, c) = self.units, states
        gates = ctx.xp.tanh(z + h @ params["recurrent"])
        i, f, o = (sigmoid_of_tanh(gates[:, k * n : (k + 1) * n]) for k in (0, 1, 3))
        g = gates[:, 2 * n : 3 * n]
        new = f * c + i * g
        squashed = ctx.xp.tanh(new)
        return (o * squashed, new), (i, f, g, o, c, squashed)

    def _step_back(
        self, params: Params, saved: Any, grads: tuple[Array, ...], ctx: Context
    ) -> tuple[Array, Array, tuple[Array, ...]]:
        i, f, g, o, c, squashed = saved
        dh, dc = grads
        dc = dc + dh * o * (1.0 - squashed * squashed)
        parts = [
            dc * g * (i * (1.0 - i)),
            dc * c * (f * (1.0 - f)),
            dc * i * (1.0 - g * g),
            dh * squashed * (o * (1.0 - o)),
        ]
        dz = ctx.xp.concat(parts, axis=1)
        return dz, dz, (dz @ params["recurrent"].T, dc * f)
