"""One training step, xpnn beside its peers: the same weights and data, equal losses, one thread, turns in one run.

Run ``python bench/bench_step.py [--models NAME,...] [--backends numpy,torch] [--rounds N] [--cpu-time] [--save]``.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from one_thread import pin
from step_table import bases, tables

MODELS = {
    "2-24-24-3": (300, 1e-2),
    "784-128-10": (32, 1e-3),
    "784-512-512-10": (128, 1e-4),
    "784-2048-2048-10": (512, 1e-4),
}
"""Sizes of the layers; the batch, and a learning rate with which rounding errors do not grow."""

PEERS = {
    "plain NumPy": "plain_numpy",
    "jax.jit": "jax_jit",
    "PyTorch eager": "torch_eager",
    "scikit-learn": "scikit_learn",
}
"""Names of the columns, and the modules in ``peers``."""

STEPS, TOLERANCE = 10, 1e-3
"""So many steps must give equal losses before anything is timed."""


def main() -> int:
    """Measure, print, and perhaps save."""
    args = _parse()
    pin()
    from xpnn.bench import describe_machine, open_backends
    from xpnn.errors import XpnnError

    try:
        backends, missing = open_backends(args.backends.split(","))
    except XpnnError as error:
        missing = {"": str(error)}
    if missing:
        print("bench_step: error:", *missing.values(), file=sys.stderr)
        return 2
    makers = {f"xpnn on {word}": _xpnn(word) for word in backends} | _peers(args.without.split(","))
    machine = describe_machine(backends)
    print(machine, end="\n\n", flush=True)
    results = {}
    for name in args.models.split(","):
        print(f"{name}, batch {MODELS[name][0]} ...", file=sys.stderr)
        results[name] = _measure(name, makers, args.rounds, args.cpu_time)
    print(tables(results, list(makers)))
    if args.save:
        _save(machine, {"clock": "processor" if args.cpu_time else "wall", "models": results})
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", default=",".join(MODELS), help="default: all, %(default)s")
    parser.add_argument("--backends", default="numpy", help="of xpnn, default: %(default)s")
    parser.add_argument("--without", default="", help="peers to leave out, e.g. 'scikit-learn,jax.jit'")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for a busy machine")
    parser.add_argument("--save", action="store_true", help="write bench/results/step-DATE.json")
    args = parser.parse_args()
    unknown = [name for name in args.models.split(",") if name not in MODELS]
    if unknown or args.rounds < 1:
        parser.error(f"models must be among {', '.join(MODELS)}, and rounds positive.")
    return args


def _xpnn(word: str) -> Callable[[Any], Any]:
    module = importlib.import_module("peers.xpnn_network")
    return lambda problem: module.Peer(problem, word)


def _peers(without: list[str]) -> dict[str, Callable[[Any], Any]]:
    """Import the peers; those that are not installed are left out."""
    makers = {}
    for name, module in PEERS.items():
        if name in without:
            continue
        try:
            makers[name] = importlib.import_module(f"peers.{module}").Peer
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return makers


def _measure(name: str, makers: dict[str, Callable[[Any], Any]], rounds: int, cpu_time: bool) -> dict[str, Any]:
    """Compare the losses of all contenders on one model, then their times."""
    from peers.problem import draw

    from xpnn.bench import Contender, interleave
    from xpnn.bench.workload import disagreements

    batch, rate = MODELS[name]
    problem = draw([int(size) for size in name.split("-")], batch, rate)
    peers = {peer: make(problem) for peer, make in makers.items()}
    losses = {peer_name: [float(peer.step()) for _ in range(STEPS)] for peer_name, peer in peers.items()}
    wrong = disagreements(losses, TOLERANCE)
    if wrong:
        raise SystemExit(f"{name}: " + "; ".join(f"{peer}: {why}" for peer, why in wrong.items()) + ".")
    contenders = {peer_name: Contender(peer.step, peer.synchronize) for peer_name, peer in peers.items()}
    clock = time.process_time_ns if cpu_time else time.perf_counter_ns
    timings = interleave(contenders, rounds=rounds, clock=clock)
    return {
        "batch": batch,
        "versions": {library: version for peer in peers.values() for library, version in peer.versions.items()},
        "loss": losses,
        "step_us": {peer: asdict(timings.step_us(peer)) for peer in peers},
        "ratios": {base: {peer: asdict(timings.ratio(peer, base)) for peer in peers} for base in bases(peers)},
    }


def _save(machine: Any, results: dict[str, Any]) -> None:
    from results_file import save

    print("\nSaved as", save("step", machine, results).name)


if __name__ == "__main__":
    sys.exit(main())
