"""Peak memory of training, beside what cannot be avoided.

That is: parameters, gradient and the optimizer's vectors, one number each per parameter, and the outputs of all layers
for one batch. Run ``python bench/bench_memory.py [--model 784-2048-2048-10] [--batch 128] [--optimizer adam]``; it
exits with 1 if the peak is more than 1.5 times that.
"""

import argparse
import gc
import sys
import tracemalloc
from typing import Any

from one_thread import pin

STEPS = 5


def main() -> int:
    """Build and train under tracemalloc, which counts NumPy's buffers, and compare the peak with the goal."""
    parser = argparse.ArgumentParser(description="Peak memory of training, beside what cannot be avoided.")
    parser.add_argument("--model", default="784-2048-2048-10", help="sizes of the layers (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--optimizer", default="adam")
    parser.add_argument("--goal", type=float, default=1.5, help="largest ratio (default: %(default)s)")
    args = parser.parse_args()
    pin()
    sizes = [int(size) for size in args.model.split("-")]
    net, x, y = _prepare(sizes, args.batch, args.optimizer)
    before = _resident()
    gc.collect()
    tracemalloc.start()
    net.build(sizes[0])
    building = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    for _ in range(STEPS):
        net.train_on_batch(x, y)
    training = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    needed = _needed(net, sizes, args.batch)
    ratio = training / needed
    print(f"{args.model}, batch {args.batch}, {net.optimizer!r}: {net.count_parameters()} parameters")
    print(f"needed: {_mb(needed)}, peak of training: {_mb(training)}, of building: {_mb(building)}")
    print(f"resident set: {_mb(before)} before, {_mb(_resident())} at most")
    print(f"ratio: {ratio:.2f}, goal: at most {args.goal:.2f}")
    return int(ratio > args.goal)


def _prepare(sizes: list[int], batch: int, optimizer: str) -> tuple[Any, Any, Any]:
    """Network that is not built yet, and data."""
    from peers.problem import draw

    from xpnn import Network
    from xpnn.layers import Dense

    problem = draw([sizes[0], sizes[-1]], batch)
    layers = [*(Dense(units, activation="relu") for units in sizes[1:-1]), Dense(sizes[-1])]
    return Network(layers, optimizer=optimizer), problem.x, problem.y


def _needed(net: Any, sizes: list[int], batch: int) -> int:
    """Bytes of parameters, gradient, state vectors, and activations of one batch, in float32."""
    vectors = 1 + 1 + len(net.optimizer.vectors)
    parameters = int(net.count_parameters())
    return 4 * (parameters * vectors + batch * sum(sizes[1:]))


def _resident() -> int:
    """Most bytes that this process had in memory so far."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
