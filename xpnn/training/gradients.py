"""Backpropagation in whole: forward, loss, backward, as one pure function."""

from dataclasses import dataclass
from typing import Any

from xpnn._tree import map_tree
from xpnn.losses import Loss
from xpnn.training.measurement import compare
from xpnn.typing import Array, Context, Layer, Params, State

__all__ = ["Gradients", "loss_and_gradients"]


@dataclass(slots=True)
class Gradients:
    """What one batch gives: the loss, its gradients, the outputs, the layers' new state, losses of several outputs."""

    value: Array
    outputs: Any
    dx: Any
    grads: Params
    state: State
    losses: tuple[Array, ...] = ()


def loss_and_gradients(
    layer: Layer,
    loss: Loss,
    params: Params,
    state: State,
    x: Any,
    y: Any,
    weight: Any,
    ctx: Context,
    scale: Array | None = None,
) -> Gradients:
    """Run a batch forward, compare it with its targets, and pull the loss back to the parameters and the input.

    Parameters
    ----------
    layer : Layer
        The outermost layer of the network.
    loss : Loss
        Compares outputs with targets.
    params, state : Mapping
        Trees of device arrays.
    x : Array, shape (batch, ...), or tuple of such arrays
        Inputs.
    y : Array
        Targets as `loss` wants them.
    weight : Array, shape (batch,), or tuple of such arrays, or None
        Sample weights, for all outputs or for each of several.
    ctx : Context
        Namespace, mode and random streams.
    scale : Array, shape (), optional
        The loss is multiplied by it on its way back, and the gradients are divided by it; see
        `xpnn.training.loss_scale`.
    """
    outputs, saved, state = layer.forward(params, state, x, ctx)
    value, losses, dy = compare(loss, ctx.xp, outputs, y, weight)
    if scale is None:
        dx, grads = layer.backward(params, saved, dy, ctx)
    else:
        dx, grads = layer.backward(params, saved, map_tree(lambda g: g * scale, dy), ctx)
        dx, grads = map_tree(lambda g: g / scale, (dx, grads))
    return Gradients(value, outputs, dx, grads, state, losses)
