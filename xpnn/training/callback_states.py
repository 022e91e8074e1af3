"""`CallbackStates`: what callbacks remember of a training, so that it is saved with the network and handed back."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xpnn.callbacks import Callback
from xpnn.errors import ArgumentTypeError, CheckpointError, XpnnError
from xpnn.typing import HostArray

__all__ = ["CallbackStates", "States", "pack", "unpack"]

States = dict[str, dict[str, Any]]
"""The states of some callbacks by their keys: ``"EarlyStopping.0"`` is the first `EarlyStopping` of a `fit`."""


class CallbackStates:
    """The states of the callbacks of one network, either as they were saved or as the callbacks have them now.

    Parameters
    ----------
    saved : dict of str to dict
        What `take` returned, in this program or another. The next training hands it to its callbacks.
    """

    def __init__(self, saved: States | None = None) -> None:
        self._saved = saved or {}
        self._callbacks: Sequence[Callback] = ()
        self._goes_on = True

    def take(self) -> States:
        """Ask the callbacks of the last training for their states; before a training, return what was saved.

        Raises
        ------
        ArgumentTypeError
            If a state cannot be written to a file.
        """
        if not self._callbacks:
            return self._saved
        states = {key: _checked(key, callback.state_dict()) for key, callback in _by_key(self._callbacks)}
        return {key: state for key, state in states.items() if state}

    def begin(self, network: Any, epochs: int, callbacks: Sequence[Callback]) -> None:
        """Begin a training: each callback forgets earlier ones, and is then handed the state that it goes on from.

        That is a state that came with the network from a file or a copy, or one of a training that was cut off; not
        one of a training in this program that came to its end.

        Raises
        ------
        CheckpointError
            If a callback finds something else in its state than it needs.
        """
        self._saved, self._callbacks = self.take() if self._goes_on else {}, ()
        for key, callback in _by_key(callbacks):
            callback.on_train_begin(network, epochs)
            if key in self._saved:
                _load(key, callback, self._saved[key])
        self._saved, self._callbacks, self._goes_on = {}, callbacks, True

    def end(self, is_cut_off: bool) -> None:
        """Note that the callbacks have been told of the end, and whether the training may still be gone on with."""
        self._goes_on = is_cut_off


def _by_key(callbacks: Sequence[Callback]) -> Iterator[tuple[str, Callback]]:
    counts: dict[str, int] = {}
    for callback in callbacks:
        name = type(callback).__name__
        yield f"{name}.{counts.get(name, 0)}", callback
        counts[name] = counts.get(name, 0) + 1


def _checked(key: str, state: Any) -> dict[str, Any]:
    """Return a state of which every value can be written: a host array, or JSON data."""
    rule = f"state_dict of callback {key.rpartition('.')[0]} must be a dict from names to JSON data and host arrays"
    if not isinstance(state, Mapping):
        raise ArgumentTypeError(f"{rule}, got {type(state).__name__}.")
    for name, value in state.items():
        if not isinstance(name, str) or not (isinstance(value, np.ndarray) or _is_json(value)):
            raise ArgumentTypeError(f"{rule}, got {type(value).__name__} at {name!r}.")
    return dict(state)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=_is_beyond_json(value))
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _load(key: str, callback: Callback, state: dict[str, Any]) -> None:
    try:
        callback.load_state_dict(dict(state))
    except XpnnError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise CheckpointError(
            f"callback {key.rpartition('.')[0]} cannot go on from its saved state, {type(error).__name__}: {error}; "
            "resume=False begins anew."
        ) from error


def pack(states: States) -> tuple[dict[str, Any], dict[str, HostArray]]:
    """Take states apart for a file: JSON data by keys, and arrays by names such as ``EarlyStopping.0/parameters``.

    Numbers that JSON lacks, such as infinity, become ``{"float": "inf"}``.
    """
    data: dict[str, Any] = {key: {} for key in states}
    arrays: dict[str, HostArray] = {}
    for key, state in states.items():
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                arrays[f"{key}/{name}"] = value
            else:
                data[key][name] = {"float": str(value)} if _is_beyond_json(value) else value
    return data, arrays


def unpack(data: Mapping[str, Any], arrays: Mapping[str, HostArray]) -> States:
    """Put together what `pack` has taken apart."""
    states = {key: {name: _as_number(value) for name, value in state.items()} for key, state in data.items()}
    for place, array in arrays.items():
        key, _, name = place.partition("/")
        states[key][name] = array
    return states


def _is_beyond_json(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _as_number(value: Any) -> Any:
    return float(value["float"]) if isinstance(value, dict) and value.keys() == {"float"} else value
