"""`Poisson`: the negative log-likelihood of counts."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.losses._targets import real_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Poisson"]


@dataclass(frozen=True, slots=True, repr=False)
class Poisson(ElementwiseLoss):
    r"""Negative log-likelihood of a Poisson distribution, in nats, without the part :math:`\log t!`.

    For an output :math:`y`, the logarithm of the rate, and a count :math:`t`: :math:`l = e^y - t y`. Without
    `log_input`, where the output is the rate itself: :math:`l = y - t \log(y + \epsilon)`.

    Parameters
    ----------
    log_input : bool
        Whether the outputs are logarithms of rates, as by default in PyTorch; Keras's are always rates, which the
        network has to keep above 0, e.g. by ``activation="softplus"``.
    eps : float
        The :math:`\epsilon`, used without `log_input` alone.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `log_input` is neither True nor False, or `eps` not a finite number above 0.

    Notes
    -----
    :math:`\partial l/\partial y = e^y - t`, or :math:`1 - t / (y + \epsilon)`.

    References
    ----------
    .. [1] Bishop & Bishop, Deep Learning, 2024, exercise 4.2 and section 3.4 (the exponential family).

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Poisson()(np.asarray([[0.0], [np.log(3.0)]]), np.asarray([[2], [3]]))
    >>> round(float(value), 12), gradient.round(12).tolist()
    (0.352081566998, [[-0.5], [0.0]])
    """

    log_input: bool = True
    eps: float = 1e-8

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("log_input", _check.boolean("log_input", self.log_input))
        self._set("eps", _check.positive("eps", self.eps))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each output and its derivative."""
        if self.log_input:
            rate = xp.exp(outputs)
            return rate - targets * outputs, rate - targets
        shifted = outputs + self.eps
        return outputs - targets * xp.log(shifted), 1.0 - targets / shifted

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers from 0 on, one for each output."""
        return real_targets(targets, output_shape, "finite numbers of at least 0", 0.0)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Rates."""
        return xp.exp(outputs) if self.log_input else outputs
