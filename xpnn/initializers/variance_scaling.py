"""`VarianceScaling`: initial weights of a variance that the fans decide, in every flavour."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.initializers.initializer import fans
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["VarianceScaling"]

_TRUNCATED_STD = 0.8796256610342398
"""Standard deviation of the standard normal distribution between -2 and 2."""


@dataclass(frozen=True, slots=True, repr=False)
class VarianceScaling(Record):
    r"""Initial values with mean 0 and variance :math:`s / n`, with :math:`n` a fan of the weight.

    Parameters
    ----------
    scale : float
        The :math:`s`, above 0.
    mode : {"fan_in", "fan_out", "fan_avg"}
        Which fan :math:`n` is: the inputs of a unit, its outputs, or the mean of both. The fans of a convolution are
        its channels times the size of its kernel.
    distribution : {"truncated_normal", "normal", "uniform"}
        Truncated means that values beyond two standard deviations are drawn anew, and that the standard deviation is
        divided by 0.8796, so that the variance is as stated all the same.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The special cases by name, where normal means not truncated (Keras truncates them): Glorot has the scale 1 and
    ``"fan_avg"``, He 2 and ``"fan_in"``, LeCun 1 and ``"fan_in"``. The uniform distribution has the bound
    :math:`\sqrt{3 s / n}`.

    References
    ----------
    .. [1] Glorot & Bengio, AISTATS 2010, eq. 12 and 16; He et al., ICCV 2015, eq. 10; the name is that of Keras.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> weight = VarianceScaling(2.0, "fan_out").draw(HostRng(np.random.default_rng(0)), (3, 3, 80, 16))
    >>> bool(abs(weight.var() / (2.0 / 144) - 1) < 0.02)
    True
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"

    def __post_init__(self) -> None:
        self._set("scale", _check.positive("scale", self.scale))
        self._set("mode", _check.choice("mode", self.mode, ("fan_in", "fan_out", "fan_avg")))
        known = ("truncated_normal", "normal", "uniform")
        self._set("distribution", _check.choice("distribution", self.distribution, known))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": 0.5 * (fan_in + fan_out)}[self.mode]
        std = float((self.scale / max(1.0, fan)) ** 0.5)
        if self.distribution == "uniform":
            bound = float(3.0**0.5 * std)
            return rng.uniform(-bound, bound, shape)
        if self.distribution == "normal":
            return rng.normal(0.0, std, shape)
        return rng.truncated_normal(0.0, std / _TRUNCATED_STD, shape)
