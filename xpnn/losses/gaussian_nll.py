"""`GaussianNLL`: the network says what it expects and how sure it is."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.losses._targets import real_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["GaussianNLL"]

_HALF_LOG_2_PI = 0.9189385332046727


@dataclass(frozen=True, slots=True, repr=False)
class GaussianNLL(Loss):
    r"""Negative log-likelihood of normal distributions, in nats, whose mean and log-variance the network gives.

    Outputs of shape (batch, ..., 2 n) hold n means :math:`\mu` and behind them n logarithms of variances
    :math:`s`; targets have shape (batch, ..., n), for n = 1 also (batch, ...). Each target costs

    .. math:: l = \tfrac12 \left(s + (t - \mu)^2 e^{-s}\right).

    Parameters
    ----------
    full : bool
        Whether the constant :math:`\tfrac12 \log 2 \pi` is added.
    reduction : {"mean", "sum"}
        Over the targets.

    Raises
    ------
    ArgumentError
        If `full` is neither True nor False.
    ShapeError
        If the last axis of the outputs is of odd length.

    Notes
    -----
    :math:`\partial l/\partial \mu = (\mu - t) e^{-s}` and
    :math:`\partial l/\partial s = \tfrac12 (1 - (t - \mu)^2 e^{-s})`. PyTorch's loss of this name takes variances,
    which it has to keep away from 0. Their logarithms may go far below: :math:`e^{-s/2}`, by which errors are
    multiplied, overflows below -177 in float32 and -1419 in float64, where an error of 0 makes the loss NaN.

    References
    ----------
    .. [1] Nix & Weigend, ICNN 1994, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = GaussianNLL()(np.asarray([[1.0, 0.0]]), np.asarray([3.0]))
    >>> float(value), gradient.tolist()
    (2.0, [[-2.0, -1.5]])
    """

    full: bool = False

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("full", _check.boolean("full", self.full))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each target, shape (batch, ..., n), and its derivative."""
        n = _half(tuple(outputs.shape[1:]))
        mean, log_variance = outputs[..., :n], outputs[..., n:]
        error = mean - _check.targets_like(xp, mean, targets)
        precision = xp.exp(-0.5 * log_variance)  # the root of e^-s, which overflows twice as far out
        deviation = error * precision
        scaled, spread = deviation * precision, deviation * deviation
        costs = 0.5 * (log_variance + spread)
        slope = xp.concat([scaled, 0.5 - 0.5 * spread], axis=-1)
        return costs + _HALF_LOG_2_PI if self.full else costs, slope

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers, half as many as outputs."""
        return real_targets(targets, (*output_shape[:-1], _half(output_shape)))


def _half(output_shape: Shape) -> int:
    features = output_shape[-1] if output_shape else 1
    if features % 2:
        inner = "".join(f", {n}" for n in output_shape) or ","
        raise ShapeError(f"outputs must hold means and log-variances, an even number, got shape (batch{inner}).")
    return features // 2
