"""Optimizers, by name or as objects."""

from collections.abc import Callable
from functools import partial

from xpnn import _check
from xpnn.optimizers.adadelta import Adadelta
from xpnn.optimizers.adagrad import Adagrad
from xpnn.optimizers.adam import Adam
from xpnn.optimizers.adamw import AdamW
from xpnn.optimizers.optimizer import Optimizer
from xpnn.optimizers.rmsprop import RMSprop
from xpnn.optimizers.sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "get_optimizer"]

_BY_NAME: dict[str, Callable[[], Optimizer]] = {
    "adadelta": Adadelta,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "momentum": partial(SGD, momentum=0.9),
    "nag": partial(SGD, momentum=0.9, nesterov=True),
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def get_optimizer(argument: str, value: str | Optimizer) -> Optimizer:
    """Turn a name into its optimizer; an optimizer is returned as it is. `argument` is named in the error.

    ``"momentum"`` is `SGD` with momentum 0.9, and ``"nag"`` the same with Nesterov's.

    Examples
    --------
    >>> get_optimizer("optimizer", "nag")
    SGD(momentum=0.9, nesterov=True)
    """
    return _check.look_up(argument, value, _BY_NAME, ("apply", "clip", "scalars", "zero_state"))
