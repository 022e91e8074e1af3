"""`measure`: what one batch adds to the loss and the metrics of an epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.typing import Array, Namespace

__all__ = ["Measurement", "Step", "measure"]


class Measurement(NamedTuple):
    """Numbers of one batch, on the device.

    Attributes
    ----------
    share : Array, shape (), or int
        Sum of the sample weights; without weights the number of samples.
    totals : list of Array
        One array for each metric; see `xpnn.metrics.Metric.totals`.
    """

    share: Array | int
    totals: list[Array]


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


def measure(
    loss: Loss, metrics: Sequence[Metric], xp: Namespace, device: Any, outputs: Any, y: Any, weight: Array | None
) -> Measurement:
    """Measure the raw `outputs` of a batch against its targets; a pure function of arrays of any namespace."""
    first = outputs[0] if type(outputs) is tuple else outputs
    share = first.shape[0] if weight is None else xp.sum(weight)
    if not metrics:
        return Measurement(share, [])
    if weight is None:
        weight = xp.ones((first.shape[0],), dtype=first.dtype, device=device)
    predictions = loss.link(xp, outputs)
    return Measurement(share, [metric.totals(xp, predictions, y, weight) for metric in metrics])
