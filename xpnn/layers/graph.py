"""`Graph`: layers wired by names, any number of inputs and outputs.

Over 150 lines: a third of them are documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn._tree import has_parts, map_tree
from xpnn.errors import ShapeError
from xpnn.layers._children import initialise, locate
from xpnn.layers._cotangents import is_unread
from xpnn.layers._flow import output_shape, read, spread
from xpnn.layers._wiring import Wiring, as_names, as_nodes
from xpnn.random import ShapeRng
from xpnn.typing import Context, Layer, Params, Rng, State

__all__ = ["Graph"]


@dataclass(frozen=True, slots=True, repr=False)
class Graph(Record):
    r"""Layers as the nodes of a graph without cycles; a layer itself, so it nests.

    Parameters
    ----------
    inputs : str or tuple of str
        Names of the inputs.
    nodes : mapping of str to (layer, sources)
        For each node its layer and the name of the input or node that it reads, or a tuple of names for a layer that
        takes several. Of a node with several outputs, ``"name.0"`` is the first. The order of the nodes is free. A
        sequence of layers stands for `Sequential`, the name of an activation for its layer.
    outputs : str or tuple of str
        Names of what goes out, as for sources.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If something is no layer, a name is unknown or used twice, nodes form a cycle, or something leads nowhere.
    ShapeError
        If a node cannot take what it reads: with the name of the node.

    Notes
    -----
    One name stands for the value itself, several for a tuple: a graph with one input takes an array. The gradients of a
    value that is read in several places add up. A layer object at two nodes is shared: its weights are tied.

    Examples
    --------
    >>> from xpnn.layers import Add, Dense
    >>> from xpnn.random import ShapeRng
    >>> graph = Graph(
    ...     inputs=("image", "table"),
    ...     nodes={
    ...         "a": (Dense(8, activation="relu"), "image"),
    ...         "b": (Dense(8), "table"),
    ...         "sum": (Add(), ("a", "b")),
    ...         "out": (Dense(3), "sum"),
    ...     },
    ...     outputs="out",
    ... )
    >>> graph.init(ShapeRng(), ((64,), (5,)))[2]
    (3,)
    """

    inputs: Any
    nodes: Any
    outputs: Any
    name: str | None = field(default=None, kw_only=True)
    children: Mapping[str, Layer] = field(init=False, repr=False, compare=False)
    wiring: Wiring = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("inputs", as_names("inputs", self.inputs))
        self._set("nodes", as_nodes(self.nodes))
        self._set("outputs", as_names("outputs", self.outputs))
        self._set("wiring", Wiring(self.inputs, self.nodes, self.outputs))
        layers = {name: layer for name, layer, _ in self.nodes}
        self._set("children", {name: layers[name] for name in self.wiring.sources})

    @property
    def index_bound(self) -> Any:
        """Of one input, the bound of the indices that a node wants there; of several, a tuple; see `xpnn.typing`."""
        bounds = dict.fromkeys(self.inputs)
        for name, sources in self.wiring.sources.items():
            wanted = getattr(self.children[name], "index_bound", None)
            for i, source in enumerate(sources):
                bound = wanted[i] if isinstance(wanted, tuple) else wanted
                if source.name in bounds and bound is not None:
                    bounds[source.name] = bound
        return tuple(bounds.values()) if len(bounds) > 1 else bounds[self.inputs[0]]

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Initialise the nodes in order, for one shape, or for a tuple of the shapes of all inputs."""
        params, state, shapes = {}, {}, self._named(input_shape)
        for name, layer in self.children.items():
            with locate(name, layer):
                shape = read(shapes, self.wiring.sources[name], output_shape)
            params[name], state[name], shapes[name] = initialise(name, layer, rng, shape)
        return params, state, read(shapes, self.wiring.ends, output_shape)

    def child_input_shapes(self, input_shape: Any) -> dict[str, Any]:
        """What each node takes."""
        shapes, taken = self._named(input_shape), {}
        for name, layer in self.children.items():
            taken[name] = read(shapes, self.wiring.sources[name], output_shape)
            shapes[name] = layer.init(ShapeRng(), taken[name])[2]
        return taken

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Run the nodes in order; `x` is an array, or a tuple of one for each input."""
        values = dict(zip(self.inputs, x if len(self.inputs) > 1 else (x,), strict=True))
        saved, new_state = {}, {}
        for name, layer in self.children.items():
            given = read(values, self.wiring.sources[name])
            result = layer.forward(params[name], state[name], given, ctx.child(name))
            values[name], saved[name], new_state[name] = result
        counts = {name: len(value) for name, value in values.items() if isinstance(value, tuple)}
        return read(values, self.wiring.ends), (saved, counts), new_state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back through the nodes in reverse order, as far as anybody reads the result."""
        saved, counts = saved
        wanted = self._wanted(params, ctx.wants_dx)
        cotangents: dict[str, Any] = {}
        spread(cotangents, self.wiring.ends, dy, counts)
        grads: dict[str, Any] = {name: {} for name in self.children}
        for name in reversed(list(self.children)):
            upstream = cotangents.pop(name, None)
            if name not in wanted:
                continue
            if is_unread(upstream):
                grads[name] = map_tree(ctx.xp.zeros_like, params[name])
                continue
            sources = self.wiring.sources[name]
            inner = ctx.child(name, wants_dx=any(source.name in wanted for source in sources))
            dx, grads[name] = self.children[name].backward(params[name], saved[name], upstream, inner)
            if inner.wants_dx:
                spread(cotangents, [source if source.name in wanted else None for source in sources], dx, counts)
        if not ctx.wants_dx:
            return None, grads
        dx = tuple([cotangents.get(name) for name in self.inputs])
        return dx if len(dx) > 1 else dx[0], grads

    def _named(self, input_shape: Any) -> dict[str, Any]:
        n = len(self.inputs)
        if n > 1 and not (has_parts(input_shape) and len(input_shape) == n):
            raise ShapeError(
                f"input must be a tuple of {n} arrays ({', '.join(self.inputs)}), got shape {input_shape}."
            )
        return dict(zip(self.inputs, input_shape if n > 1 else (input_shape,), strict=True))

    def _wanted(self, params: Params, wants_dx: bool) -> set[str]:
        """Names of the values whose gradient somebody reads: inputs, parameters, and what depends on them."""
        wanted = set(self.inputs) if wants_dx else set()
        for name, sources in self.wiring.sources.items():
            if params[name] or any(source.name in wanted for source in sources):
                wanted.add(name)
        return wanted
