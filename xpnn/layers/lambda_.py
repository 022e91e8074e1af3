"""`Lambda`: a layer of the user's own two functions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from array_api_compat import array_namespace

from xpnn import _check
from xpnn._record import Record
from xpnn._tree import map_shapes, map_tree, tree_leaves
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers._lambda_check import sample_inputs, worst_error
from xpnn.typing import Context, Params, Rng, State

__all__ = ["Lambda"]


@dataclass(frozen=True, slots=True, repr=False)
class Lambda(Record):
    r"""A layer without parameters, given by a function and the function that pulls gradients back through it.

    Parameters
    ----------
    function : callable
        ``y = function(xp, x)``: `x` is an array, shape (batch, ...), or a tuple of arrays, and `xp` their namespace. It
        must work sample by sample, and read no values, as any layer.
    pull : callable
        ``dx = pull(xp, x, y, dy)``: :math:`J^\top\, \partial L/\partial y`, of the shape of `x`; for a tuple `x` a
        tuple, None for an input without gradient.
    output_shape : tuple of int, or tuple of such tuples, optional
        Shape of one output sample; by default that of what `function` makes of two samples on the host.
    check : bool
        Whether `pull` is compared with difference quotients, on the host, at inputs between -1.5 and 1.5,
        when the network is built.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentTypeError
        If `function` or `pull` cannot be called.
    ArgumentError
        If `check` finds that `pull` is wrong.

    Notes
    -----
    Functions are code, and files hold none: a network with a `Lambda` moves and copies, but cannot be saved. A layer
    class of one's own can, see `xpnn.typing.Layer`.

    Examples
    --------
    >>> from xpnn.random import ShapeRng
    >>> sine = Lambda(lambda xp, x: xp.sin(x), lambda xp, x, y, dy: dy * xp.cos(x), check=True)
    >>> sine.init(ShapeRng(), (3,))[2]
    (3,)
    """

    function: Callable[..., Any]
    pull: Callable[..., Any]
    output_shape: Any = None
    check: bool = False
    name: str | None = field(default=None, kw_only=True)

    unsavable: ClassVar[str] = (
        "a Lambda cannot be saved, since files hold no code: write a layer class and give it to load in custom_types."
    )

    def __post_init__(self) -> None:
        for argument in ("function", "pull"):
            if not callable(getattr(self, argument)):
                raise ArgumentTypeError(f"{argument} must be callable, got {getattr(self, argument)!r}.")
        if self.output_shape is not None:
            self._set("output_shape", _check.shapes("output_shape", self.output_shape))
        self._set("check", _check.boolean("check", self.check))

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Find the output shape, and check `pull` if asked to."""
        if not self.check and self.output_shape is not None:
            return {}, {}, self.output_shape
        x = sample_inputs(rng, input_shape)
        xp = array_namespace(*tree_leaves(x))
        if self.check:
            error = worst_error(xp, self.function, self.pull, x)
            if not error <= 1e-5:
                raise ArgumentError(f"pull must give the gradient of function, got one that is off by {error:.1e}.")
        shape = map_tree(lambda y: list(y.shape[1:]), self.function(xp, x))
        return {}, {}, map_shapes(tuple, shape) if self.output_shape is None else self.output_shape

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Call `function`."""
        y = self.function(ctx.xp, x)
        return y, (x, y), state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Call `pull`; an output that nobody has read has the gradient 0."""
        if not ctx.wants_dx:
            return None, {}
        x, y = saved
        if isinstance(dy, tuple):
            dy = tuple([ctx.xp.zeros_like(b) if a is None else a for a, b in zip(dy, y, strict=True)])
        return self.pull(ctx.xp, x, y, dy), {}
