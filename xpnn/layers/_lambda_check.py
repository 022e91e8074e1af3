"""Whether a user's backward is right: a comparison with difference quotients along fixed directions."""

from collections.abc import Callable
from math import prod, sin
from typing import Any

from array_api_compat import array_namespace

from xpnn._tree import map_shapes, map_tree, named_parts, tree_leaves
from xpnn.typing import Array, Namespace, Rng, Shape

__all__ = ["sample_inputs", "worst_error"]

_SAMPLES = 2
_STEP = 1e-3


def sample_inputs(rng: Rng, input_shape: Any) -> Any:
    """Two samples on the host, in float64, without drawing from `rng`: numbers between -1.5 and 1.5, all different."""
    return map_shapes(lambda shape: _numbers(rng.constant(0.0, (_SAMPLES, *shape)), 1.0), input_shape)


def worst_error(xp: Namespace, function: Callable[..., Any], pull: Callable[..., Any], x: Any) -> float:
    """Greatest difference of a derivative of `function` from `pull`, relative to the greatest derivative or to 1.

    One derivative for each input and each of three directions; NaN counts as infinite.
    """
    y = function(xp, x)
    dy = map_tree(lambda part: _numbers(part, 2.0), y)
    gradients = named_parts("", pull(xp, x, y, dy))
    worst = 0.0
    for name, gradient in gradients.items():
        if tuple(gradient.shape) != tuple(named_parts("", x)[name].shape):
            return float("inf")
        for turn in (3.0, 4.0, 5.0):
            direction = _numbers(gradient, turn)
            given = float(xp.sum(gradient * direction))
            wanted = _derivative(xp, function, x, name, direction, dy)
            error = abs(given - wanted) / max(abs(given), abs(wanted), 1.0)
            worst = max(worst, error) if error == error else float("inf")
    return worst


def _derivative(xp: Namespace, function: Callable[..., Any], x: Any, name: str, direction: Array, dy: Any) -> float:
    """Central difference of fourth order."""

    def value(h: float) -> float:
        parts = {key: part + h * direction if key == name else part for key, part in named_parts("", x).items()}
        y = function(xp, tuple(parts.values()) if isinstance(x, tuple) else parts[name])
        pairs = zip(tree_leaves(y), tree_leaves(dy), strict=True)
        return sum(float(xp.sum(part * weight)) for part, weight in pairs)

    near, far = value(_STEP) - value(-_STEP), value(2 * _STEP) - value(-2 * _STEP)
    return (8 * near - far) / (12 * _STEP)


def _numbers(like: Array, turn: float) -> Array:
    """Numbers without a pattern, of the shape and type of `like`."""
    shape: Shape = tuple(like.shape)
    values = [1.5 * sin(turn * (k + 1) ** 1.5) for k in range(prod(shape))]
    xp = array_namespace(like)
    return xp.reshape(xp.asarray(values, dtype=like.dtype), shape)
