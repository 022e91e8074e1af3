"""`OutputMetric`: a metric of one of several outputs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["OutputMetric"]


@dataclass(frozen=True, slots=True, repr=False)
class OutputMetric(Metric):
    """A metric of the output with the number `index`; `xpnn.Network` makes it of a mapping of metrics.

    Parameters
    ----------
    metric : Metric
        What is measured.
    output : str
        Name of the output, in front of the metric's own label: ``"age_mae"``.
    index : int
        Place of the output in the tuples of outputs and targets.
    name : str, optional
        Key in histories and evaluations, instead of that.
    """

    metric: Metric
    output: str
    index: int = 0

    default_name: ClassVar[str] = "output_metric"

    @property
    def label(self) -> str:
        """Key in histories and evaluations."""
        return f"{self.output}_{self.metric.label}" if self.name is None else self.name

    def totals(self, xp: Namespace, outputs: Any, targets: Any, weight: Any) -> Array:
        """Numbers of one batch, from the one output and its targets, and its own weights if `weight` is a tuple."""
        weight = weight[self.index] if type(weight) is tuple else weight
        return self.metric.totals(xp, outputs[self.index], targets[self.index], weight)

    def combine(self, xp: Namespace, first: Array, second: Array) -> Array:
        """Join as the metric does."""
        return self.metric.combine(xp, first, second)

    def result(self, totals: HostArray) -> float:
        """Value of the metric."""
        return self.metric.result(totals)
