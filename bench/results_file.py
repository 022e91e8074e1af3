"""`save` and `path_of`: measurements as a file of JSON in ``bench/results``."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xpnn.bench import Machine

__all__ = ["path_of", "save"]

FOLDER = Path(__file__).resolve().parent / "results"


def path_of(topic: str, machine: Machine, folder: Path = FOLDER) -> Path:
    """Where measurements on `topic` are kept: by the topic and the date."""
    return folder / f"{topic}-{machine.date[:10]}.json"


def save(topic: str, machine: Machine, results: Mapping[str, Any], folder: Path = FOLDER) -> Path:
    """Write `results` beside the facts about the machine; the name holds the topic and the date."""
    path = path_of(topic, machine, folder)
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps({"machine": asdict(machine), **results}, indent=1) + "\n")
    return path
