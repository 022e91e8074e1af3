"""`RunContext`: what a network hands to its layers while they run."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from xpnn import special
from xpnn.random import Streams
from xpnn.typing import Array, Backend, DType, Namespace, Shape

__all__ = ["RunContext", "draw_mask", "draw_noise"]


class RunContext:
    """The namespace, the mode, and the random streams, for one layer. See `xpnn.typing.Context`.

    Parameters
    ----------
    backend : Backend
        Owner of the arrays; its ``xp`` is resolved here once and not again per operation.
    training : bool
        Whether layers behave as in a training step.
    streams : Streams
        Random streams of the network.
    path : str
        Place of the layer in the network, e.g. ``"2.0"``.
    wants_dx : bool
        Whether anybody reads the gradient with respect to the input.
    frozen_layers : frozenset of str
        Places of the layers whose parameters are all frozen.
    """

    __slots__ = (
        "_children",
        "_frozen_layers",
        "_path",
        "_streams",
        "backend",
        "erfc",
        "frozen",
        "training",
        "wants_dx",
        "xp",
    )

    def __init__(
        self,
        backend: Backend,
        training: bool,
        streams: Streams,
        path: str = "",
        wants_dx: bool = True,
        frozen_layers: frozenset[str] = frozenset(),
    ) -> None:
        self.backend = backend
        self.xp: Namespace = backend.xp
        self.training = training
        self.erfc: Callable[[Array], Array] = getattr(backend, "erfc", None) or partial(special.erfc, xp=backend.xp)
        self._streams = streams
        self._path = path
        self.wants_dx = wants_dx
        self._frozen_layers = frozen_layers
        self.frozen = path in frozen_layers
        self._children: dict[tuple[str, bool], RunContext] = {}

    @property
    def path(self) -> str:
        """Place of the layer in the network, e.g. ``"2.0"``."""
        return self._path

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Draw booleans on the host, True with `probability` to within 2**-24, and bring them over as bytes."""
        return draw_mask(self._streams, self.backend, self._path, probability, shape)

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """Draw standard normal numbers on the host, rounded to float32 in every dtype, and bring them over."""
        return draw_noise(self._streams, self.backend, self._path, "normal", shape, dtype)

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """Draw multiples of 2**-24 in [0, 1) on the host and bring them over."""
        return draw_noise(self._streams, self.backend, self._path, "uniform", shape, dtype)

    def child(self, name: str, wants_dx: bool = True) -> Any:
        """Context of the layer `name` inside this container; made once, then looked up."""
        child = self._children.get((name, wants_dx))
        if child is None:
            path = f"{self._path}.{name}" if self._path else name
            child = self._children[name, wants_dx] = self._inner(path, wants_dx)
        return child

    def _inner(self, path: str, wants_dx: bool) -> "RunContext":
        return RunContext(self.backend, self.training, self._streams, path, wants_dx, self._frozen_layers)


def draw_mask(streams: Streams, backend: Backend, path: str, probability: float, shape: Shape) -> Array:
    """Draw booleans for the layer at `path`; see `RunContext.bernoulli`."""
    draws = streams[f"dropout/{path}"].random(shape, dtype=np.float32)
    return backend.asarray(draws < np.float32(probability))


def draw_noise(streams: Streams, backend: Backend, path: str, kind: str, shape: Shape, dtype: DType) -> Array:
    """Draw numbers for the layer at `path`; see `RunContext.normal` and `RunContext.uniform`."""
    stream = streams[f"noise/{path}"]
    draw = stream.standard_normal if kind == "normal" else stream.random
    return backend.asarray(draw(shape, dtype=np.float32), dtype)
