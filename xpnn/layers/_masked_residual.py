"""`MaskedResidual`: a shortcut around layers, one of which may read a mask beside its input."""

from dataclasses import dataclass
from typing import Any

from xpnn.layers.residual import Residual
from xpnn.typing import Array, Context, Params, State

__all__ = ["MaskedResidual"]


@dataclass(frozen=True, slots=True, repr=False)
class MaskedResidual(Residual):
    """`Residual` of `x`, or of (`x`, `mask`): the mask is handed to the layer called `reader`.

    Parameters
    ----------
    layers, name
        As of `Residual`.
    reader : str
        Name of the layer that takes an input alone, or (input, mask) where there is a mask.
    """

    reader: str = "heads"

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Add `x` to what the inner layers make of it."""
        x, mask = x if isinstance(x, tuple) else (x, None)
        y, saved, new_state = x, {}, {}
        for name, layer in self.children.items():
            given = y if mask is None or name != self.reader else (y, mask)
            y, saved[name], new_state[name] = layer.forward(params[name], state[name], given, ctx.child(name))
        return x + y, (saved, mask is not None), new_state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Add `dy` to what the inner layers make of it; a mask has no gradient."""
        (saved, has_mask), dx, grads = saved, dy, {}
        for i, (name, layer) in reversed(list(enumerate(self.children.items()))):
            inner = ctx.child(name, wants_dx=ctx.wants_dx or i > 0)
            dx, grads[name] = layer.backward(params[name], saved[name], dx, inner)
            if isinstance(dx, tuple):
                dx, _ = dx
        if not ctx.wants_dx:
            return None, grads
        return (dy + dx, None) if has_mask else dy + dx, grads
