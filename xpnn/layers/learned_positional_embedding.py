"""`LearnedPositionalEmbedding`: a learnt vector for each position."""

from dataclasses import dataclass, field

from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.initializers import Normal, get_initializer
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["LearnedPositionalEmbedding"]


@dataclass(frozen=True, slots=True, repr=False)
class LearnedPositionalEmbedding(Record):
    r"""Add a learnt vector to each position of a sequence, :math:`y_t = x_t + W_t`.

    Parameters
    ----------
    weight_initializer : str or Initializer
        Initial values of ``weight``, shape (time, features); by default normal with standard deviation 0.02.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If the input is no sequence.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y` and
    :math:`\partial L/\partial W = \sum_n \partial L/\partial y_n`.

    References
    ----------
    .. [1] Gehring et al., ICML 2017, section 3.1; the initial values are those of GPT-2.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, _, _ = LearnedPositionalEmbedding().init(HostRng(np.random.default_rng(0)), (5, 2))
    >>> params["weight"].shape
    (5, 2)
    """

    weight_initializer: Named = Normal(0.02)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("weight_initializer", get_initializer("weight_initializer", self.weight_initializer))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw a vector for each position of sequences of `input_shape`, (time, features)."""
        if len(input_shape) != 2:
            given = f"(batch{''.join(f', {n}' for n in input_shape) or ','})"
            raise ShapeError(f"input must have shape (batch, time, features), got {given}.")
        return {"weight": self.weight_initializer.draw(rng, input_shape)}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, None, State]:
        """Add the vectors to `x`, shape (batch, time, features)."""
        return x + params["weight"], None, state

    def backward(self, params: Params, saved: None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Hand `dy` on, and add it up over the batch."""
        return dy, {"weight": ctx.xp.sum(dy, axis=0)}
