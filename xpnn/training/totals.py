"""`Totals`: loss and metrics of many batches, summed on the device and read once."""

from collections.abc import Sequence

from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.training.weights import Weights
from xpnn.typing import Array, Backend, Shape

__all__ = ["Totals", "measure_nothing"]


class Totals:
    """Running totals of the loss and of `metrics`; nothing waits for the device until `read`.

    With the loss's reduction ``"mean"`` the result is the mean over all samples (weighted, with sample weights), as if
    all had been one batch; with ``"sum"`` it is the sum.
    """

    def __init__(self, loss: Loss, metrics: Sequence[Metric], backend: Backend) -> None:
        self._loss, self._metrics, self._backend = loss, metrics, backend
        self._value: Array | None = None
        self._weight: Array | float = 0.0
        self._penalty: Array | float = 0.0
        self._totals: list[Array] = []

    def add(self, value: Array, outputs: Array | None, y: Array, weight: Array | None) -> None:
        """Add one batch: its loss, its raw outputs (not needed without metrics), its targets, its sample weights."""
        xp = self._backend.xp
        if self._loss.reduction == "mean":
            share = y.shape[0] if weight is None else xp.sum(weight)
            value, self._weight = value * share, self._weight + share
        self._value = value if self._value is None else self._value + value
        if not self._metrics or outputs is None:
            return
        predictions = self._loss.link(xp, outputs)
        if weight is None:
            weight = xp.ones((outputs.shape[0],), dtype=outputs.dtype, device=self._backend.device)
        parts = [metric.totals(xp, predictions, y, weight) for metric in self._metrics]
        pairs = zip(self._metrics, self._totals, parts, strict=True) if self._totals else ()
        self._totals = [metric.combine(xp, total, part) for metric, total, part in pairs] or parts

    def add_penalty(self, value: Array, share: float) -> None:
        """Add `share` of the penalties' value; the shares of an epoch's batches add up to 1."""
        self._penalty = self._penalty + value * share

    def read(self) -> dict[str, float]:
        """Wait for the device and return the loss and the metrics by name."""
        if self._value is None:
            return {}
        weight = self._weight if isinstance(self._weight, int | float) else float(self._weight)
        loss = float(self._value)
        if self._loss.reduction == "mean":
            loss = loss / weight if weight else float("nan")
        logs = {"loss": loss + float(self._penalty)}
        for metric, total in zip(self._metrics, self._totals, strict=True):
            logs[metric.label] = float(metric.result(self._backend.to_numpy(total).astype("float64")))
        return logs


def measure_nothing(loss: Loss, metrics: Sequence[Metric], y: Array, output_shape: Shape, weights: Weights) -> None:
    """Measure one sample with outputs of 0, so that a metric that does not fit is found before anything is learnt.

    Raises
    ------
    ShapeError, ArgumentError
        What the metric raises.
    """
    xp, totals = weights.backend.xp, Totals(loss, metrics, weights.backend)
    outputs = xp.zeros((1, *output_shape), dtype=weights.dtype, device=weights.backend.device)
    totals.add(xp.sum(outputs), outputs, y[:1, ...], None)
