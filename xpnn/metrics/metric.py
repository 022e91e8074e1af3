"""`Metric`: the base of all metrics: totals on the device, one division on the host.

A metric is a map from a batch to a few numbers (`totals`), a way to join those of two batches (`combine`, a sum unless
a metric says otherwise), and a map from the totals of all batches to the value (`result`). The totals stay on the
device; they are read once, at the end of an epoch. The value is that of all samples together, whatever the batches.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from xpnn._record import Record
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["Metric"]


@dataclass(frozen=True, slots=True, repr=False)
class Metric(Record, ABC):
    """Base of the metrics.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations; by default that of the class. Two metrics of one class need two names, none of
        which is ``"epoch"`` or begins with ``"val_"``.
    """

    name: str | None = field(default=None, kw_only=True)

    default_name: ClassVar[str]
    """Key for which no `name` has to be given, e.g. ``"accuracy"``."""

    @property
    def label(self) -> str:
        """Key in histories and evaluations."""
        return self.default_name if self.name is None else self.name

    @abstractmethod
    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Numbers of one batch that `combine` joins with those of others, a 1-d or 2-d array of the dtype of `outputs`.

        Parameters
        ----------
        xp : Namespace
            Namespace of the arrays.
        outputs : Array, shape (batch, ...)
            What ``predict_proba`` gives: outputs of the network behind the link of its loss, so probabilities for the
            losses on logits, and the outputs themselves for the others.
        targets : Array
            Targets as the loss wants them: integer labels, one-hot rows, probabilities, or reals.
        weight : Array, shape (batch,)
            Weight of each sample, of the dtype of `outputs`.

        Raises
        ------
        ShapeError, ArgumentError
            If the shapes do not fit each other or the metric.
        """

    @abstractmethod
    def result(self, totals: HostArray) -> float:
        """Value from the joined totals of all batches, a float64 host array; NaN where there is no sample."""

    def combine(self, xp: Namespace, first: Array, second: Array) -> Array:
        """Join the totals of two sets of batches; a sum unless a metric says otherwise."""
        return first + second
