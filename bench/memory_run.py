"""One process of `bench_memory`: the peaks of the arrays in one training, and what of them cannot be avoided.

``python memory_run.py OPTIONS`` prints JSON. Building the network is not part of it. The first steps, in which a step
may be compiled, have a peak of their own; it may hold some of a compiler's objects, a megabyte or so.
"""

import gc
import json
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

from one_thread import pin

FIRST, STEPS = 25, 3
"""Steps in which a compiled one is made, and those after them."""

BYTES, LABEL_BYTES = 4, 8


def main() -> int:
    """Train under tracemalloc, to which NumPy reports its buffers."""
    options = json.loads(sys.argv[1])
    pin()
    warnings.filterwarnings("error", message=".* runs uncompiled")
    try:
        result = _measure(options["sizes"], options["batch"], options["optimizer"], options["compile"])
    except Exception as error:  # a mode that this machine lacks, for one: it is reported
        result = {"reason": str(error).strip().splitlines()[0]}
    print(json.dumps(result))
    return 0


def minimum(sizes: list[int], batch: int, parameters: int, vectors: int) -> dict[str, int]:
    """Bytes that every training with backpropagation holds at once, in float32.

    Parameters, their gradient, the optimizer's vectors, inputs and labels of the batch, and what the backward pass
    needs of the forward pass: the outputs of all layers, one array for each, since a rectifier's input is not needed.
    """
    return {
        "parameters": BYTES * parameters,
        "gradient": BYTES * parameters,
        "optimizer": BYTES * parameters * vectors,
        "batch": batch * (BYTES * sizes[0] + LABEL_BYTES),
        "activations": BYTES * batch * sum(sizes[1:]),
    }


def _measure(sizes: list[int], batch: int, optimizer: str, compile: bool | str) -> dict[str, Any]:  # noqa: A002
    import numpy as np

    from xpnn import Network
    from xpnn.layers import Dense

    rng = np.random.default_rng(0)
    layers = [*(Dense(units, activation="relu") for units in sizes[1:-1]), Dense(sizes[-1])]
    gc.collect()
    tracemalloc.start()
    x, y = rng.standard_normal((batch, sizes[0]), np.float32), rng.integers(sizes[-1], size=batch)
    net = Network(layers, optimizer=optimizer, compile=compile).build(sizes[0])
    peaks = [_peak(lambda: net.train_on_batch(x, y), steps) for steps in (FIRST, STEPS)]
    needed = minimum(sizes, batch, int(net.count_parameters()), len(net.optimizer.vectors))
    modes = [report.mode for report in net.compilations]
    return {"first": peaks[0], "peak": peaks[1], "needed": needed, "modes": modes, "resident": _resident()}


def _peak(step: Callable[[], object], steps: int) -> int:
    """Most bytes of arrays at any time in so many steps."""
    gc.collect()
    tracemalloc.reset_peak()
    for _ in range(steps):
        step()
    peak = tracemalloc.get_traced_memory()[1]
    gc.collect()
    return peak - _objects()


def _objects() -> int:
    """Bytes of what is traced and no array: Python's own objects, which compilers make in great number."""
    import numpy as np

    snapshot = tracemalloc.take_snapshot()
    others = snapshot.filter_traces([tracemalloc.DomainFilter(False, np.lib.tracemalloc_domain)])
    return sum(trace.size for trace in others.traces)


def _resident() -> int:
    """Most bytes that this process has had in memory, the libraries included."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    sys.exit(main())
