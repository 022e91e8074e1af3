"""The spiral: 1000 iterations on the full batch with `Network.fit`, beside a plain loop of the same computation.

Run ``python bench/bench_spiral.py [--dtype float32] [--rounds N] [--goal 1.2] [--cpu-time]``; it exits with 1 if the
ratio is above the goal.
"""

import argparse
import sys
import time
from functools import partial
from typing import Any

from one_thread import pin

EXPECTED = {0: 6.96619246531, 1: 6.19140839639, 10: 2.42995443528, 100: 0.616367127453, 1000: 0.014951654518}
"""Losses in float64 after so many iterations."""

ITERATIONS = 1000


def main() -> int:
    """Check the losses of both, time them in turns, and compare the ratio with the goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--goal", type=float, default=1.2, help="largest ratio (default: %(default)s)")
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for a busy machine")
    args = parser.parse_args()
    pin()
    from xpnn.bench import Contender, describe_machine, interleave

    problem = _problem(args.dtype)
    contenders = {"Network.fit": partial(_fit, problem), "plain NumPy": partial(_loop, problem)}
    for name, train in contenders.items():
        _compare(name, train(), args.dtype)
    clock = time.process_time_ns if args.cpu_time else time.perf_counter_ns
    timings = interleave({k: Contender(train) for k, train in contenders.items()}, rounds=args.rounds, clock=clock)
    print(describe_machine(), end="\n\n")
    for name in contenders:
        spread = timings.step_us(name)
        print(f"{name}: {spread.median / 1e6:.3f} s ({spread.low / 1e6:.3f} to {spread.high / 1e6:.3f}), {args.dtype}")
    ratio = timings.ratio("Network.fit", "plain NumPy").median
    print(f"ratio: {ratio:.2f}, goal: at most {args.goal:.2f}")
    return int(ratio > args.goal)


def _problem(dtype: str) -> Any:
    """Draw 7 arms of 100 points and the network 2-24-24-7, in the order of the original."""
    import numpy as np
    from peers.problem import Problem

    from xpnn import data

    rng = np.random.RandomState(142857)
    x, y = data.spiral(100, 7, scale=4.0, rng=rng)
    shapes = ((2, 24), (24, 24), (24, 7))
    layers = [(rng.randn(*shape).astype(dtype), np.zeros(shape[1], dtype)) for shape in shapes]
    return Problem(layers, x.astype(dtype), y, learning_rate=0.01)


def _fit(problem: Any) -> list[float]:
    from peers.xpnn_network import network

    net = network(problem)
    history = net.fit(problem.x, problem.y, batch_size=None, epochs=ITERATIONS, shuffle=False, verbose=0)
    return [*history["loss"], net.evaluate(problem.x, problem.y)["loss"]]


def _loop(problem: Any) -> list[float]:
    from peers.plain_numpy import Peer

    peer = Peer(problem)
    return [float(peer.step()) for _ in range(ITERATIONS + 1)]


def _compare(name: str, losses: list[float], dtype: str) -> None:
    """Hold the losses against the expected ones; in float32 the last ones have drifted too far apart to be compared."""
    for iteration, expected in EXPECTED.items():
        tolerance = (1e-6 if iteration == ITERATIONS else 1e-9) if dtype == "float64" else 1e-3
        error = abs(losses[iteration] / expected - 1)
        if error > tolerance and (dtype == "float64" or iteration < ITERATIONS):
            raise SystemExit(f"{name}: the loss after {iteration} iterations is {losses[iteration]}, not {expected}.")


if __name__ == "__main__":
    sys.exit(main())
