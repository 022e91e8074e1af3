"""Metrics, by name or as objects."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from xpnn import _check
from xpnn.metrics.accuracy import Accuracy
from xpnn.metrics.average_precision import AveragePrecision
from xpnn.metrics.binary_accuracy import BinaryAccuracy
from xpnn.metrics.classification_report import ClassificationReport, ClassScores, classification_report
from xpnn.metrics.confusion import ConfusionMetric
from xpnn.metrics.confusion_matrix import confusion_matrix
from xpnn.metrics.explained_variance import ExplainedVariance
from xpnn.metrics.f1 import F1
from xpnn.metrics.log_loss import LogLoss
from xpnn.metrics.mae import MAE
from xpnn.metrics.matthews_correlation import MatthewsCorrelation
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.metrics.metric import Metric
from xpnn.metrics.mse import MSE
from xpnn.metrics.output_metric import OutputMetric
from xpnn.metrics.precision import Precision
from xpnn.metrics.r2 import R2
from xpnn.metrics.ranking import RankingMetric
from xpnn.metrics.recall import Recall
from xpnn.metrics.roc_auc import ROCAUC
from xpnn.metrics.top_k_accuracy import TopKAccuracy

__all__ = [
    "F1",
    "MAE",
    "MSE",
    "R2",
    "ROCAUC",
    "Accuracy",
    "AveragePrecision",
    "BinaryAccuracy",
    "ClassScores",
    "ClassificationReport",
    "ConfusionMetric",
    "ExplainedVariance",
    "LogLoss",
    "MatthewsCorrelation",
    "MeanMetric",
    "Metric",
    "OutputMetric",
    "Precision",
    "RankingMetric",
    "Recall",
    "TopKAccuracy",
    "classification_report",
    "confusion_matrix",
    "get_metric",
]

_BY_NAME: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "average_precision": AveragePrecision,
    "binary_accuracy": BinaryAccuracy,
    "explained_variance": ExplainedVariance,
    "f1": F1,
    "log_loss": LogLoss,
    "mae": MAE,
    "matthews_correlation": MatthewsCorrelation,
    "mean_absolute_error": partial(MAE, name="mean_absolute_error"),
    "mean_squared_error": partial(MSE, name="mean_squared_error"),
    "mse": MSE,
    "precision": Precision,
    "r2": R2,
    "recall": Recall,
    "roc_auc": ROCAUC,
    "top_k_accuracy": TopKAccuracy,
}

_WITH_THRESHOLD = Accuracy, BinaryAccuracy, ConfusionMetric, MatthewsCorrelation, RankingMetric


def get_metric(argument: str, value: str | Metric, threshold: float = 0.5) -> Metric:
    """Turn a name into its metric; a metric is returned as it is.

    Parameters
    ----------
    argument : str
        Named in the error.
    value : str or Metric
        A name, or an object with the methods of `Metric`.
    threshold : float
        Given to a metric asked for by its name, if it has one; that of the loss is the right one.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no such metric.
    """
    metric = _check.look_up(argument, value, _BY_NAME, ("combine", "result", "totals"))
    if isinstance(value, str) and isinstance(metric, _WITH_THRESHOLD):
        return replace(metric, threshold=threshold)
    return metric
