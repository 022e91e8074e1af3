"""Callbacks: what else may happen while a network trains."""

from xpnn.callbacks.callback import Callback
from xpnn.callbacks.csv_log import CSVLog
from xpnn.callbacks.early_stopping import EarlyStopping
from xpnn.callbacks.exponential_moving_average import ExponentialMovingAverage
from xpnn.callbacks.learning_rate_schedule import LearningRateSchedule
from xpnn.callbacks.model_checkpoint import ModelCheckpoint
from xpnn.callbacks.progress import Progress
from xpnn.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from xpnn.callbacks.stochastic_weight_average import StochasticWeightAverage
from xpnn.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLog",
    "Callback",
    "EarlyStopping",
    "ExponentialMovingAverage",
    "LearningRateSchedule",
    "ModelCheckpoint",
    "Progress",
    "ReduceLROnPlateau",
    "StochasticWeightAverage",
    "TerminateOnNaN",
]
