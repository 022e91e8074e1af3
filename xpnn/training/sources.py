"""Where `fit` gets its batches from: arrays on the device, arrays that stay on the host, or batches as they come."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from xpnn import _check
from xpnn._tree import map_tree, tree_leaves
from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.training.batch_stream import BatchStream
from xpnn.training.batches import Samples
from xpnn.training.host_samples import HostSamples
from xpnn.training.ingest import ingest_batch
from xpnn.training.learner import Learner
from xpnn.training.plan import Plan
from xpnn.training.ports import as_parts, as_weight_parts

if TYPE_CHECKING:
    from xpnn.data import ArrayStream

__all__ = [
    "array_samples",
    "device_samples",
    "host_samples",
    "is_array_stream",
    "is_mapped",
    "make_plan",
    "make_source",
    "refuse_beside_batches",
]

# xpnn.data is imported when it is needed first: not every program reads files.

Ready = Callable[[Any], Learner]
"""Builds a network for inputs like these, unless it is built, and returns its learner."""


def make_source(ready: Ready, x: Any, y: Any, sample_weight: Any, steps: int | None) -> Any:
    """Return the source for the arguments of `fit`, with the network built.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If they break a rule.
    """
    if y is not None:
        return array_samples(ready, x, y, sample_weight)
    if is_array_stream(x):
        if steps is not None:
            _check.refuse("steps_per_epoch", "be left out for an ArrayStream", steps)
        return host_samples(ready, x)
    stream = BatchStream(x, None if steps is None else _check.integer("steps_per_epoch", steps))
    stream.learner = ready(stream.peek()[0])
    return stream


def array_samples(ready: Ready, x: Any, y: Any, sample_weight: Any) -> Samples | HostSamples:
    """Bring a data set to the device, but for inputs of which one is memory-mapped."""
    if is_mapped(x):
        from xpnn.data import ArrayStream

        learner = ready(x)
        names = learner.weights.output_names
        weight = map_tree(lambda part: to_host(part, "sample_weight"), as_weight_parts(sample_weight, names))
        return host_samples(ready, ArrayStream(_rows_on_host(x), _targets_on_host(y, names), weight))
    return device_samples(ready, x, y, sample_weight)


def device_samples(ready: Ready, x: Any, y: Any, sample_weight: Any) -> Samples:
    """Bring a data set to the device."""
    learner = ready(x)
    samples = Samples(*ingest_batch(learner, x, _targets_on_host(y, learner.weights.output_names), sample_weight))
    _refuse_zeros(sample_weight, learner.weights.output_names)
    return samples


def _targets_on_host(y: Any, names: tuple[str, ...]) -> Any:
    parts = as_parts("y", y, names) if len(names) > 1 or isinstance(y, Mapping) else y
    return tuple([to_host(part, "y") for part in parts]) if len(names) > 1 else to_host(parts, "y")


def is_mapped(x: Any) -> bool:
    """Tell whether one of the inputs `x` is memory-mapped."""
    return any(isinstance(part, np.memmap) for part in (tree_leaves(x) if isinstance(x, Mapping | tuple) else [x]))


def _rows_on_host(x: Any) -> Any:
    """Inputs as arrays with rows: lists become arrays, mapped arrays stay."""
    return map_tree(lambda part: part if isinstance(part, np.memmap) else to_host(part, "x"), x)


def is_array_stream(x: Any) -> bool:
    """Tell whether `x` is an `xpnn.data.ArrayStream`."""
    from xpnn.data import ArrayStream

    return isinstance(x, ArrayStream)


def host_samples(ready: Ready, stream: "ArrayStream") -> HostSamples:
    """Leave a data set where it is."""
    if len(stream) == 0:
        raise ArgumentError("x must hold at least one sample, got none.")
    learner = ready(stream.x)
    _refuse_zeros(stream.sample_weight, learner.weights.output_names)
    return HostSamples(learner, stream.x, stream.y, stream.sample_weight)


def make_plan(
    source: Any, y: Any, names: tuple[str, ...], batch_size: int | None, shuffle: bool, accumulate: int, sampler: Any
) -> Plan:
    """Return how an epoch goes through `source`; `names` are those of the outputs."""
    if isinstance(source, BatchStream):
        return Plan(None, None, False, accumulate)
    if sampler is None:
        return Plan(len(source), batch_size, shuffle, accumulate)
    from xpnn.data import Sampler

    if not isinstance(sampler, Sampler):
        raise ArgumentTypeError(f"sampler must be an instance of xpnn.data.Sampler, got {sampler!r}.")
    targets = _targets_on_host(source.y if y is None else y, names)
    targets = dict(zip(names, targets, strict=True)) if isinstance(targets, tuple) else targets
    sampler.check(targets)
    return Plan(len(source), batch_size, shuffle, accumulate, sampler, targets)


def refuse_beside_batches(x: Any, sample_weight: Any, class_weight: Any, sampler: Any) -> None:
    """Raise where an argument needs the whole data set, and `x` gives it batch by batch."""
    if hasattr(x, "dtype"):
        to_host(None, "y")  # an array of inputs is no iterable of batches: y has been forgotten
    for name, value in (("sample_weight", sample_weight), ("class_weight", class_weight), ("sampler", sampler)):
        if value is not None and not (name == "sampler" and is_array_stream(x)):
            raise ArgumentError(f"{name} must be left out where y is left out, got {type(value).__name__}.")


def _refuse_zeros(sample_weight: Any, names: tuple[str, ...]) -> None:
    parts = as_weight_parts(sample_weight, names)
    named = zip(names, parts, strict=True) if type(parts) is tuple else [("", parts)]
    for name, part in named:
        if part is not None and not np.any(to_host(part)):
            place = f"sample_weight[{name!r}]" if name else "sample_weight"
            raise ArgumentError(f"{place} must hold a number above 0, got zeros alone.")
