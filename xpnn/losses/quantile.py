"""`Quantile`: the pinball loss, whose best outputs are quantiles of the targets."""

from dataclasses import dataclass
from typing import Any

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.losses._targets import real_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Quantile"]


@dataclass(frozen=True, slots=True, repr=False)
class Quantile(Loss):
    r"""Pinball loss, for each output :math:`y`, target :math:`t` and level :math:`q`.

    .. math:: l = \max(q \, (t - y), \; (q - 1) (t - y))

    Parameters
    ----------
    levels : float or sequence of float
        The levels :math:`q`, between 0 and 1. One level, by default the median, compares each output with its target.
        Several levels ask for several quantiles of one target: outputs of shape (batch, ..., levels), targets of shape
        (batch, ...) or (batch, ..., 1).
    reduction : {"mean", "sum"}
        Over all elements of the outputs.

    Raises
    ------
    ArgumentError
        If there is no level, or one is not above 0 and below 1.

    Notes
    -----
    :math:`\partial l/\partial y = -q` where :math:`y < t`, :math:`1 - q` where :math:`y > t`, and the mean of both at
    :math:`y = t`. Nothing keeps the outputs of several levels in order.

    References
    ----------
    .. [1] Koenker & Bassett, Econometrica 46, 1978, eq. 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Quantile((0.25, 0.75), reduction="sum")(np.asarray([[1.0, 1.0]]), np.asarray([3.0]))
    >>> float(value), gradient.tolist()
    (2.0, [[-0.25, -0.75]])
    """

    levels: Any = 0.5

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        several = isinstance(self.levels, tuple | list)
        levels = tuple(_level(q) for q in (self.levels if several else (self.levels,)))
        if not levels:
            _check.refuse("levels", "hold at least one number above 0 and below 1", self.levels)
        self._set("levels", levels if several else levels[0])

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each output and its derivative."""
        if not isinstance(self.levels, tuple):
            return _pinball(xp, outputs, _check.targets_like(xp, outputs, targets), self.levels)
        n = len(self.levels)
        self._check_outputs(tuple(outputs.shape[1:]))
        columns = [outputs[..., k : k + 1] for k in range(n)]
        given = tuple(targets.shape)
        if given not in (shape := (tuple(outputs.shape[:-1]), (*outputs.shape[:-1], 1))):
            raise ShapeError(f"targets must have shape {shape[0]} or {shape[1]}, got {given}.")
        targets = _check.targets_like(xp, columns[0], xp.reshape(targets, shape[1]))
        parts = [_pinball(xp, column, targets, q) for column, q in zip(columns, self.levels, strict=True)]
        return tuple(xp.concat(part, axis=-1) for part in zip(*parts, strict=True))

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers, one for each output, or one for all levels."""
        if isinstance(self.levels, tuple):
            self._check_outputs(output_shape)
            output_shape = (*output_shape[:-1], 1)
        return real_targets(targets, output_shape)

    def _check_outputs(self, shape: Shape) -> None:
        if shape[-1:] != (len(self.levels),):
            inner = "".join(f", {n}" for n in shape) or ","
            raise ShapeError(f"outputs must have {len(self.levels)} levels on their last axis, got (batch{inner}).")


def _level(value: Any) -> float:
    rule = "be a number above 0 and below 1"
    q = _check.number("levels", value, rule)
    return q if 0 < q < 1 else _check.refuse("levels", rule, q)


def _pinball(xp: Namespace, outputs: Array, targets: Array, q: float) -> tuple[Array, Array]:
    missing = targets - outputs
    return xp.maximum(q * missing, (q - 1.0) * missing), (0.5 - q) - 0.5 * xp.sign(missing)
