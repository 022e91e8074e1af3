"""`Totals`: loss and metrics of many batches, summed on the device and read once."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from xpnn._tree import map_shapes, map_tree
from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.training.measurement import Measurement, measure
from xpnn.training.weights import Weights
from xpnn.typing import Array, Backend

__all__ = ["Totals", "measure_nothing"]


class Totals:
    """Running totals of the loss and of `metrics`; nothing waits for the device until `read`.

    With the loss's reduction ``"mean"`` the result is the mean over all samples (weighted, with sample weights), as if
    all had been one batch; with ``"sum"`` it is the sum. Totals of metrics are joined in pairs of equally many batches:
    metrics that keep every score copy each of them but log2(batches) times, and sums are more exact.
    """

    def __init__(self, loss: Loss, metrics: Sequence[Metric], backend: Backend) -> None:
        self._loss, self._metrics, self._backend = loss, metrics, backend
        self._value: Array | None = None
        self._weight: Array | float = 0.0
        self._penalty: Array | float = 0.0
        self._totals: list[tuple[int, list[Array]]] = []

    def add(self, value: Array, measured: Measurement) -> None:
        """Add one batch: its loss, and what was measured."""
        if self._loss.reduction == "mean":
            value, self._weight = value * measured.share, self._weight + measured.share
        self._value = value if self._value is None else self._value + value
        count, totals = 1, measured.totals
        while self._totals and self._totals[-1][0] == count:
            totals = self._join(self._totals.pop()[1], totals)
            count *= 2
        self._totals.append((count, totals))

    def totals(self) -> list[Array]:
        """Totals of all batches so far, one array for each metric."""
        if not self._totals:
            return []
        *others, (_, totals) = self._totals
        for _, earlier in reversed(others):
            totals = self._join(earlier, totals)
        return totals

    def _join(self, first: list[Array], second: list[Array]) -> list[Array]:
        pairs = zip(self._metrics, first, second, strict=True)
        return [metric.combine(self._backend.xp, a, b) for metric, a, b in pairs]

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
        for metric, total in zip(self._metrics, self.totals(), strict=True):
            logs[metric.label] = float(metric.result(self._backend.to_numpy(total).astype("float64")))
        return logs


def measure_nothing(loss: Loss, metrics: Sequence[Metric], y: Any, output_shape: Any, weights: Weights) -> None:
    """Measure one sample with outputs of 0, so that a metric that does not fit is found before anything is learnt.

    Raises
    ------
    ShapeError, ArgumentError
        What the metric raises.
    """
    backend = weights.backend
    zeros = partial(backend.xp.zeros, dtype=weights.dtype, device=backend.device)
    outputs = map_shapes(lambda shape: zeros((1, *shape)), output_shape)
    measure(loss, metrics, backend.xp, backend.device, outputs, map_tree(lambda a: a[:1, ...], y), None)
