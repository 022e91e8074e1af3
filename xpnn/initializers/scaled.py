r"""Initial weights whose variance keeps signals at their size: Glorot, He and LeCun.

With :math:`n_{in}` and :math:`n_{out}` the fans of the weight, the variance is :math:`2/(n_{in}+n_{out})` for Glorot,
:math:`2/n_{in}` for He and :math:`1/n_{in}` for LeCun. The uniform forms have the same variance: the bound is
:math:`\sqrt{3}` standard deviations. The normal forms are not truncated; `VarianceScaling` has all forms.
"""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.initializers.initializer import fans
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LeCunNormal", "LeCunUniform"]


@dataclass(frozen=True, slots=True, repr=False)
class GlorotUniform(Record):
    """Uniform with variance 2 / (fan_in + fan_out): Glorot & Bengio, AISTATS 2010, eq. 16."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _uniform(rng, 2.0 / max(1, sum(fans(shape))), shape)


@dataclass(frozen=True, slots=True, repr=False)
class GlorotNormal(Record):
    """Normal with variance 2 / (fan_in + fan_out): Glorot & Bengio, AISTATS 2010, eq. 12."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _normal(rng, 2.0 / max(1, sum(fans(shape))), shape)


@dataclass(frozen=True, slots=True, repr=False)
class HeUniform(Record):
    """Uniform with variance 2 / fan_in: He et al., ICCV 2015, eq. 10."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _uniform(rng, 2.0 / max(1, fans(shape)[0]), shape)


@dataclass(frozen=True, slots=True, repr=False)
class HeNormal(Record):
    """Normal with variance 2 / fan_in: He et al., ICCV 2015, eq. 10."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _normal(rng, 2.0 / max(1, fans(shape)[0]), shape)


@dataclass(frozen=True, slots=True, repr=False)
class LeCunUniform(Record):
    """Uniform with variance 1 / fan_in: LeCun et al., Efficient BackProp, 1998, eq. 16."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _uniform(rng, 1.0 / max(1, fans(shape)[0]), shape)


@dataclass(frozen=True, slots=True, repr=False)
class LeCunNormal(Record):
    """Normal with variance 1 / fan_in: LeCun et al., Efficient BackProp, 1998, eq. 16; the one for SELU."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return _normal(rng, 1.0 / max(1, fans(shape)[0]), shape)


def _uniform(rng: Rng, variance: float, shape: Shape) -> HostArray:
    bound = float((3.0 * variance) ** 0.5)
    return rng.uniform(-bound, bound, shape)


def _normal(rng: Rng, variance: float, shape: Shape) -> HostArray:
    return rng.normal(0.0, float(variance**0.5), shape)
