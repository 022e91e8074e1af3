"""The link of the losses that take one logit for each answer of yes or no."""

from xpnn.typing import Array, Namespace

__all__ = ["sigmoid"]


def sigmoid(xp: Namespace, outputs: Array) -> Array:
    """Logistic function of logits, right to the last digits near 0 and near 1."""
    decay = xp.exp(-xp.abs(outputs))
    return xp.where(outputs > 0, 1.0, decay) / (1.0 + decay)
