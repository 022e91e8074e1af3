"""`ElementwiseLoss`: the base of the losses that compare each output with one target."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from xpnn import _check
from xpnn.losses._targets import real_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["ElementwiseLoss"]


@dataclass(frozen=True, slots=True, repr=False)
class ElementwiseLoss(Loss, ABC):
    """Base of the losses whose terms are the elements of the outputs; the targets have the shape of the outputs.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over all elements.
    """

    @abstractmethod
    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each element and its derivative; all arrays have one shape and one dtype, the results are new."""

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each element and its derivative; `targets` (batch,) fit `outputs` (batch, 1)."""
        return self.compare(xp, outputs, _check.targets_like(xp, outputs, targets))

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers, one for each output."""
        return real_targets(targets, output_shape)
