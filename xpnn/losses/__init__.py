"""Losses, by name or as objects."""

from xpnn import _check
from xpnn.losses.binary_cross_entropy import BinaryCrossEntropy
from xpnn.losses.cross_entropy import CrossEntropy
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.losses.hinge import Hinge
from xpnn.losses.huber import Huber
from xpnn.losses.loss import Loss
from xpnn.losses.mean_absolute_error import MeanAbsoluteError
from xpnn.losses.mean_squared_error import MeanSquaredError
from xpnn.losses.negative_log_likelihood import NegativeLogLikelihood

__all__ = [
    "BinaryCrossEntropy",
    "CrossEntropy",
    "ElementwiseLoss",
    "Hinge",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "NegativeLogLikelihood",
    "get_loss",
]

_BY_NAME: dict[str, type[Loss]] = {
    "binary_cross_entropy": BinaryCrossEntropy,
    "cross_entropy": CrossEntropy,
    "hinge": Hinge,
    "huber": Huber,
    "mae": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "negative_log_likelihood": NegativeLogLikelihood,
}


def get_loss(argument: str, value: str | Loss) -> Loss:
    """Turn a name into its loss; a loss is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("check_targets", "link", "value_and_gradient"))
