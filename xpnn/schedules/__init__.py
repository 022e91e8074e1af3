"""Schedules: learning rates that are functions of the step, for ``Adam(learning_rate=CosineDecay(0.01, 1000))``.

They have no names as strings, since each needs to be told at least how long it shall last.
"""

from xpnn.schedules.constant_rate import ConstantRate
from xpnn.schedules.cosine_decay import CosineDecay
from xpnn.schedules.cosine_restarts import CosineRestarts
from xpnn.schedules.exponential_decay import ExponentialDecay
from xpnn.schedules.inverse_time_decay import InverseTimeDecay
from xpnn.schedules.one_cycle import OneCycle
from xpnn.schedules.piecewise_constant import PiecewiseConstant
from xpnn.schedules.polynomial_decay import PolynomialDecay
from xpnn.schedules.schedule import Schedule, as_learning_rate, rate_at
from xpnn.schedules.step_decay import StepDecay
from xpnn.schedules.warmup import Warmup

__all__ = [
    "ConstantRate",
    "CosineDecay",
    "CosineRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "OneCycle",
    "PiecewiseConstant",
    "PolynomialDecay",
    "Schedule",
    "StepDecay",
    "Warmup",
    "as_learning_rate",
    "rate_at",
]
