"""`Bidirectional`: a recurrent layer and its like in the other direction.

Over 150 lines: a third of them are documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers._children import locate
from xpnn.layers._merge_modes import MODES, merge, split
from xpnn.layers._recurrent import Recurrent
from xpnn.typing import Array, Context, Layer, Params, Rng, State

__all__ = ["Bidirectional"]


@dataclass(frozen=True, slots=True, repr=False)
class Bidirectional(Record):
    r"""Run a recurrent layer forward and another one backward over the sequence, and merge their outputs.

    Parameters
    ----------
    layer : Recurrent
        The layer that runs forward: `SimpleRNN`, `LSTM` or `GRU`.
    merge_mode : str or None
        ``"concat"`` (along the features), ``"sum"``, ``"mul"``, ``"ave"`` (the mean), or None for a tuple of both.
    backward_layer : Recurrent, optional
        The layer that runs backward, with ``go_backwards=True``; by default one like `layer`, with weights of its own.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a layer is no recurrent one, both run in the same direction, or they return different things.

    Notes
    -----
    As in Keras: with ``return_sequences`` the output of the backward layer is turned around, so that step t of both has
    seen the input t; the parameters are called ``forward.weight``, ``backward.weight`` and so on. With
    ``return_state`` the states of the forward layer follow the output, then those of the backward layer; initial states
    are given in the same order. The mask, if there is one, is the last input and serves both.

    References
    ----------
    .. [1] Schuster & Paliwal, IEEE Transactions on Signal Processing 45, 1997, section II.

    Examples
    --------
    >>> from xpnn import Network
    >>> from xpnn.layers import Dense, LSTM
    >>> net = Network([Bidirectional(LSTM(4)), Dense(2)]).build((5, 3))
    >>> net.parameters["0.backward.weight"].shape, net.parameters["1.weight"].shape
    ((3, 16), (8, 2))
    """

    layer: Any
    merge_mode: str | None = "concat"
    backward_layer: Any = None
    name: str | None = field(default=None, kw_only=True)
    children: Mapping[str, Layer] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.merge_mode is not None:
            self._set("merge_mode", _check.choice("merge_mode", self.merge_mode, MODES))
        _check_layer("layer", self.layer, backwards=False)
        back = self.backward_layer
        if back is None:
            back = replace(self.layer, go_backwards=True, name=None)
        _check_layer("backward_layer", back, backwards=True)
        for part in ("return_sequences", "return_state", "masked", "units", "n_states"):
            if getattr(back, part) != getattr(self.layer, part):
                rule = f"have {part} = {getattr(self.layer, part)!r} like layer"
                raise ArgumentError(f"backward_layer must {rule}, got {getattr(back, part)!r}.")
        self._set("children", {"forward": self.layer, "backward": back})

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Initialise both layers, each for its share of the initial states."""
        params, state, shapes = {}, {}, list[Any]()
        taken = self.child_input_shapes(input_shape)
        for name, layer in self.children.items():
            with locate(name, layer):
                params[name], state[name], shape = layer.init(rng, taken[name])
                shapes.append(shape if self.layer.return_state else (shape,))
        (first, *states), (_, *others) = shapes
        merged = (*first[:-1], 2 * first[-1]) if self.merge_mode == "concat" else first
        outputs = ((first, first) if self.merge_mode is None else (merged,)) + (*states, *others)
        return params, state, outputs if len(outputs) > 1 else merged

    def child_input_shapes(self, input_shape: Any) -> dict[str, Any]:
        """What each of the two layers takes."""
        several = any(isinstance(part, tuple) for part in input_shape)
        parts = self._share(input_shape) if several else (input_shape, input_shape)
        return dict(zip(self.children, parts, strict=True))

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Run both layers over `x` and merge what they return."""
        ys, saved = [], {}
        for (name, layer), part in zip(self.children.items(), self._share(x), strict=True):
            y, saved[name], _ = layer.forward(params[name], state[name], part, ctx.child(name))
            ys.append(y if self.layer.return_state else (y,))
        (ahead, *states), (back, *others) = ys
        back = self._turn(back, ctx.xp)
        merged = (ahead, back) if self.merge_mode is None else (merge(self.merge_mode, ahead, back, ctx.xp),)
        outputs = (*merged, *states, *others)
        saved["outputs"] = (ahead, back) if self.merge_mode == "mul" else None
        return outputs if len(outputs) > 1 else outputs[0], saved, state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back through the merging and both layers; their gradients of the sequence add up."""
        is_tuple = self.merge_mode is None or self.layer.return_state
        outputs = dy if is_tuple else (dy,)
        n = 2 if self.merge_mode is None else 1
        merged, states = outputs[:n], outputs[n:]
        if self.merge_mode is not None:
            merged = split(self.merge_mode, merged[0], saved["outputs"], self.layer.units)
        ahead, back = merged
        back = None if back is None else self._turn(back, ctx.xp)
        half, dxs, grads = len(states) // 2, [], {}
        for (name, layer), d, last in zip(
            self.children.items(), (ahead, back), (states[:half], states[half:]), strict=True
        ):
            given = (d, *last) if self.layer.return_state else d
            dx, grads[name] = layer.backward(params[name], saved[name], given, ctx.child(name, ctx.wants_dx))
            dxs.append(dx if isinstance(dx, tuple) else (dx,))
        (dx, *first), (other, *second) = dxs
        dx = dx + other if ctx.wants_dx else None
        mask = (None,) if self.layer.masked else ()
        end = -1 if mask else None
        parts = (dx, *first[:end], *second[:end], *mask)
        return parts if len(parts) > 1 else dx, grads

    def _share(self, x: Any) -> tuple[Any, Any]:
        """What each layer is given: the sequence, half of the initial states, the mask."""
        if not isinstance(x, tuple):
            return x, x
        end = len(x) - self.layer.masked
        states, mask = x[1:end], x[end:]
        half = (len(states) + 1) // 2
        return (x[0], *states[:half], *mask), (x[0], *states[half:], *mask)

    def _turn(self, y: Array, xp: Any) -> Array:
        """A sequence in the other order; the output of the last step as it is."""
        return xp.flip(y, axis=1) if self.layer.return_sequences else y


def _check_layer(argument: str, layer: Any, backwards: bool) -> None:
    if not isinstance(layer, Recurrent):
        raise ArgumentTypeError(f"{argument} must be a recurrent layer, got {layer!r}.")
    if layer.go_backwards != backwards:
        _check.refuse(argument, f"have go_backwards={backwards}", layer)
