"""`WeightedLosses`: one loss for each of several outputs, and their weighted sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.typing import Array, Namespace

__all__ = ["WeightedLosses"]


@dataclass(frozen=True, slots=True, repr=False)
class WeightedLosses(Record):
    r"""Loss of a network with several outputs, :math:`L = \sum_k w_k L_k`.

    `xpnn.Network` makes it of ``loss=`` and ``loss_weights=``; outputs, targets and gradients are tuples.

    Parameters
    ----------
    losses : mapping of str to Loss, or sequence of Loss
        A loss for each output, by its name or in the order of the outputs.
    weights : mapping of str to float, or sequence of float, optional
        The factors :math:`w_k`, of at least 0, by name or in order; those left out of a mapping are 1.
    outputs : sequence of str
        Names of the outputs where `losses` is a sequence.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or reductions differ.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.losses import MeanAbsoluteError, MeanSquaredError
    >>> loss = WeightedLosses([MeanSquaredError(), MeanAbsoluteError()], [1.0, 0.5])
    >>> outputs, targets = (np.asarray([[3.0]]), np.asarray([[1.0]])), (np.asarray([[1.0]]), np.asarray([[0.0]]))
    >>> value, gradients = loss.value_and_gradient(np, outputs, targets)
    >>> float(value), [float(gradient[0, 0]) for gradient in gradients]
    (4.5, [4.0, 0.5])
    """

    losses: Any
    weights: Any = None
    outputs: tuple[str, ...] = ()

    threshold: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        if isinstance(self.losses, Mapping):
            self._set("outputs", tuple(self.losses))
            self._set("losses", tuple(self.losses.values()))
        self._set("outputs", tuple(self.outputs))
        if not isinstance(self.losses, tuple | list) or not self.losses:
            raise ArgumentTypeError(f"loss must be a loss, or a mapping or tuple of losses, got {self.losses!r}.")
        self._set("losses", tuple(self.losses))
        for loss in self.losses:
            if isinstance(loss, type) or not hasattr(loss, "value_and_gradient"):
                raise ArgumentTypeError(f"losses must be objects with value_and_gradient, got {loss!r}.")
        self._set("weights", _as_factors(self.weights, self.outputs, len(self.losses)))
        if len({loss.reduction for loss in self.losses}) > 1:
            raise ArgumentError("losses of several outputs must have one reduction, got 'mean' and 'sum'.")

    @property
    def reduction(self) -> str:
        """The reduction of all the losses."""
        reduction: str = self.losses[0].reduction
        return reduction

    def arranged(self, names: tuple[str, ...]) -> "WeightedLosses":
        """Return the same losses in the order of the outputs `names`.

        Raises
        ------
        ArgumentError
            If the losses are those of other outputs.
        """
        if len(self.losses) != len(names) or (self.outputs and set(self.outputs) != set(names)):
            given = ", ".join(self.outputs) if self.outputs else f"{len(self.losses)} losses"
            raise ArgumentError(f"loss must have one loss for each of the outputs {', '.join(names)}, got {given}.")
        order = [self.outputs.index(name) for name in names] if self.outputs else list(range(len(names)))
        return WeightedLosses([self.losses[i] for i in order], [self.weights[i] for i in order], names)

    def check_targets(self, targets: Any, output_shape: Any) -> Any:
        """Check the targets of each output on the host; the sentence of an error names the output."""
        checked = []
        for i, (loss, part, shape) in enumerate(zip(self.losses, targets, output_shape, strict=True)):
            with _check.inside(f"output {self.outputs[i] if self.outputs else i}"):
                checked.append(loss.check_targets(part, shape))
        return tuple(checked)

    def link(self, xp: Namespace, outputs: Any) -> Any:
        """Apply the link of each loss to its output."""
        return tuple([loss.link(xp, part) for loss, part in zip(self.losses, outputs, strict=True)])

    def value_and_gradient(
        self, xp: Namespace, outputs: Any, targets: Any, sample_weight: Any = None
    ) -> tuple[Array, Any]:
        """Weighted sum of the losses, and the tuple of its gradients.

        `sample_weight`, shape (batch,), counts for every output; a tuple has one such array for each.
        """
        values, gradients = self.values_and_gradients(xp, outputs, targets, sample_weight)
        return self.total(values), gradients

    def total(self, values: Any) -> Any:
        """Weighted sum of the values of the losses: of arrays, or of plain numbers."""
        total = None
        for value, weight in zip(values, self.weights, strict=True):
            value = value if weight == 1.0 else value * weight
            total = value if total is None else total + value
        return total

    def values_and_gradients(
        self, xp: Namespace, outputs: Any, targets: Any, sample_weight: Any = None
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Each loss on its own, without its factor, and the gradients of the weighted sum."""
        values, gradients = [], []
        shares = sample_weight if type(sample_weight) is tuple else (sample_weight,) * len(self.losses)
        for loss, weight, *batch in zip(self.losses, self.weights, outputs, targets, shares, strict=True):
            value, gradient = loss.value_and_gradient(xp, *batch)
            values.append(value)
            gradients.append(gradient if weight == 1.0 else gradient * weight)
        return tuple(values), tuple(gradients)


def _as_factors(weights: Any, outputs: tuple[str, ...], count: int) -> tuple[float, ...]:
    if isinstance(weights, Mapping):
        for name in weights:
            _check.choice("names in loss_weights", name, outputs)
        weights = [weights.get(name, 1.0) for name in outputs]
    values = (1.0,) * count if weights is None else weights
    if not isinstance(values, tuple | list) or len(values) != count:
        raise ArgumentTypeError(f"loss_weights must be a mapping, or a tuple of {count} numbers, got {weights!r}.")
    return tuple([_check.non_negative("loss_weights", value) for value in values])
