r"""`Loss`: the base of all losses: reduction, sample weights, and one door for arrays of any namespace.

A loss says for each term (a sample, or an element) what it costs and how that changes with the outputs (`terms`). The
base turns the costs :math:`l_i` into the scalar :math:`L` and scales the derivatives by the same factors, so that the
returned gradient is always that of the returned value.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from array_api_compat import is_numpy_array

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Loss"]


@dataclass(frozen=True, slots=True, repr=False)
class Loss(Record, ABC):
    r"""Base of the losses.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        With :math:`n` the number of terms (every element of an elementwise loss, every sample of a loss over classes):
        ``"mean"`` is :math:`L = \sum_i l_i / n`, ``"sum"`` is :math:`L = \sum_i l_i`. With sample weights :math:`w_i`,
        ``"mean"`` is the weighted mean :math:`\sum_i w_i l_i / \sum_i w_i` and ``"sum"`` is :math:`\sum_i w_i l_i`,
        where every term has the weight of its sample.
    """

    reduction: str = field(default="mean", kw_only=True)

    wants_logits: ClassVar[tuple[str, ...]] = ()
    """Names of activation classes that this loss applies by itself and must not be given behind."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Names of activation classes of which one must stand at the end of the network; none for most losses."""

    cure: ClassVar[str] = "leave it out; predict_proba gives probabilities"
    """What to do about an activation among `wants_logits`, or missing among `needs`."""

    mixes: ClassVar[bool] = True
    """Whether targets between those of two samples have a meaning; see `xpnn.data.Mixup`."""

    threshold: ClassVar[float] = 0.5
    """Value of ``link(outputs)`` above which a single output stands for class 1."""

    def __post_init__(self) -> None:
        self._set("reduction", _check.choice("reduction", self.reduction, ("mean", "sum")))

    @abstractmethod
    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each term, shape (batch, ...), and the derivative of its cost, shape of `outputs`; both new arrays.

        The costs have the shape of `outputs`, or that shape without the last axis for losses over classes.
        """

    @abstractmethod
    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Check `targets` on the host against outputs of shape (batch, *output_shape); return what `terms` wants.

        Raises
        ------
        ShapeError, ArgumentError
            If shape, type or values do not fit: one sentence that names ``y``.
        """

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Turn raw outputs into what they stand for (probabilities); the identity unless a loss says otherwise."""
        return outputs

    def __call__(self, outputs: Array, targets: Array, sample_weight: Array | None = None) -> tuple[Array, Array]:
        """Value and gradient on arrays of any namespace; see `value_and_gradient`.

        Labels, and other targets of fewer axes than the outputs, are checked as by `check_targets` in arrays of NumPy;
        those on other devices are trusted, since reading their values would wait for the device.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError
            If an argument is no array, targets break the rule of the loss, or there is no sample to take the mean of.
        """
        arrays = {"outputs": outputs, "targets": targets, "sample_weight": sample_weight}
        xp = _check.namespace(**{name: array for name, array in arrays.items() if array is not None})
        shape, given = tuple(outputs.shape), tuple(targets.shape)
        if self.reduction == "mean" and shape[:1] == (0,):
            raise ArgumentError("outputs must hold at least one sample, got none.")
        has_label_shape = given != shape and (len(given) < len(shape) or given == (*shape[:-1], 1))
        if has_label_shape and given[:1] == shape[:1] and is_numpy_array(targets):
            targets = self.check_targets(targets, shape[1:])
        return self.value_and_gradient(xp, outputs, targets, sample_weight)

    def value_and_gradient(
        self, xp: Namespace, outputs: Array, targets: Array, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        """Scalar loss (0-d array) and its gradient with respect to `outputs`.

        Parameters
        ----------
        xp : Namespace
            Namespace of the arrays.
        outputs : Array, shape (batch, ...)
            What the network computed.
        targets : Array
            What it should have computed.
        sample_weight : Array, shape (batch,), optional
            Weight of each sample, of at least 0.

        Returns
        -------
        value : Array, shape ()
            The loss. Under ``reduction="mean"`` it is NaN for an empty batch; it is 0 if all weights are 0, since such
            a batch says nothing.
        gradient : Array, shape of `outputs`
            Its gradient.

        Raises
        ------
        ShapeError
            If `targets` do not fit `outputs`, or `sample_weight` has not one value per sample.
        """
        costs, derivative = self.terms(xp, outputs, targets)
        if sample_weight is None:
            value = xp.sum(costs)
            if self.reduction == "sum":
                return value, derivative
            n_terms = prod(costs.shape)
            scale = 1.0 / n_terms if n_terms else float("nan")
            derivative *= scale
            return value * scale, derivative
        weight = self._shares(xp, costs, sample_weight)
        value = xp.sum(costs * xp.reshape(weight, weight.shape + (1,) * (costs.ndim - 1)))
        return value, derivative * xp.reshape(weight, weight.shape + (1,) * (derivative.ndim - 1))

    def _shares(self, xp: Namespace, costs: Array, sample_weight: Array) -> Array:
        """Factor of each sample's terms in the sum."""
        if tuple(sample_weight.shape) != tuple(costs.shape[:1]):
            raise ShapeError(
                f"sample_weight must have shape {tuple(costs.shape[:1])}, got {tuple(sample_weight.shape)}."
            )
        weight = xp.astype(sample_weight, costs.dtype, copy=False)
        if self.reduction == "sum":
            return weight
        total = xp.sum(weight)
        return weight / (xp.where(total == 0, 1.0, total) * float(prod(costs.shape[1:])))
