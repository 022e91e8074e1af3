"""Optimizers, by name or as objects."""

from collections.abc import Callable
from functools import partial

from xpnn import _check
from xpnn.optimizers.adadelta import Adadelta
from xpnn.optimizers.adafactor import Adafactor
from xpnn.optimizers.adagrad import Adagrad
from xpnn.optimizers.adam import Adam
from xpnn.optimizers.adamax import Adamax
from xpnn.optimizers.adamw import AdamW
from xpnn.optimizers.asgd import ASGD
from xpnn.optimizers.ftrl import Ftrl
from xpnn.optimizers.lamb import Lamb
from xpnn.optimizers.lbfgs import LBFGS
from xpnn.optimizers.lion import Lion
from xpnn.optimizers.lookahead import Lookahead
from xpnn.optimizers.muon import Muon
from xpnn.optimizers.nadam import Nadam
from xpnn.optimizers.optimizer import Optimizer
from xpnn.optimizers.radam import RAdam
from xpnn.optimizers.rmsprop import RMSprop
from xpnn.optimizers.rprop import Rprop
from xpnn.optimizers.sam import SAM
from xpnn.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from xpnn.optimizers.schedule_free_sgd import ScheduleFreeSGD
from xpnn.optimizers.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SAM",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Lookahead",
    "Muon",
    "Nadam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "get_optimizer",
]

_BY_NAME: dict[str, Callable[[], Optimizer]] = {
    "adadelta": Adadelta,
    "adafactor": Adafactor,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamax": Adamax,
    "adamw": AdamW,
    "amsgrad": partial(Adam, amsgrad=True),
    "asgd": ASGD,
    "ftrl": Ftrl,
    "lamb": Lamb,
    "lbfgs": LBFGS,
    "lion": Lion,
    "momentum": partial(SGD, momentum=0.9),
    "muon": Muon,
    "nadam": Nadam,
    "nag": partial(SGD, momentum=0.9, nesterov=True),
    "radam": RAdam,
    "rmsprop": RMSprop,
    "rprop": Rprop,
    "schedule_free_adamw": ScheduleFreeAdamW,
    "schedule_free_sgd": ScheduleFreeSGD,
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
