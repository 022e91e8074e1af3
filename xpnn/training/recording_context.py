"""`RecordingContext`: the context of layers that are being recorded."""

from functools import partial

from xpnn import special
from xpnn.context import RunContext
from xpnn.namespaces import Recorder
from xpnn.random import Streams
from xpnn.training.draws import Draw, Mask, Noise
from xpnn.typing import Array, Backend, DType, Shape

__all__ = ["RecordingContext"]


class RecordingContext(RunContext):
    """The context of layers that are being recorded: a draw is noted in `draws`, and its result is an input."""

    __slots__ = ("_draws", "_recorder")

    def __init__(
        self,
        recorder: Recorder,
        draws: list[Draw],
        backend: Backend,
        training: bool,
        streams: Streams,
        path: str = "",
        wants_dx: bool = True,
        frozen_layers: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(backend, training, streams, path, wants_dx, frozen_layers)
        self._recorder, self._draws, self.xp = recorder, draws, recorder
        fast = getattr(backend, "erfc", None)
        self.erfc = partial(recorder.elementwise_call, fast) if fast else partial(special.erfc, xp=recorder)

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Note the draw; the booleans are an input."""
        self._draws.append(Mask(self._path, probability, tuple(shape)))
        return self._recorder.give_like(tuple(shape), "bool")

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("normal", tuple(shape), dtype)

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("uniform", tuple(shape), dtype)

    def _note(self, kind: str, shape: Shape, dtype: DType) -> Array:
        self._draws.append(Noise(self._path, kind, shape, dtype))
        return self._recorder.give_like(shape, dtype)

    def _inner(self, path: str, wants_dx: bool) -> RunContext:
        parts = self.backend, self.training, self._streams, path, wants_dx, self._frozen_layers
        return RecordingContext(self._recorder, self._draws, *parts)
