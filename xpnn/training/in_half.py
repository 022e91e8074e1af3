"""`InHalf`: a layer whose products are computed in half precision, for those who see it from outside in single."""

from collections.abc import Mapping
from typing import Any

from xpnn._tree import map_tree
from xpnn.namespaces import MixedNamespace
from xpnn.typing import Array, Context, DType, Layer, Params, Rng, Shape, State

__all__ = ["HALF_RANGE", "InHalf"]

HALF_RANGE = (2.0**-14, 65504.0)
"""The least and the greatest number that float16 holds in full precision."""


class InHalf:
    """`layer` in the `MixedNamespace` of whatever namespace it is called with.

    Parameters, state, inputs, outputs and gradients are arrays in single precision. What passes from `forward` to
    `backward`, most of what a step keeps in memory, is in half precision where the rules of the namespace allow.

    Parameters
    ----------
    layer : Layer
        What is computed; it has the same parameters and state.
    half, single : str
        Names of the two types in the namespace.
    half_range : (float, float)
        See `MixedNamespace`.
    """

    name = None

    def __init__(
        self, layer: Layer, half: str, single: str = "float32", half_range: tuple[float, float] = HALF_RANGE
    ) -> None:
        self.layer, self._half, self._single, self._range = layer, half, single, half_range

    @property
    def children(self) -> Mapping[str, Layer]:
        """The layers of `layer`."""
        return getattr(self.layer, "children", {})

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Those of the layer."""
        return self.layer.init(rng, input_shape)

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Map `x` to `y`, both in single precision."""
        inner = self._context(ctx)
        mixed: MixedNamespace = inner.xp
        low, kept = map_tree(mixed.lower, params), map_tree(mixed.wrap, state)
        y, saved, state = self.layer.forward(low, kept, map_tree(mixed.lower, x), inner)
        return map_tree(mixed.lift, y), (inner, low, saved), map_tree(mixed.lift, state)

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back; gradients leave in single precision."""
        inner, low, saved = saved
        mixed: MixedNamespace = inner.xp
        dx, grads = self.layer.backward(low, saved, map_tree(mixed.lower, dy), inner)
        return map_tree(mixed.lift, dx), map_tree(mixed.lift, grads)

    def _context(self, ctx: Context) -> "MixedContext":
        half, single = getattr(ctx.xp, self._half), getattr(ctx.xp, self._single)
        return MixedContext(ctx, MixedNamespace(ctx.xp, half, single, self._range))


class MixedContext:
    """`ctx` for a layer that sees arrays of `xp`."""

    def __init__(self, ctx: Context, xp: MixedNamespace) -> None:
        self._ctx, self._mixed, self.xp = ctx, xp, xp
        self.backend, self.training, self.wants_dx, self.frozen = ctx.backend, ctx.training, ctx.wants_dx, ctx.frozen

    def erfc(self, x: Any) -> Any:
        """Complementary error function, in single precision."""
        return self._mixed.wrap(self._ctx.erfc(self._mixed.lift(x)))

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """The draw of `ctx`."""
        return self._mixed.wrap(self._ctx.bernoulli(probability, shape))

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """The draw of `ctx`."""
        return self._mixed.wrap(self._ctx.normal(shape, dtype))

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """The draw of `ctx`, in single precision: rounded to half, numbers just below 1 would be 1."""
        return self._mixed.wrap(self._ctx.uniform(shape, self._mixed.single if dtype == self._mixed.half else dtype))

    def child(self, name: str, wants_dx: bool = True) -> "MixedContext":
        """The same for a layer inside."""
        return MixedContext(self._ctx.child(name, wants_dx), self.xp)
