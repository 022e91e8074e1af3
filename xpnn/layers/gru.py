"""`GRU`: the gated recurrent unit, in both variants."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn.layers._gates import halve, sigmoid_of_tanh
from xpnn.layers._recurrent import Recurrent
from xpnn.typing import Array, Context, Params, Rng

__all__ = ["GRU"]


@dataclass(frozen=True, slots=True, repr=False)
class GRU(Recurrent):
    r"""Gated recurrent unit, of sequences (batch, time, features).

    .. math:: (r, u) = \sigma(x_t W + b + h_{t-1} U + b'), \quad h_t = u h_{t-1} + (1 - u) n,

    and after the product (`reset_after`) or before it

    .. math:: n = \tanh(x_t W + b + r (h_{t-1} U + b')) \quad\text{or}\quad n = \tanh(x_t W + b + (r h_{t-1}) U).

    Parameters
    ----------
    units : int
        Size of the state.
    reset_after : bool
        Where the reset gate acts: True as in Keras, PyTorch and cuDNN; False as in the paper [1]_, without :math:`b'`.
    use_bias, return_sequences, return_state, go_backwards, mask_value, masked, zero_output_for_mask, truncate
        As in `SimpleRNN`.
    weight_initializer, recurrent_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (features, 3 * units), ``recurrent``, shape (units, 3 * units), and of
        ``bias`` and, with `reset_after`, ``recurrent_bias`` (:math:`b'`), each of shape (3 * units,).
    weight_regularizer, recurrent_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of the parameter, part of the loss; see `xpnn.regularizers`. Those of ``bias`` hold for ``recurrent_bias``
        too.
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
    The columns of the gates are in the order reset, update, new, as in PyTorch (Keras: update, reset, new). The update
    gate is the share of the old state, as in both (in [1]_ too; some texts swap :math:`u` and :math:`1 - u`). The input
    is a sequence, or a tuple: the sequence, the initial state (otherwise it is 0), and the mask (if `masked`). With
    :math:`\bar v` for :math:`\partial L/\partial v` and :math:`q` for what :math:`r` multiplies,

    .. math:: \bar n = \bar h (1 - u) (1 - n^2), \quad \bar z_u = \bar h (h_{t-1} - n)\, u (1 - u), \quad
              \bar z_r = \bar r\, r (1 - r), \quad \bar r = q\, \overline{(r q)},

    where :math:`\overline{(r q)}` is :math:`\bar n` or, in the paper's variant, :math:`\bar n U_n^\top`.

    References
    ----------
    .. [1] Cho et al., EMNLP 2014, section 2.3, eqs. 5 to 8.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, _, shape = GRU(2, return_sequences=True).init(HostRng(np.random.default_rng(0)), (5, 3))
    >>> {name: values.shape for name, values in params.items()}, shape
    ({'weight': (3, 6), 'recurrent': (2, 6), 'bias': (6,), 'recurrent_bias': (6,)}, (5, 2))
    """

    n_gates: ClassVar[int] = 3

    reset_after: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        Recurrent.__post_init__(self)
        self._set("reset_after", _check.boolean("reset_after", self.reset_after))

    def _draw_bias(self, rng: Rng) -> dict[str, Any]:
        names = ("bias", "recurrent_bias") if self.reset_after else ("bias",)
        return {name: self.bias_initializer.draw(rng, (3 * self.units,)) for name in names}

    def _forward_params(self, params: Params, ctx: Context) -> Params:
        return halve(params, (True, True, False), ctx)

    def _step(self, params: Params, z: Array, states: tuple[Array, ...], ctx: Context) -> tuple[tuple[Array, ...], Any]:
        n, (h,) = self.units, states
        if self.reset_after:
            product = h @ params["recurrent"]
            if self.use_bias:
                product += params["recurrent_bias"]
            gates = ctx.xp.tanh(z[:, : 2 * n] + product[:, : 2 * n])
        else:
            gates = ctx.xp.tanh(z[:, : 2 * n] + h @ params["recurrent"][:, : 2 * n])
        r, u = sigmoid_of_tanh(gates[:, :n]), sigmoid_of_tanh(gates[:, n:])
        q = product[:, 2 * n :] if self.reset_after else h
        reset = r * q
        new = ctx.xp.tanh(z[:, 2 * n :] + (reset if self.reset_after else reset @ params["recurrent"][:, 2 * n :]))
        return (new + u * (h - new),), (r, u, new, h, q, reset)

    def _step_back(
        self, params: Params, saved: Any, grads: tuple[Array, ...], ctx: Context
    ) -> tuple[Array, Array, tuple[Array, ...]]:
        xp, n, recurrent = ctx.xp, self.units, params["recurrent"]
        r, u, new, h, q, _ = saved
        (dh,) = grads
        dnew = dh * (1.0 - u) * (1.0 - new * new)
        du = dh * (h - new) * (u * (1.0 - u))
        dreset = dnew if self.reset_after else dnew @ recurrent[:, 2 * n :].T
        dr = dreset * q * (r * (1.0 - r))
        dz = xp.concat([dr, du, dnew], axis=1)
        if self.reset_after:
            dproduct = xp.concat([dr, du, dreset * r], axis=1)
            return dz, dproduct, (dh * u + dproduct @ recurrent.T,)
        return dz, dz, (dh * u + dreset * r + dz[:, : 2 * n] @ recurrent[:, : 2 * n].T,)

    def _recurrent_grads(self, before: Array, steps: list[Any], dz: Array, ctx: Context) -> Params:
        xp, n = ctx.xp, self.units
        if self.reset_after:
            grads = {"recurrent": before.T @ dz}
            return {**grads, "recurrent_bias": xp.sum(dz, axis=0)} if self.use_bias else grads
        reset = xp.concat([saved[-1] for saved in steps], axis=0)
        parts = before.T @ dz[:, : 2 * n], reset.T @ dz[:, 2 * n :]
        return {"recurrent": xp.concat(parts, axis=1)}
