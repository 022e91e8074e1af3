"""A network as one file: snapshot and architecture in the safetensors layout.

Parameters and running averages stand under their own names (``0.weight``), so that any reader of safetensors can use
them; the optimizer's vectors have ``optimizer/`` in front, the sums of an epoch under way ``epoch/``, parameters that
callbacks have replaced in its middle ``epoch/own/``, arrays of callbacks ``callback/EarlyStopping.0/``. The metadata
hold the architecture and where training stands.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xpnn import _check, safetensors
from xpnn._tree import map_shapes
from xpnn.errors import CheckpointError, XpnnError
from xpnn.schedules import as_learning_rate
from xpnn.training.callback_states import States, pack, unpack
from xpnn.training.codec import decode, encode, known_types
from xpnn.training.epoch import EpochRecord
from xpnn.training.history import History
from xpnn.training.notes import check_notes
from xpnn.training.snapshot import Snapshot
from xpnn.typing import HostArray

__all__ = ["FAULTS", "Archive", "load", "save", "unreadable"]

SCHEMA = 1
_PREFIX, _OWN, _SUMS, _CALLBACKS = "optimizer/", "epoch/own/", "epoch/", "callback/"
FAULTS = (XpnnError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class Archive:
    """What a file holds: arguments, history and notes of the network, its snapshot, the states of callbacks."""

    arguments: Mapping[str, Any]
    history: History
    notes: dict[str, Any]
    snapshot: Snapshot
    callbacks: States = field(default_factory=dict)


def save(path: str | Path, archive: Archive) -> None:
    """Write a file: whole or not at all, and byte by byte the same for the same network."""
    check_notes(archive.notes)
    snapshot = archive.snapshot
    tensors = {**snapshot.parameters, **snapshot.state}
    tensors |= {_PREFIX + name: vector for name, vector in snapshot.vectors.items()}
    if snapshot.epoch is not None:
        tensors |= {_SUMS + name: value for name, value in snapshot.epoch.sums.items()}
        tensors |= {_OWN + name: value for name, value in snapshot.epoch.own.items()}
    training = {
        "step": snapshot.step,
        "learning_rate": encode(snapshot.learning_rate),
        "streams": snapshot.streams,
        "epochs": archive.history.epoch,
        "history": [[name, [_to_json(v) for v in values]] for name, values in archive.history.history.items()],
        "state": sorted(snapshot.state),
        "epoch": None if snapshot.epoch is None else snapshot.epoch.place,
    }
    if snapshot.frozen:
        training["frozen"] = list(snapshot.frozen)
    if archive.callbacks:
        training["callbacks"], arrays = pack(archive.callbacks)
        tensors |= {_CALLBACKS + name: array for name, array in arrays.items()}
    network = {name: encode(value) for name, value in archive.arguments.items()}
    network["input_shape"] = map_shapes(list, snapshot.input_shape)
    safetensors.write(
        path, tensors, {"schema": SCHEMA, "network": network, "notes": archive.notes, "training": training}
    )


def load(path: str | Path, custom_types: Mapping[str, type]) -> Archive:
    """Read a file.

    Raises
    ------
    CheckpointError
        If the file is no network that this version can read: one sentence that names the file and what is wrong.
    """
    tensors, metadata = safetensors.read(path)
    try:
        if not isinstance(metadata, dict) or metadata.get("schema") != SCHEMA:
            schema = metadata.get("schema") if isinstance(metadata, dict) else None
            raise CheckpointError(f"schema must be {SCHEMA}, got {schema!r}.")
        return _parse(metadata, tensors, {**known_types(), **custom_types})
    except FAULTS as error:
        raise unreadable(path, error) from error


def unreadable(path: str | Path, error: Exception) -> CheckpointError:
    """Turn whatever went wrong with a file into the one error of files, with its reason on one line."""
    reason = f"{error} is missing." if isinstance(error, KeyError) else str(error) or type(error).__name__
    return CheckpointError(f"{path} holds no network that this version can read: {' '.join(reason.split())}")


def _parse(metadata: dict[str, Any], tensors: dict[str, HostArray], types: Mapping[str, type]) -> Archive:
    network, training, notes = metadata["network"], metadata["training"], metadata["notes"]
    if not isinstance(notes, dict):
        raise CheckpointError(f"notes must be a mapping, got {notes!r}.")
    arguments = {name: decode(value, types) for name, value in network.items() if name != "input_shape"}
    history = History(
        [_check.integer("epochs", epoch, 0) for epoch in training["epochs"]],
        {str(name): [float(v) for v in values] for name, values in training["history"]},
    )
    if any(len(values) != len(history.epoch) for values in history.history.values()):
        raise CheckpointError("history must have one value per epoch.")
    state = {name: tensors.pop(name) for name in training["state"]}
    vectors, own, sums, arrays = (
        {name.removeprefix(prefix): tensors.pop(name) for name in list(tensors) if name.startswith(prefix)}
        for prefix in (_PREFIX, _OWN, _SUMS, _CALLBACKS)
    )
    epoch = training.get("epoch")
    snapshot = Snapshot(
        map_shapes(_shape, network["input_shape"]),
        tensors,
        state,
        vectors,
        _check.integer("step", training["step"], 0),
        as_learning_rate(decode(training["learning_rate"], types)),
        {str(name): _position(words) for name, words in training["streams"].items()},
        None if epoch is None else EpochRecord(epoch, sums, own).check(),
        tuple(map(str, training.get("frozen", []))),
    )
    return Archive(arguments, history, notes, snapshot, unpack(training.get("callbacks", {}), arrays))


def _shape(sizes: Any) -> tuple[int, ...]:
    return tuple(_check.integer("input_shape", n, 0) for n in sizes)


def _to_json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _position(words: Any) -> list[int]:
    if not isinstance(words, list) or len(words) != 4:
        raise CheckpointError(f"streams must hold four integers each, got {words!r}.")
    return [_check.integer("streams", word, 0) for word in words]
