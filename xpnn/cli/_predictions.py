"""What a network answers, as rows of text."""

from collections.abc import Sequence

import numpy as np

from xpnn.cli._report import CHUNK
from xpnn.errors import ArgumentError
from xpnn.losses import BinaryCrossEntropy, CrossEntropy, NegativeLogLikelihood
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["answers", "probabilities"]

Rows = list[list[str]]


def answers(net: Network, x: HostArray) -> Rows:
    """One row for each sample, under a row of headings: the class, or the numbers of a regression."""
    outputs = _outputs(net, x)
    name = str(net.notes.get("target") or "prediction")
    if isinstance(net.loss, CrossEntropy | NegativeLogLikelihood):
        outputs = np.argmax(outputs, axis=-1)
        classes = net.notes.get("classes")
        if classes is not None:
            return [[name], *[[str(classes[code])] for code in outputs.tolist()]]
    elif isinstance(net.loss, BinaryCrossEntropy):
        outputs = np.astype(outputs > 0.5, np.int64)
    rows = np.reshape(outputs, (len(x), -1))
    return [_heads(name, rows.shape[1]), *_text(rows)]


def probabilities(net: Network, x: HostArray) -> Rows:
    """One row for each sample, under a row of headings: the probability of each class.

    Raises
    ------
    ArgumentError
        If the network does not give probabilities.
    """
    if not isinstance(net.loss, CrossEntropy | NegativeLogLikelihood | BinaryCrossEntropy):
        raise ArgumentError(f"--proba must be left out for a network that gives no probabilities, got {net.loss!r}.")
    rows = np.reshape(_outputs(net, x), (len(x), -1))
    return [list(net.notes.get("classes") or _heads("class", rows.shape[1])), *_text(rows)]


def _outputs(net: Network, x: HostArray) -> HostArray:
    return net.predict_proba(x, batch_size=CHUNK)


def _heads(name: str, columns: int) -> list[str]:
    return [name] if columns == 1 else [f"{name}_{i}" for i in range(columns)]


def _text(rows: HostArray) -> Sequence[list[str]]:
    """Write every number with the fewest digits that give it back."""
    return [[str(value) for value in row] for row in rows]
