"""`Problem`: the model, the weights and the batch from which all peers start."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["NAMED", "Problem", "Stage", "draw", "parse"]

NAMED = {"LeNet": "28x28x1-6@5+2-/2-16@5-/2-120-84-10", "LSTM": "50x32-lstm64-10"}
"""Models by name; any other model is its own text.

The first word is the number of features, or the shape of an image or a sequence. Each other word is a layer: ``120``
is dense, ``6@5+2`` has 6 filters of 5 x 5 on an image with 2 zeros around, ``/2`` is the maximum over 2 x 2, ``lstm64``
has 64 units and returns its last state. Rectifiers follow all dense layers and convolutions but the last.
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A layer: its `kind`, ``"dense"``, ``"conv"``, ``"pool"`` or ``"lstm"``.

    Attributes
    ----------
    size : int
        Units, filters, or the size of the pool.
    kernel, padding : int
        Of a convolution.
    shape : tuple of int
        Of one sample of its input, channels last.
    """

    kind: str
    size: int
    kernel: int
    padding: int
    shape: tuple[int, ...]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of one sample."""
        if self.kind in ("dense", "lstm"):
            return (self.size,)
        if self.kind == "pool":
            return (*(n // self.size for n in self.shape[:-1]), self.shape[-1])
        return (*(n + 2 * self.padding - self.kernel + 1 for n in self.shape[:-1]), self.size)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Of its weight, inputs before outputs, of an LSTM with the state after the inputs; of a pool, ()."""
        return {
            "dense": (int(np.prod(self.shape)), self.size),
            "conv": (self.kernel, self.kernel, self.shape[-1], self.size),
            "lstm": (self.shape[-1] + self.size, 4 * self.size),
        }.get(self.kind, ())


@dataclass(frozen=True, slots=True)
class Problem:
    """A network with rectifiers, cross-entropy and Adam, on one batch.

    Attributes
    ----------
    layers : list of (weight, bias)
        Shapes (in_features, out_features), or (height, width, in_channels, out_channels), and (outputs,).
    x : array, shape (batch, features), (batch, time, features) or (batch, height, width, channels)
        Inputs.
    y : array of int64, shape (batch,)
        Labels.
    learning_rate : float
        Step size of Adam; its other numbers are the usual ones (0.9, 0.999, 1e-8).
    deep : tuple of Stage
        The layers, if not all of them are dense.
    """

    layers: list[tuple[Any, Any]]
    x: Any
    y: Any
    learning_rate: float
    deep: tuple[Stage, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The layers."""
        return self.deep or tuple(Stage("dense", w.shape[1], 0, 0, w.shape[:1]) for w, _ in self.layers)

    @property
    def sizes(self) -> list[int]:
        """Features, units of each hidden layer, classes; for peers that know dense layers alone."""
        if self.deep:
            raise RuntimeError("This peer is written for dense layers alone.")
        return [self.layers[0][0].shape[0], *(weight.shape[1] for weight, _ in self.layers)]

    def channels_first(self) -> tuple[list[tuple[Any, Any]], Any]:
        """Layers and inputs for a library whose images are (channels, height, width): weights outputs first."""
        layers = []
        for stage, (weight, bias) in zip((s for s in self.stages if s.weight_shape), self.layers, strict=True):
            if stage.kind == "conv":
                weight = np.moveaxis(weight, (-1, -2), (0, 1))
            elif stage.kind == "lstm":
                weight = weight.T
            else:  # rows in the order in which that library flattens
                weight = np.moveaxis(weight.reshape(*stage.shape, -1), -2, 0).reshape(weight.shape).T
            layers.append((np.ascontiguousarray(weight), bias.copy()))
        is_sequence = self.stages[0].kind == "lstm"
        return layers, self.x if is_sequence else np.ascontiguousarray(np.moveaxis(self.x, -1, 1))


def parse(model: str) -> list[int | str]:
    """Words of a model, numbers as such."""
    return [int(word) if word.isdecimal() else word for word in NAMED.get(model, model).split("-")]


def draw(model: list[Any], batch: int, learning_rate: float = 0.001) -> Problem:
    """Draw weights (He et al. 2015, eq. 10), inputs and labels, in float32; `model` is as from `parse`."""
    rng = np.random.default_rng(0)
    shape = first = tuple(map(int, str(model[0]).split("x")))
    stages, layers = [], []
    for word in model[1:]:
        stage = _stage(str(word), shape)
        shape = stage.output_shape
        stages.append(stage)
        if stage.weight_shape:
            n_in = int(np.prod(stage.weight_shape[:-1]))
            weight = rng.standard_normal(stage.weight_shape) * np.sqrt(2 / n_in)
            layers.append((weight.astype(np.float32), np.zeros(stage.weight_shape[-1], np.float32)))
    x = rng.standard_normal((batch, *first)).astype(np.float32)
    deep = () if all(stage.kind == "dense" for stage in stages) else tuple(stages)
    return Problem(layers, x, rng.integers(shape[-1], size=batch), learning_rate, deep)


def _stage(word: str, shape: tuple[int, ...]) -> Stage:
    if word.startswith("/"):
        return Stage("pool", int(word[1:]), 0, 0, shape)
    if word.startswith("lstm"):
        return Stage("lstm", int(word[4:]), 0, 0, shape)
    if "@" not in word:
        return Stage("dense", int(word), 0, 0, shape)
    filters, _, window = word.partition("@")
    kernel, _, padding = window.partition("+")
    return Stage("conv", int(filters), int(kernel), int(padding or 0), shape)
