"""`measure`: what one batch adds to the loss and the metrics of an epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from xpnn.losses import Loss, WeightedLosses
from xpnn.metrics import Metric
from xpnn.typing import Array, Namespace

__all__ = ["Measurement", "Step", "compare", "loss_names", "measure"]


class Measurement(NamedTuple):
    """Numbers of one batch, on the device.

    Attributes
    ----------
    share : Array, shape () or (outputs,), or int
        Sum of the sample weights, or those of each output that has weights of its own; without weights the number of
        samples.
    totals : list of Array
        One array for each metric; see `xpnn.metrics.Metric.totals`.
    losses : Array, shape (outputs,), or None
        The losses of several outputs, without their factors.
    """

    share: Array | int
    totals: list[Array]
    losses: Array | None = None


class Step(NamedTuple):
    """What a step of training tells: all of it from before the update.

    Attributes
    ----------
    value : Array, shape ()
        The loss, penalties included.
    penalty : Array, shape (), or None
        The penalties' part of it.
    measured : Measurement
        What the batch adds to the metrics.
    """

    value: Array
    penalty: Array | None
    measured: Measurement


def loss_names(loss: Any) -> list[str]:
    """Keys of what is measured of the loss: ``"loss"``, and ``"<output>_loss"`` for each of several outputs."""
    return ["loss", *(f"{name}_loss" for name in loss.outputs)] if isinstance(loss, WeightedLosses) else ["loss"]


def compare(loss: Any, xp: Namespace, outputs: Any, y: Any, weight: Any) -> tuple[Array, tuple[Array, ...], Any]:
    """Compare the raw `outputs` of a batch with its targets: the loss, the losses of several outputs, the gradient."""
    if not isinstance(loss, WeightedLosses):
        value, gradient = loss.value_and_gradient(xp, outputs, y, weight)
        return value, (), gradient
    values, gradients = loss.values_and_gradients(xp, outputs, y, weight)
    return loss.total(values), values, gradients


def measure(
    loss: Loss,
    metrics: Sequence[Metric],
    xp: Namespace,
    device: Any,
    outputs: Any,
    y: Any,
    weight: Any,
    losses: Sequence[Array] = (),
) -> Measurement:
    """Measure the raw `outputs` of a batch against its targets; a pure function of arrays of any namespace.

    `losses` are those of several outputs, which `compare` has computed already.
    """
    first = outputs[0] if type(outputs) is tuple else outputs
    share = first.shape[0] if weight is None else _sum(xp, weight)
    joined = xp.stack(losses) if losses else None
    if not metrics:
        return Measurement(share, [], joined)
    if weight is None:
        weight = xp.ones((first.shape[0],), dtype=first.dtype, device=device)
    predictions = loss.link(xp, outputs)
    return Measurement(share, [metric.totals(xp, predictions, y, weight) for metric in metrics], joined)


def _sum(xp: Namespace, weight: Any) -> Array:
    return xp.stack([xp.sum(part) for part in weight]) if type(weight) is tuple else xp.sum(weight)
