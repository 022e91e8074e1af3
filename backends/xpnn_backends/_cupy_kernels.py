"""`CupyKernels`: a schedule as kernels and cuBLAS products on memory that is made once."""

from collections.abc import Callable, Sequence
from typing import Any

import cupy
import numpy as np

from xpnn.typing import Array
from xpnn_backends._cublas import WORKSPACE, Cublas
from xpnn_backends._cuda_source import print_source
from xpnn_backends._cuda_steps import Key, Launch, Multiply
from xpnn_backends._cupy_replay import CupyLibrary

__all__ = ["CupyKernels"]


class CupyKernels:
    """An executor of `schedule`; see `xpnn.typing.Executor`. Everything runs in the current stream.

    Parameters
    ----------
    schedule : Schedule
        Whose reductions all run in loops.
    cublas : callable
        Returns the handle of the present thread on the current device.

    Raises
    ------
    ValueError
        If an operation has no kernel.
    """

    def __init__(self, schedule: Any, cublas: Callable[[], Cublas]) -> None:
        self._schedule, self._cublas, self._library = schedule, cublas, CupyLibrary()
        source = print_source(schedule)
        self.source = source.text
        module = cupy.RawModule(code=source.text)
        self._steps = source.steps
        self._functions = {
            step.name: module.get_function(step.name) for step in self._steps if isinstance(step, Launch)
        }
        self._arrays: dict[Key, Array] = {
            **{("arena", dtype): cupy.empty(size, dtype) for dtype, size in schedule.arenas.items()},
            **{("scratch", dtype): cupy.empty(size, dtype) for dtype, size in source.scratch.items()},
            **{("constant", i): self._library.flat(n.options["array"]) for i, n in enumerate(schedule.constants)},
        }
        has_products = any(isinstance(step, Multiply) for step in self._steps)
        self._handle = cublas()
        self._workspace = cupy.cuda.alloc(WORKSPACE) if has_products else None
        self._numbers = schedule.program.numbers
        if self._numbers:
            self._arrays["number", 0] = cupy.empty(len(self._numbers), self._numbers[0].dtype)
            self._set_numbers = module.get_function("numbers")
        self._held: Sequence[Array] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of working memory."""
        names = ("arena", "scratch")
        own: int = sum(array.nbytes for (name, _), array in self._arrays.items() if name in names)
        return own + (WORKSPACE if self._workspace else 0)

    @property
    def given(self) -> tuple[Any, ...]:
        """Nodes of what is new in each run."""
        return self._schedule.program.given  # type: ignore[no-any-return]

    def prepare(self, held: Sequence[Array]) -> None:
        """Take the addresses of the arrays in `held`."""
        if not all(array.flags.c_contiguous for array in held):
            raise ValueError("arrays that are held must be contiguous to be written by kernels.")
        self._arrays |= {("held", i): array.reshape(-1) for i, array in enumerate(held)}
        self._held = held

    def run(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> tuple[Any, Any]:
        """Run once; `held` is written in place. The results are new."""
        if held is not self._held:
            self.prepare(held)
        self.set_numbers(numbers)
        self.launch(given)
        return self.results(), held

    def set_numbers(self, numbers: Sequence[float]) -> None:
        """Write the numbers of the next run to where it reads them.

        They are arguments of a kernel, which takes them when it is launched. So nothing is copied from the host, and a
        run that is still waiting keeps its own.
        """
        if numbers:
            kind = np.dtype(self._numbers[0].dtype).type
            self._set_numbers((1,), (1,), (self._arrays["number", 0], *map(kind, numbers)))

    def launch(self, given: Sequence[Array]) -> None:
        """Launch everything, with the arrays of the last `prepare` and the numbers of the last `set_numbers`."""
        self._arrays |= {("given", i): self._library.flat(array) for i, array in enumerate(given)}
        if self._workspace:
            self._handle = self._cublas()
            self._handle.use(cupy.cuda.get_current_stream().ptr, self._workspace.ptr, WORKSPACE)
        for step in self._steps:
            self._run(step)

    def results(self) -> list[Array]:
        """Copies of what the last run has computed."""
        return [self._library.read(self._view(node)) for node in self._schedule.program.outputs]

    def _run(self, step: Any) -> None:
        arrays = self._arrays
        if isinstance(step, Launch):
            self._functions[step.name](step.grid, (step.threads,), tuple([arrays[key] for key in step.arrays]))
        elif isinstance(step, Multiply):
            addresses = (arrays[key].data.ptr for key in (step.left, step.right, step.out))
            self._handle.multiply(step.product, *addresses)
        else:
            args = [self._view(arg) if hasattr(arg, "op") else arg for arg in step.args]
            self._view(step)[...] = step.options["function"](*args, **step.options["keywords"])

    def _view(self, node: Any) -> Array:
        place = self._schedule.locations[node]
        return self._library.view(self._arrays[place.array], place.shape, place.strides, place.offset)
