"""Many small networks at once: `xpnn.train_many` beside the same networks trained one by one, on given backends.

Run ``python bench/bench_many.py [numpy torch jax torch:cuda:0 ...] [--members 8 32 128] [--rounds N] [--save]``.
Before anything is timed, all members are compared with those that were trained alone; a difference above 1e-10 in
float64 ends the program with 1.
"""

import argparse
import sys
import time
from functools import partial
from typing import Any

from one_thread import pin

SHAPES = {
    "2-24-24-3, batch 32": (2, (24, 24), 3, 32),
    "2-24-24-3, batch 300": (2, (24, 24), 3, 300),
    "64-64-10, batch 32": (64, (64,), 10, 32),
}
"""Features, hidden layers, classes and batch size."""

SAMPLES = 300

CPU = ("numpy", "torch", "jax")


def main() -> int:
    """Compare, then time in turns, and print the time of one step of one member."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("backends", nargs="*", default=["numpy"])
    parser.add_argument("--members", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--epochs", type=int, default=20, help="epochs of one measurement (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--eager", action="store_true", help="without compilation, on both sides")
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for a busy machine")
    parser.add_argument("--save", action="store_true", help="write bench/results/many-DATE.json")
    args = parser.parse_args()
    pin(device="cpu" if all(word.partition(":")[0] in CPU and ":" not in word for word in args.backends) else "cuda")
    from results_file import save

    from xpnn.bench import describe_machine

    machine, rows = describe_machine(), []
    print(machine, end="\n\n")
    print(f"{'network':22} {'backend':14} {'members':>7} {'alone':>10} {'together':>10}  speed-up (low to high)")
    for shape in args.shapes:
        for backend in args.backends:
            for members in args.members:
                rows.append(_measure(shape, backend, members, args))
                print(_line(rows[-1]), flush=True)
    if args.save:
        print(save("many", machine, {"epochs": args.epochs, "eager": args.eager, "rows": rows}))
    return 0


def _measure(shape: str, backend: str, members: int, args: argparse.Namespace) -> dict[str, Any]:
    """Microseconds per step and member of both ways, preparations included, and their ratio."""
    from xpnn.bench import Contender, interleave

    _compare(shape, backend, args)
    contenders = {
        "alone": partial(_alone, shape, backend, members, args.epochs, args.eager),
        "together": partial(_together, shape, backend, members, args.epochs, args.eager),
    }
    clock = time.process_time_ns if args.cpu_time else time.perf_counter_ns
    timings = interleave({name: Contender(run) for name, run in contenders.items()}, rounds=args.rounds, clock=clock)
    steps = members * args.epochs * -(-SAMPLES // SHAPES[shape][3])
    alone, together = (timings.step_us(name).median / steps for name in contenders)
    ratio = timings.ratio("alone", "together")
    row = {"network": shape, "backend": backend, "members": members, "alone_us": alone, "together_us": together}
    return row | {"speed_up": ratio.median, "low": ratio.low, "high": ratio.high}


def _line(row: dict[str, Any]) -> str:
    times = f"{row['alone_us']:7.1f} µs {row['together_us']:7.1f} µs"
    ratio = f"{row['speed_up']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
    return f"{row['network']:22} {row['backend']:14} {row['members']:7} {times}  {ratio}"


def _network(shape: str, backend: str, seed: int, eager: bool, dtype: str = "float32") -> Any:
    from xpnn import Network
    from xpnn.layers import Dense
    from xpnn.optimizers import Adam

    layers = [Dense(units, activation="relu") for units in SHAPES[shape][1]]
    layers.append(Dense(SHAPES[shape][2]))
    return Network(layers, optimizer=Adam(0.01), backend=backend, dtype=dtype, seed=seed, compile=not eager)


def _data(shape: str) -> Any:
    import numpy as np

    rng = np.random.default_rng(0)
    features, _, classes, _ = SHAPES[shape]
    return rng.standard_normal((SAMPLES, features)), rng.integers(0, classes, SAMPLES)


def _alone(shape: str, backend: str, members: int, epochs: int, eager: bool, dtype: str = "float32") -> list[Any]:
    (x, y), batch_size = _data(shape), SHAPES[shape][3]
    networks = [_network(shape, backend, seed, eager, dtype) for seed in range(members)]
    for network in networks:
        network.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
    return networks


def _together(shape: str, backend: str, members: int, epochs: int, eager: bool, dtype: str = "float32") -> Any:
    import xpnn

    (x, y), batch_size = _data(shape), SHAPES[shape][3]
    network = _network(shape, backend, 0, eager, dtype)
    return xpnn.train_many(network, x, y, seeds=range(members), batch_size=batch_size, epochs=epochs).networks


def _compare(shape: str, backend: str, args: argparse.Namespace) -> None:
    """Refuse to time what does not compute the same."""
    import numpy as np

    dtype = "float32" if backend.partition(":")[0] == "jax" else "float64"
    pairs = zip(
        _alone(shape, backend, 3, 3, args.eager, dtype), _together(shape, backend, 3, 3, args.eager, dtype), strict=True
    )
    error = max(float(np.abs(a.flat_parameters - b.flat_parameters).max()) for a, b in pairs)
    if not error < (1e-10 if dtype == "float64" else 1e-5):
        raise SystemExit(f"{backend}, {shape}: members differ by {error:.3g} from those trained alone.")


if __name__ == "__main__":
    sys.exit(main())
