"""`check_notes`: whether the notes of a network can be kept in its file."""

from typing import Any

from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.safetensors.strict_json import canonical, short

__all__ = ["check_notes"]


def check_notes(notes: Any) -> None:
    """Refuse what the metadata could not hold, as deep in them as it would stand."""
    if not isinstance(notes, dict):
        raise ArgumentTypeError(f"notes must be a dict, got {' '.join(short(notes).split())}.")
    for key, value in notes.items():
        try:
            canonical({"network": {"notes": {key: value}}})
        except ValueError as error:
            text = " ".join(short(value).split())
            raise ArgumentError(f"notes[{key!r}] must be JSON data, got {text}: {error}.") from error
