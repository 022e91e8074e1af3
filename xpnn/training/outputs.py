"""Losses and metrics of a network with several outputs: from what a caller gives to what fits the outputs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.losses import WeightedLosses, get_loss
from xpnn.metrics import Metric, OutputMetric, get_metric
from xpnn.training.measurement import loss_names

__all__ = ["arrange", "as_tuple", "get_losses", "get_metrics"]


def get_losses(loss: Any, loss_weights: Any, names: tuple[str, ...]) -> Any:
    """Turn a name into its loss, and a mapping, or a tuple in the order of the outputs `names`, into `WeightedLosses`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one is unknown, or weights are given for a single loss.
    """
    if isinstance(loss, Mapping):
        return WeightedLosses({name: get_loss("loss", part) for name, part in loss.items()}, loss_weights)
    if isinstance(loss, tuple | list):
        outputs = names if len(names) == len(loss) else ()
        return WeightedLosses([get_loss("loss", part) for part in loss], loss_weights, outputs)
    if loss_weights is not None:
        raise ArgumentError(f"loss_weights must be left out where loss is no mapping or tuple, got {loss_weights!r}.")
    return loss if isinstance(loss, WeightedLosses) else get_loss("loss", loss)


def get_metrics(metrics: Any, loss: Any) -> tuple[Metric, ...]:
    """Turn names into metrics, and a mapping from outputs to metrics into metrics of these outputs.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one is unknown, two have the same label, or one has a label that means something else in the history.
    """
    parts: list[Metric]
    if isinstance(metrics, Mapping):
        parts = [
            OutputMetric(get_metric("metrics", metric, _threshold(loss, output)), output)
            for output, several in metrics.items()
            for metric in as_tuple(several)
        ]
    else:
        parts = [get_metric("metrics", metric, _threshold(loss, None)) for metric in as_tuple(metrics)]
    labels = ["loss", *(part.label for part in parts)]
    for label in labels:
        if not isinstance(label, str) or label == "epoch" or label.startswith("val_"):
            _check.refuse("metrics", "have names that are strings, not 'epoch', and do not begin with 'val_'", label)
        if labels.count(label) > 1:
            raise ArgumentError(f"metrics must have different names, got {label!r} twice: give one a name of its own.")
    return tuple(parts)


def arrange(loss: Any, metrics: Sequence[Any], names: tuple[str, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Bring losses and metrics into the order of the outputs `names`; a single loss is that of every output.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they are those of other outputs, or of outputs where there is but one; or the name of a loss would mean
        something else in the history.
    """
    if len(names) < 2:
        return _single(loss, names), tuple([_of_output(metric, names) for metric in metrics])
    several = loss if isinstance(loss, WeightedLosses) else WeightedLosses((loss,) * len(names))
    placed = []
    for metric in metrics:
        if not isinstance(metric, OutputMetric) or metric.output not in names:
            found = repr(metric.output) if isinstance(metric, OutputMetric) else repr(metric)
            raise ArgumentTypeError(f"metrics must be a mapping from the outputs {', '.join(names)}, got {found}.")
        placed.append(replace(metric, index=names.index(metric.output)))
    several = several.arranged(names)
    for name in names:
        if f"{name}_".startswith("val_"):
            _check.refuse("names of outputs", "not be 'val' or begin with 'val_'", name)
    for metric in placed:
        if metric.label in loss_names(several):
            raise ArgumentError(f"metrics must have other names than the losses of the outputs, got {metric.label!r}.")
    return several, tuple(placed)


def _single(loss: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(loss, WeightedLosses):
        return loss
    (inner,) = loss.arranged(names or ("0",)).losses
    if loss.weights != (1.0,):
        raise ArgumentError(f"loss_weights must be left out where there is one output, got {loss.weights[0]!r}.")
    return inner


def _of_output(metric: Any, names: tuple[str, ...]) -> Any:
    if isinstance(metric, OutputMetric) and metric.output not in (names or ("0",)):
        raise ArgumentError(f"metrics must be those of the one output that there is, got {metric.output!r}.")
    return metric.metric if isinstance(metric, OutputMetric) else metric


def _threshold(loss: Any, output: str | None) -> float:
    if isinstance(loss, WeightedLosses) and output in loss.outputs:
        loss = loss.losses[loss.outputs.index(str(output))]
    return float(getattr(loss, "threshold", 0.5))


def as_tuple(parts: Any) -> tuple[Any, ...]:
    """Return several parts as a tuple; a single one, such as a name, may stand alone."""
    return (parts,) if isinstance(parts, str) or not isinstance(parts, Iterable) else tuple(parts)
