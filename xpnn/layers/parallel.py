"""`Parallel`: several branches from one input."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn.errors import ArgumentError
from xpnn.layers._children import as_layers, name_layers
from xpnn.layers._merges import get_merge
from xpnn.layers.graph import Graph
from xpnn.layers.sequential import Sequential
from xpnn.typing import Context, Layer, Named, Params, Rng, State

__all__ = ["Parallel"]


@dataclass(frozen=True, slots=True, repr=False)
class Parallel(Record):
    r"""Branches that read the same input, :math:`y = m(f_1(x), \dots, f_k(x))`.

    Parameters
    ----------
    branches : sequence
        Layers, or sequences of layers, each as for `Sequential`.
    merge : str, Layer or None
        The layer :math:`m` that joins the outputs: ``"add"``, ``"average"``, ``"concatenate"``, ``"maximum"``,
        ``"minimum"``, ``"multiply"``, or an object. With None the output is the tuple of outputs.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no branch, something is no layer, or a name is used twice.
    ShapeError
        If the outputs do not fit each other.

    Notes
    -----
    :math:`\partial L/\partial x = \sum_i J_i^\top\, \partial L/\partial f_i`. Parameters are named by the branch, e.g.
    ``"0.weight"``.

    Examples
    --------
    >>> from xpnn.layers import Dense
    >>> from xpnn.random import ShapeRng
    >>> Parallel([[Dense(8), "relu", Dense(2)], Dense(3)]).init(ShapeRng(), (4,))[2]
    (5,)
    """

    branches: tuple[Any, ...]
    merge: Named = "concatenate"
    name: str | None = field(default=None, kw_only=True)
    inner: Graph = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        branches = as_layers(
            [Sequential(tuple(b)) if isinstance(b, tuple | list) else b for b in _as_sequence(self.branches)],
            "branches",
        )
        if not branches:
            raise ArgumentError("branches must hold at least one layer, got none.")
        self._set("branches", branches)
        nodes: dict[str, Any] = {name: (layer, _INPUT) for name, layer in name_layers(branches).items()}
        outputs = tuple(nodes)
        if self.merge is not None:
            self._set("merge", get_merge("merge", self.merge))
            if _MERGE in nodes:
                raise ArgumentError(f"name must be other than {_MERGE!r} for a branch, got {_MERGE!r}.")
            nodes[_MERGE], outputs = (self.merge, outputs), (_MERGE,)
        self._set("inner", Graph(_INPUT, nodes, outputs))

    @property
    def children(self) -> Mapping[str, Layer]:
        """The branches, and the merge, by name."""
        return self.inner.children

    @property
    def index_bound(self) -> Any:
        """Bound of the indices that a branch wants; see `xpnn.typing.Layer`."""
        return self.inner.index_bound

    def child_input_shapes(self, input_shape: Any) -> dict[str, Any]:
        """What each branch, and the merge, take."""
        return self.inner.child_input_shapes(input_shape)

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Initialise the branches in order, all for the same shape."""
        return self.inner.init(rng, input_shape)

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Run the branches on `x`, and join what they give."""
        return self.inner.forward(params, state, x, ctx)

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back through the merge, then through each branch, and add up."""
        return self.inner.backward(params, saved, dy, ctx)


_INPUT, _MERGE = "input", "merge"


def _as_sequence(branches: Any) -> Any:
    is_one = isinstance(branches, str) or hasattr(branches, "forward") or not isinstance(branches, Iterable)
    return (branches,) if is_one else branches
