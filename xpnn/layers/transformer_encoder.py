"""`TransformerEncoder`: attention and a small network, each with a shortcut and a norm.

Over 150 lines: nearly half of them are documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.activations import get_activation
from xpnn.errors import ShapeError
from xpnn.layers._masked_residual import MaskedResidual
from xpnn.layers.dense import Dense
from xpnn.layers.dropout import Dropout
from xpnn.layers.layer_norm import LayerNorm
from xpnn.layers.multi_head_attention import MultiHeadAttention
from xpnn.layers.residual import Residual
from xpnn.layers.sequential import Sequential
from xpnn.typing import Array, Context, Layer, Named, Params, Rng, Shape, State

__all__ = ["TransformerEncoder"]


@dataclass(frozen=True, slots=True, repr=False)
class TransformerEncoder(Record):
    r"""One block of a transformer's encoder, made of other layers.

    With the norm last, as in the paper,

    .. math:: z = \mathrm{norm}_1(x + \mathrm{attention}(x)), \qquad y = \mathrm{norm}_2(z + f(z)),

    and with the norm first

    .. math:: z = x + \mathrm{attention}(\mathrm{norm}_1(x)), \qquad y = z + f(\mathrm{norm}_2(z)),

    where :math:`f(z) = a(z W_1 + b_1) W_2 + b_2` at each position. The input is an array `x`, shape (batch, time,
    features), or (`x`, `mask`), the mask of shape (batch, time): where it is 0 (or False) there is padding, at which
    no position looks.

    Parameters
    ----------
    features : int
        Size of the last axis of input and output; a multiple of `num_heads`.
    num_heads : int
        Number of heads, each of size ``features / num_heads``.
    intermediate_dim : int
        Number of hidden units of :math:`f`.
    dropout : float
        Probability of silence in training: of the weights of the attention, of its output, of the hidden units, and of
        the output of :math:`f`.
    activation : str or ActivationFunction
        The function :math:`a`.
    norm_first : bool
        Where the norms are. With the norm first deep stacks learn without a warm-up, and want a `LayerNorm` at the end.
    causal : bool
        Whether each position sees itself and earlier ones alone.
    eps : float
        Added to the variance in the norms.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has another shape than (batch, time, features), or its mask another than (batch, time).

    Notes
    -----
    The same block as ``torch.nn.TransformerEncoderLayer``. Its layers are named ``attention`` (in it ``heads``),
    ``feed_forward`` (``hidden``, ``output``), and ``attention_norm`` and ``feed_forward_norm``; with the norm first
    ``norm`` in either branch. The output at padding is a number like any other, as in PyTorch: leave it out of what
    follows. Blocks on top of each other each read the mask, in a `Graph`: ``{"a": (block, ("x", "mask")), "b":
    (another, ("a", "mask"))}``.

    References
    ----------
    .. [1] Vaswani et al., NeurIPS 2017, section 3.1 (norm last).
    .. [2] Xiong et al., ICML 2020, figure 1 (norm first).

    Examples
    --------
    >>> block = TransformerEncoder(8, num_heads=2, intermediate_dim=16, norm_first=True)
    >>> list(block.children), list(block.children["attention"].children)
    (['attention', 'feed_forward'], ['norm', 'heads', 'dropout'])
    """

    features: int
    num_heads: int
    intermediate_dim: int
    dropout: float = 0.1
    activation: Named = "relu"
    norm_first: bool = False
    causal: bool = False
    eps: float = 1e-5
    name: str | None = field(default=None, kw_only=True)
    inner: Sequential = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("features", _check.integer("features", self.features))
        self._set("num_heads", _check.integer("num_heads", self.num_heads))
        if self.features % self.num_heads:
            _check.refuse("features", f"be a multiple of num_heads={self.num_heads}", self.features)
        self._set("intermediate_dim", _check.integer("intermediate_dim", self.intermediate_dim))
        self._set("dropout", _check.fraction("dropout", self.dropout))
        self._set("activation", get_activation("activation", self.activation))
        self._set("norm_first", _check.boolean("norm_first", self.norm_first))
        self._set("causal", _check.boolean("causal", self.causal))
        self._set("eps", _check.positive("eps", self.eps))
        self._set("inner", self._compose())

    def _compose(self) -> Sequential:
        d = self.features // self.num_heads
        branches: dict[str, list[Any]] = {
            "attention": [
                MultiHeadAttention(self.num_heads, d, dropout=self.dropout, causal=self.causal, name="heads"),
                Dropout(self.dropout, name="dropout"),
            ],
            "feed_forward": [
                Dense(self.intermediate_dim, activation=self.activation, name="hidden"),
                Dropout(self.dropout, name="hidden_dropout"),
                Dense(self.features, name="output"),
                Dropout(self.dropout, name="dropout"),
            ],
        }
        layers: list[Layer] = []
        for name, branch in branches.items():
            shortcut = MaskedResidual if name == "attention" else Residual
            if self.norm_first:
                layers.append(shortcut((LayerNorm(self.eps, name="norm"), *branch), name=name))
            else:
                layers += [shortcut(tuple(branch), name=name), LayerNorm(self.eps, name=f"{name}_norm")]
        return Sequential(tuple(layers))

    @property
    def children(self) -> Mapping[str, Layer]:
        """The inner layers by name."""
        return self.inner.children

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Initialise the inner layers for samples of `input_shape`, (time, features), or that and (time,)."""
        has_mask = len(input_shape) == 2 and isinstance(input_shape[0], tuple)
        shape, mask = input_shape if has_mask else (input_shape, input_shape[:1])
        if len(shape) != 2 or shape[1] != self.features or mask != shape[:1]:
            raise ShapeError(
                f"input must have samples of shape (time, {self.features}), or of that and (time,) with a mask, "
                f"got {input_shape}."
            )
        return self.inner.init(rng, shape)

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Run the inner layers on `x`, shape (batch, time, features), alone or with a mask, shape (batch, time)."""
        return self.inner.forward(params, state, x, ctx)

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back through the inner layers; a mask has no gradient."""
        return self.inner.backward(params, saved, dy, ctx)
