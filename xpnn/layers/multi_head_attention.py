"""`MultiHeadAttention`: every position looks at others, in several ways at once.

Over 150 lines: a third of them are documentation; four kinds of inputs.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.initializers import GlorotUniform, Zeros, get_initializer
from xpnn.layers._attention import allow, attend, attend_backward
from xpnn.layers._inputs import refuse_nested
from xpnn.layers._rules import check_rules
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["MultiHeadAttention"]


@dataclass(frozen=True, slots=True, repr=False)
class MultiHeadAttention(Record):
    r"""Attention with several heads, :math:`y = [h_1, \dots, h_H]\, W^O + b^O`.

    .. math:: h_i = \mathrm{softmax}\bigl(Q_i K_i^\top / \sqrt{d}\bigr) V_i, \qquad
              Q_i = x_q W^Q_i + b^Q_i, \quad K_i = x_v W^K_i + b^K_i, \quad V_i = x_v W^V_i + b^V_i

    Inputs are one of

    - an array `x`, shape (batch, time, features): self-attention, :math:`x_q = x_v = x`;
    - (`x`, `mask`), the mask of shape (batch, time): self-attention that leaves padding out;
    - (`query`, `value`), shapes (batch, queries, features) and (batch, keys, value features): cross-attention;
    - (`query`, `value`, `mask`), the mask of shape (batch, keys), or (batch, queries, keys) with a row for each query.

    In a mask 0 (or False) hides a key, anything else shows it.

    Parameters
    ----------
    num_heads : int
        Number :math:`H` of heads.
    key_dim : int
        Size :math:`d` of a query and of a key in each head.
    value_dim : int, optional
        Size of a value in each head; by default `key_dim`.
    dropout : float
        Probability with which a weight of the softmax is silenced in training.
    use_bias : bool
        Whether there are the :math:`b`.
    causal : bool
        Whether query `i` sees the keys 0 to `i` alone, so that nothing looks into the future.
    weight_initializer, bias_initializer : str or Initializer
        Initial values.
    weight_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of each projection's parameter, part of the loss; see `xpnn.regularizers`.
    weight_constraint, bias_constraint : str or Constraint, optional
        Where each projection's parameter must be after each step; see `xpnn.constraints`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the inputs are none of those above.

    Notes
    -----
    All projections of one input are one product. For self-attention ``weight`` has shape
    (features, num_heads * (2 * key_dim + value_dim)): for each head its query, key and value columns. Else there are
    ``query_weight``, shape (features, num_heads * key_dim), and ``value_weight``, shape
    (value features, num_heads * (key_dim + value_dim)), for each head its key and value columns. ``output_weight`` has
    shape (num_heads * value_dim, features), with the features of the query. Each has its bias.

    A hidden score is a large negative finite number, so its weight is exactly 0. A query to which every key is hidden
    gets weights 0, never NaN: its output is :math:`b^O`. With :math:`A` the softmax, :math:`G = \partial L/\partial h`
    and :math:`D = G V^\top`: :math:`\partial L/\partial V = A^\top G`,
    :math:`S = A \circ (D - \sum_j D_{\cdot j} A_{\cdot j})`, :math:`\partial L/\partial Q = S K / \sqrt d` and
    :math:`\partial L/\partial K = S^\top Q / \sqrt d`.

    References
    ----------
    .. [1] Vaswani et al., NeurIPS 2017, sections 3.2.1 and 3.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> layer = MultiHeadAttention(num_heads=2, key_dim=4)
    >>> params, _, output_shape = layer.init(HostRng(np.random.default_rng(0)), (5, 8))
    >>> params["weight"].shape, params["output_weight"].shape, output_shape
    ((8, 24), (8, 8), (5, 8))
    """

    num_heads: int
    key_dim: int
    value_dim: int | None = None
    dropout: float = 0.0
    use_bias: bool = True
    causal: bool = False
    weight_initializer: Named = GlorotUniform()
    bias_initializer: Named = Zeros()
    weight_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("num_heads", _check.integer("num_heads", self.num_heads))
        self._set("key_dim", _check.integer("key_dim", self.key_dim))
        if self.value_dim is not None:
            self._set("value_dim", _check.integer("value_dim", self.value_dim))
        self._set("dropout", _check.fraction("dropout", self.dropout))
        self._set("use_bias", _check.boolean("use_bias", self.use_bias))
        self._set("causal", _check.boolean("causal", self.causal))
        self._set("weight_initializer", get_initializer("weight_initializer", self.weight_initializer))
        self._set("bias_initializer", get_initializer("bias_initializer", self.bias_initializer))
        check_rules(self)

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Draw the projections for inputs of these shapes."""
        query, value, _ = _shapes(input_shape)
        value_dim = self.value_dim or self.key_dim
        if value is None:
            columns = {"": (query[1], 2 * self.key_dim + value_dim)}
        else:
            columns = {"query_": (query[1], self.key_dim), "value_": (value[1], self.key_dim + value_dim)}
        sizes = {name: (features, self.num_heads * n) for name, (features, n) in columns.items()}
        params = {}
        for name, shape in {**sizes, "output_": (self.num_heads * value_dim, query[1])}.items():
            params[f"{name}weight"] = self.weight_initializer.draw(rng, shape)
            if self.use_bias:
                params[f"{name}bias"] = self.bias_initializer.draw(rng, shape[1:])
        return params, {}, query

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Attend; `y` has the shape of the queries."""
        query, value, mask = _split(x)
        d = self.key_dim
        if value is None:
            columns = self._heads(query, params, "", ctx)
            parts = columns[..., :d], columns[..., d : 2 * d], columns[..., 2 * d :]
        else:
            columns = self._heads(value, params, "value_", ctx)
            parts = self._heads(query, params, "query_", ctx), columns[..., :d], columns[..., d:]
        allowed = allow(mask, self.causal, parts[0].shape[2], parts[1].shape[2], ctx)
        means, saved = attend(*parts, allowed, self.dropout, ctx)
        rows = _merge(means, ctx)
        y = _affine(rows, params, "output_")
        return ctx.xp.reshape(y, query.shape), (query, value, mask, saved, rows), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back to the inputs and the projections; a mask has no gradient."""
        query, value, mask, saved_attention, rows = saved
        dy_rows = ctx.xp.reshape(dy, (prod(dy.shape[:-1]), dy.shape[-1]))
        grads = self._grads("output_", rows, dy_rows, ctx)
        shape = (*query.shape[:2], self.num_heads, self.value_dim or self.key_dim)
        d_means = ctx.xp.reshape(dy_rows @ params["output_weight"].T, shape)
        parts = attend_backward(saved_attention, ctx.xp.permute_dims(d_means, (0, 2, 1, 3)), ctx)
        if value is None:
            dx = self._pull("", query, parts, params, grads, ctx)
            return dx if mask is None or dx is None else (dx, None), grads
        d_query = self._pull("query_", query, parts[:1], params, grads, ctx)
        d_value = self._pull("value_", value, parts[1:], params, grads, ctx)
        if not ctx.wants_dx:
            return None, grads
        return (d_query, d_value) if mask is None else (d_query, d_value, None), grads

    def _heads(self, x: Array, params: Params, name: str, ctx: Context) -> Array:
        """Project `x` and view the result as (batch, heads, time, columns of a head)."""
        batch, time, features = x.shape
        columns = params[f"{name}weight"].shape[1] // self.num_heads
        y = _affine(ctx.xp.reshape(x, (batch * time, features)), params, name)
        return ctx.xp.permute_dims(ctx.xp.reshape(y, (batch, time, self.num_heads, columns)), (0, 2, 1, 3))

    def _pull(
        self, name: str, x: Array, parts: tuple[Array, ...], params: Params, grads: dict[str, Array], ctx: Context
    ) -> Array | None:
        """Pull the gradients of heads back to `x`, and add those of the projection to `grads`."""
        columns = [ctx.xp.permute_dims(part, (0, 2, 1, 3)) for part in parts]
        rows = ctx.xp.reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))
        joined = ctx.xp.concat(columns, axis=-1) if len(columns) > 1 else columns[0]
        dy = ctx.xp.reshape(joined, (rows.shape[0], params[f"{name}weight"].shape[1]))
        grads |= self._grads(name, rows, dy, ctx)
        return ctx.xp.reshape(dy @ params[f"{name}weight"].T, x.shape) if ctx.wants_dx else None

    def _grads(self, name: str, rows: Array, dy: Array, ctx: Context) -> dict[str, Array]:
        grads = {f"{name}weight": rows.T @ dy}
        return grads | {f"{name}bias": ctx.xp.sum(dy, axis=0)} if self.use_bias else grads


def _affine(rows: Array, params: Params, name: str) -> Array:
    y = rows @ params[f"{name}weight"]
    if f"{name}bias" in params:
        y += params[f"{name}bias"]
    return y


def _merge(means: Array, ctx: Context) -> Array:
    """Join the heads: from (batch, heads, time, size) to (batch * time, heads * size)."""
    batch, heads, time, size = means.shape
    return ctx.xp.reshape(ctx.xp.permute_dims(means, (0, 2, 1, 3)), (batch * time, heads * size))


def _split(x: Any) -> tuple[Array, Array | None, Array | None]:
    """Query, value and mask; the value is None for self-attention."""
    if not isinstance(x, tuple):
        return x, None, None
    if len(x) == 2 and x[1].ndim == 2:
        return x[0], None, x[1]
    return (*x, None)[:3]


def _shapes(input_shape: Any) -> tuple[Shape, Shape | None, Shape | None]:
    """Shapes of query, value and mask, checked."""
    refuse_nested(input_shape)
    shapes: Any = input_shape if input_shape and isinstance(input_shape[0], tuple) else (input_shape,)
    query, value, mask = shapes[0], None, None
    if len(shapes) == 2 and len(shapes[1]) == 1:
        mask = shapes[1]
    elif 2 <= len(shapes) <= 3:
        value, mask = shapes[1], (*shapes, None)[2]
    keys = (query if value is None else value)[:1]
    fits = len(shapes) <= 3 and len(query) == 2 and (value is None or len(value) == 2)
    if not fits or mask not in (None, keys, query[:1] + keys):
        raise ShapeError(
            "input must be an array of shape (batch, time, features), (x, mask), (query, value) or "
            f"(query, value, mask), got samples of shape {input_shape}."
        )
    return query, value, mask
