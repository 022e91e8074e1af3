"""`Totals`: loss and metrics of many batches, summed on the device and read once."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from xpnn._tree import map_shapes, map_tree
from xpnn.errors import ShapeError
from xpnn.losses import Loss, WeightedLosses
from xpnn.metrics import Metric
from xpnn.training.measurement import Measurement, loss_names, measure
from xpnn.training.weights import Weights
from xpnn.typing import Array, Backend, DType, HostArray

__all__ = ["Totals", "measure_nothing"]


class Totals:
    """Running totals of the loss and of `metrics`; nothing waits for the device until `read`.

    With the loss's reduction ``"mean"`` the result is the mean over all samples (weighted, with sample weights), as if
    all had been one batch; with ``"sum"`` it is the sum. The losses of several outputs are summed each on its own.
    Totals of metrics are joined in pairs of equally many batches: metrics that keep every score copy each of them but
    log2(batches) times, and sums are more exact.
    """

    def __init__(self, loss: Loss, metrics: Sequence[Metric], backend: Backend) -> None:
        self._loss, self._metrics, self._backend = loss, metrics, backend
        self._value: Array | None = None
        self._weight: Array | float = 0.0
        self._penalty: Array | float = 0.0
        self._totals: list[tuple[int, list[Array]]] = []

    def add(self, value: Array, measured: Measurement) -> None:
        """Add one batch: its loss without the penalties, and what was measured."""
        value = value if measured.losses is None else measured.losses
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
        """Add `share` of the penalties' value; with the `scale` of `read`, the shares of all batches add up to 1."""
        self._penalty = self._penalty + value * share

    def take(self) -> dict[str, HostArray]:
        """Copy the sums to the host; a number of samples, which never was on the device, as ``"count"``."""
        sums = {f"metric.{n}.{i}": total for n, totals in self._totals for i, total in enumerate(totals)}
        if self._value is not None:
            sums |= {"value": self._value}
            sums |= {} if isinstance(self._penalty, float) else {"penalty": self._penalty}
            sums |= {"count" if isinstance(self._weight, int | float) else "weight": self._weight}
        to_numpy = self._backend.to_numpy
        return {n: np.array(x if isinstance(x, int | float) else to_numpy(x)) for n, x in sums.items()}

    def put(self, sums: Mapping[str, HostArray], dtype: DType) -> None:
        """Go on from sums that `take` has copied, on this backend, in this type.

        Raises
        ------
        ShapeError, KeyError, ValueError
            If they cannot have come from there.
        """
        if not sums:
            return
        sums = self._as_now(sums)
        here = {name: self._backend.asarray(value.copy(), dtype) for name, value in sums.items() if name != "count"}
        self._value, self._penalty = here["value"], here.get("penalty", 0.0)
        self._weight = float(sums["count"]) if "count" in sums else here["weight"]
        counts = sorted({int(name.split(".")[1]) for name in sums if name.startswith("metric.")}, reverse=True)
        self._totals = [(n, [here[f"metric.{n}.{i}"] for i in range(len(self._metrics))]) for n in counts]

    def _as_now(self, sums: Mapping[str, HostArray]) -> Mapping[str, HostArray]:
        """Check the shapes; in older files the losses of several outputs are but one sum, of which no part is known."""
        shape = (len(self._loss.losses),) if isinstance(self._loss, WeightedLosses) else ()
        if shape and sums["value"].shape == ():
            sums = {**sums, "value": np.full(shape, np.nan, sums["value"].dtype)}
        wanted = {"value": (shape,), "penalty": ((),), "count": ((),), "weight": ((), shape)}
        for name, shapes in wanted.items():
            if name in sums and sums[name].shape not in shapes:
                raise ShapeError(f"{name} of an epoch must have shape {shapes[0]}, got {sums[name].shape}.")
        return sums

    def read(self, scale: float = 1.0) -> dict[str, float]:
        """Wait for the device and return the loss and the metrics by name."""
        if self._value is None:
            return {}
        losses, weights = self._read(self._value), self._read(self._weight)
        if self._loss.reduction == "mean":
            weights = weights * (len(losses) // len(weights))
            losses = [a / weight if weight else float("nan") for a, weight in zip(losses, weights, strict=True)]
        if isinstance(self._loss, WeightedLosses):
            losses.insert(0, self._loss.total(losses))
        losses[0] += float(self._penalty) * scale
        logs = dict(zip(loss_names(self._loss), losses, strict=True))
        for metric, total in zip(self._metrics, self.totals(), strict=True):
            logs[metric.label] = float(metric.result(self._backend.to_numpy(total).astype("float64")))
        return logs

    def _read(self, value: Array | float) -> list[float]:
        on_host = value if isinstance(value, int | float) else self._backend.to_numpy(value)
        return [float(part) for part in np.reshape(on_host, -1)]


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
