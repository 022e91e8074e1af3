"""`CTC`: labels of a sequence without saying when each of them happens."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.errors import ArgumentError, ShapeError
from xpnn.losses._paths import NEVER, state_classes, sums_over_paths
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["CTC"]


@dataclass(frozen=True, slots=True, repr=False)
class CTC(Loss):
    r"""Connectionist temporal classification, on logits of shape (batch, time, classes), in nats.

    The network says at each time which label it hears, or that it hears none: the *blank*. A sample costs minus the
    log-probability of all ways to say its labels in their order: :math:`l = -\log \sum_\pi \prod_t p_t(\pi_t)` over the
    paths :math:`\pi` that become the labels when repetitions are merged and blanks are left out.

    Parameters
    ----------
    blank : int
        The class of the blank; -1 is the last one.
    has_lengths : bool
        Whether the first column of the targets says how many steps of time each sample has; else it has all.
    zero_infinity : bool
        Whether labels that do not fit into the time cost nothing, rather than infinitely much. Either way they have
        the gradient 0.
    reduction : {"mean", "sum"}
        Over the samples; no cost is divided by the number of its labels, as PyTorch's ``"mean"`` does.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the outputs are no sequences of classes.

    Notes
    -----
    Targets are labels of shape (batch, n), at the end of shorter ones padded with the blank or -1. With the sums over
    beginnings and ends of paths, :math:`\alpha_t(s)` and :math:`\beta_t(s)` (the sums run over states, see
    ``xpnn.losses._paths``; here each without the probability of the present time in :math:`\beta`), the class k has the
    posterior :math:`g_t(k) = \sum_{s: k} e^{\alpha_t(s) + \beta_t(s) + l}` and
    :math:`\partial l/\partial z_t(k) = p_t(k) - g_t(k)`, eq. 16 of [1]_.

    References
    ----------
    .. [1] Graves, Fernandez, Gomez & Schmidhuber, ICML 2006, section 4 (with logarithms in place of rescaling).

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = CTC()(np.zeros((1, 2, 3)), np.asarray([[1]]))  # blank-1, 1-blank and 1-1: 3 of 9 paths
    >>> round(float(np.exp(-value)), 12)
    0.333333333333
    """

    blank: int = 0
    has_lengths: bool = False
    zero_infinity: bool = False

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")
    mixes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("blank", _check.integer("blank", self.blank, minimum=-1))
        self._set("has_lengths", _check.boolean("has_lengths", self.has_lengths))
        self._set("zero_infinity", _check.boolean("zero_infinity", self.zero_infinity))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative."""
        blank = self._blank_of(tuple(outputs.shape[1:]))
        lengths, labels = self._parts(outputs, targets)
        shifted = outputs - xp.max(outputs, axis=-1, keepdims=True)
        exps = xp.exp(shifted)
        total = xp.sum(exps, axis=-1, keepdims=True)
        log_p = xp.maximum(shifted - xp.log(total), NEVER)
        states = state_classes(xp, outputs, labels, blank)
        emissions = log_p @ xp.matrix_transpose(states)
        is_label = (labels != blank) & (labels >= 0)
        count = xp.sum(xp.astype(is_label, xp.int64), axis=1, keepdims=True)
        begins, ends, tops = sums_over_paths(xp, emissions, labels, count, lengths)
        ways = begins + (ends - emissions)
        log_sums = _log_sum_last(xp, ways)  # of all paths, but for what was subtracted from the sums of each time
        shares = xp.exp(ways - xp.maximum(log_sums, 0.5 * NEVER)) @ states
        log_z = log_sums[:, :1, :] + tops[..., None]
        slope = exps / total * xp.sum(shares, axis=-1, keepdims=True) - shares
        cannot = log_z < 0.1 * NEVER
        costs = xp.where(cannot, 0.0 if self.zero_infinity else float("inf"), -log_z)
        return xp.reshape(costs, outputs.shape[:1]), xp.where(cannot, 0.0, slope)

    def _parts(self, outputs: Array, targets: Array) -> tuple[Array | None, Array]:
        """Lengths, shape (batch, 1), if there are any, and labels, shape (batch, n)."""
        if targets.ndim != 2 or targets.shape[0] != outputs.shape[0] or targets.shape[1] < self.has_lengths:
            columns = "1 + labels" if self.has_lengths else "labels"
            raise ShapeError(f"targets must have shape ({outputs.shape[0]}, {columns}), got {tuple(targets.shape)}.")
        return (targets[:, :1], targets[:, 1:]) if self.has_lengths else (None, targets)

    def _blank_of(self, output_shape: Shape) -> int:
        """Class of the blank, for outputs of shape (batch, *output_shape)."""
        if len(output_shape) != 2 or output_shape[1] < 2 or output_shape[0] < 1:
            inner = "".join(f", {n}" for n in output_shape) or ","
            raise ShapeError(f"outputs must have shape (batch, time, classes), got (batch{inner}).")
        if self.blank >= output_shape[1]:
            raise ArgumentError(f"blank must be one of {output_shape[1]} classes, got {self.blank}.")
        return self.blank % output_shape[1]

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, padded at their end with the blank or -1, behind lengths if there are any."""
        blank = self._blank_of(output_shape)
        if targets.ndim != 2 or targets.dtype.kind not in "iu" or targets.shape[1] < self.has_lengths:
            rule = "(batch, 1 + labels)" if self.has_lengths else "(batch, labels)"
            raise ShapeError(f"y must hold integers of shape {rule}, got {targets.dtype} of shape {targets.shape}.")
        y = targets.astype("int64")
        labels = y[:, int(self.has_lengths) :]
        labels[labels == -1] = blank
        strange = labels[(labels < 0) | (labels >= output_shape[1])]
        if strange.size:
            _check.refuse("y", f"hold labels from 0 to {output_shape[1] - 1}", strange[0].item())
        if ((labels[:, :-1] == blank) & (labels[:, 1:] != blank)).any():
            raise ArgumentError("y must hold its padding at the end, got a label behind a blank.")
        lengths = y[:, :1][(y[:, :1] < 1) | (y[:, :1] > output_shape[0])] if self.has_lengths else y[:0]
        if lengths.size:
            _check.refuse("y", f"hold lengths from 1 to {output_shape[0]} in its first column", lengths.flat[0].item())
        return y

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Softmax over the last axis."""
        exps = xp.exp(outputs - xp.max(outputs, axis=-1, keepdims=True))
        return exps / xp.sum(exps, axis=-1, keepdims=True)


def _log_sum_last(xp: Namespace, x: Array) -> Array:
    top = xp.max(x, axis=-1, keepdims=True)
    return top + xp.log(xp.sum(xp.exp(x - top), axis=-1, keepdims=True))
