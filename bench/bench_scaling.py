"""How the time of a training step grows: with the batch, with the width, and with the number of layers.

Two hidden layers; batch 32 to 8192 at width 256, width 16 to 4096 at batch 128, and for the overhead of a layer 1 to 16
layers of width 8 at batch 8. Growth is measured against the arithmetic of the products, as the slope of the log-log
curve: 1 is linear. Run ``python bench/bench_scaling.py [--peers NAME,...] [--max-seconds S] [--goal 1.2] [--save]``; a
series ends with the first case that takes longer than ``--max-seconds``. It exits with 1 if the slope of the upper half
of a series is above the goal.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from one_thread import pin
from scaling_table import flop, growth, per_layer, scaling_table
from step_peers import NAMES, maker

WIDTH, BATCH, DEPTH, CLASSES = 256, 128, 2, 10
BATCHES = tuple(2**n for n in range(5, 14))
WIDTHS = tuple(2**n for n in range(4, 13))
DEPTHS, NARROW = (1, 2, 4, 8, 16), 8

RATE = 1e-5
"""A learning rate with which the losses of all sizes stay comparable."""

TITLES = {
    "batch": f"One training step in µs over the batch, {DEPTH} hidden layers of width {WIDTH}",
    "width": f"One training step in µs over the width, {DEPTH} hidden layers, batch {BATCH}",
    "depth": f"One training step in µs over the number of hidden layers, width {NARROW}, batch {NARROW}",
}


def main() -> int:
    """Measure the three series, print them, and compare the slopes with the goal."""
    args = _parse()
    pin(args.threads)
    from xpnn.bench import describe_machine

    machine = describe_machine()
    print(machine, end="\n\n", flush=True)
    makers = {name: maker("cpu", name) for name in args.peers}
    series = {topic: _measure(topic, cases, makers, args) for topic, cases in _series().items()}
    for topic, cases in series.items():
        print(scaling_table(TITLES[topic], cases, args.peers), end="\n\n")
    for line in sorted({line for cases in series.values() for case in cases for line in case["remarks"]}):
        print(line)
    growths = [_conclude(series, name) for name in args.peers]
    print(f"goal: slopes of at most {args.goal:.2f}")
    if args.save:
        from results_file import save

        print("Saved as", save("scaling", machine, {"threads": args.threads, "series": series}).name)
    return int(not all(slope <= args.goal for slope in growths))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    own = [name for name in NAMES["cpu"] if name in ("xpnn eager", "xpnn replay", "xpnn fast")]
    parser.add_argument("--peers", default=",".join(own), help="contenders of bench_step (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--max-seconds", type=float, default=60.0, help="longest case (default: %(default)s)")
    parser.add_argument("--goal", type=float, default=1.2, help="largest slope (default: %(default)s)")
    parser.add_argument("--save", action="store_true", help="write bench/results/scaling-DATE.json")
    args = parser.parse_args()
    args.peers = [name.strip() for name in args.peers.split(",")]
    unknown = [name for name in args.peers if name not in NAMES["cpu"]]
    if unknown:
        parser.error(f"--peers must be among {', '.join(NAMES['cpu'])}, got {unknown[0]!r}.")
    return args


def _conclude(series: Mapping[str, list[dict[str, Any]]], name: str) -> float:
    """Print what the series say of a contender, and return the larger slope."""
    layer, rest = per_layer(series["depth"], name)
    batch, width = (growth(series[topic], name) for topic in ("batch", "width"))
    print(f"{name}: {layer:.1f} µs per layer and {rest:.1f} µs besides; slopes: batch {batch:.2f}, width {width:.2f}")
    return max(batch, width)


def _series() -> dict[str, Iterator[tuple[int, list[int], int]]]:
    """For each topic its cases: what varies, the sizes of the layers, the batch."""
    return {
        "batch": ((batch, _sizes(WIDTH, DEPTH), batch) for batch in BATCHES),
        "width": ((width, _sizes(width, DEPTH), BATCH) for width in WIDTHS),
        "depth": ((depth, _sizes(NARROW, depth), NARROW) for depth in DEPTHS),
    }


def _sizes(width: int, depth: int) -> list[int]:
    return [width] * (depth + 1) + [CLASSES]


def _measure(
    topic: str,
    cases: Iterator[tuple[int, list[int], int]],
    makers: Mapping[str, Callable[[Any], Any]],
    args: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Measure one case after the other until one takes too long."""
    from step_measure import measure
    from step_table import remarks

    done: list[dict[str, Any]] = []
    for size, sizes, batch in cases:
        print(f"{topic} {size} ...", file=sys.stderr, flush=True)
        start = time.perf_counter()
        result = measure(sizes, batch, RATE, makers, args.rounds)
        parts = {"step_us": result["step_us"], "remarks": remarks({f"{topic} {size}": result})}
        done.append({"size": size, "batch": batch, "flop": flop(sizes, batch), **parts})
        if time.perf_counter() - start > args.max_seconds:
            break
    return done


if __name__ == "__main__":
    sys.exit(main())
