"""`Penalty`: L1 and L2 on the weights, as part of the loss; `Penalties`: those of single parameters with it."""

from dataclasses import dataclass

from xpnn.training.rules import Rules, part, rewrite
from xpnn.typing import Array, Namespace

__all__ = ["Penalties", "Penalty"]


@dataclass(frozen=True, slots=True)
class Penalty:
    r"""The term :math:`\lambda_1 \sum |w| + \tfrac12 \lambda_2 \sum w^2` over all weights, biases and norms left out.

    Parameters
    ----------
    l1, l2 : float
        The factors :math:`\lambda_1` and :math:`\lambda_2`. (With :math:`\lambda_2 = \lambda / n` it is the penalty
        :math:`\frac{\lambda}{2n} \|w\|^2` of Nielsen, Neural Networks and Deep Learning, 2015, eq. 85.)
    """

    l1: float
    l2: float

    def __bool__(self) -> bool:
        return self.l1 > 0 or self.l2 > 0

    def value(self, xp: Namespace, p: Array, mask: Array) -> Array:
        """Penalty of the flat parameters `p`, a 0-d array; `mask` is 1 on weights and 0 elsewhere."""
        weights = p * mask
        value = xp.sum(weights * weights) * (0.5 * self.l2)
        return value + xp.sum(xp.abs(weights)) * self.l1 if self.l1 else value

    def gradient(self, xp: Namespace, p: Array, mask: Array) -> Array:
        """Gradient of `value`; that of :math:`|w|` is the sign, 0 at 0."""
        gradient = (p * mask) * self.l2
        return gradient + xp.sign(p * mask) * self.l1 if self.l1 else gradient


class Penalties:
    """The penalty of a network and the regularizers of its parameters, as one.

    Parameters
    ----------
    network : Penalty
        That of all weights.
    rules : sequence of (Leaf, Regularizer)
        Parameters that have their own.
    """

    def __init__(self, network: Penalty, rules: Rules) -> None:
        self.network, self._rules = network, rules

    def __bool__(self) -> bool:
        return bool(self.network) or bool(self._rules)

    def value(self, xp: Namespace, p: Array, mask: Array | None) -> Array:
        """Sum of all penalties of the flat parameters `p`, a 0-d array; there must be one."""
        values = [self.network.value(xp, p, mask)] if self.network else []
        values += [rule.value(xp, part(xp, p, leaf)) for leaf, rule in self._rules]
        return sum(values[1:], start=values[0])

    def gradient(self, xp: Namespace, p: Array, mask: Array | None) -> Array:
        """Gradient of `value`, shape of `p`."""
        if not self._rules:
            return self.network.gradient(xp, p, mask)
        own = rewrite(xp, p, self._rules, lambda rule, w: rule.gradient(xp, w), xp.zeros_like)
        return self.network.gradient(xp, p, mask) + own if self.network else own
