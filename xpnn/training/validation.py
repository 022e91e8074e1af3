"""What `fit` measures after each epoch and does not learn from."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentTypeError
from xpnn.training.host_samples import HostSamples
from xpnn.training.sources import Ready, array_samples, host_samples, is_array_stream

__all__ = ["validation_samples"]


def validation_samples(
    ready: Ready, data: Any, make: Callable[..., Any] = array_samples, place: str = "validation_data"
) -> Any:
    """Bring data for validation to the device by `make`, or leave them where they are, checked; None is none.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If they break a rule; the sentence begins with `place`, since ``x`` and ``y`` are names of other data.
    """
    if data is None:
        return None
    is_stream = not isinstance(data, tuple | list) and is_array_stream(data)
    if not is_stream and (not isinstance(data, tuple | list) or len(data) not in (2, 3)):
        raise ArgumentTypeError(f"validation_data must be (x, y) or (x, y, sample_weight), got {type(data).__name__}.")
    with _check.inside(place):
        samples = host_samples(ready, data) if is_stream else make(ready, *data, *[None] * (3 - len(data)))
    if isinstance(samples, HostSamples):
        samples = replace(samples, place=place)
        samples.first()
    return samples
