"""The time of ``import xpnn`` in fresh processes, and what it loads.

Run ``python bench/bench_import.py [--runs N] [--goal SECONDS] [--cpu-time]``; it exits with 1 above the goal, or if an
array library other than NumPy is loaded.
"""

import argparse
import json
import statistics
import subprocess
import sys

from one_thread import pin

HEAVY = ("cupy", "jax", "torch", "scipy", "sklearn", "matplotlib", "numba")

PROGRAM = f"""
import json, sys, time
start = time.{{clock}}()
import {{module}}
seconds = time.{{clock}}() - start
print(json.dumps([seconds, sorted(set({HEAVY}) & sys.modules.keys())]))
"""


def main() -> int:
    """Import in fresh processes, in turns with NumPy alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for a busy machine")
    parser.add_argument("--goal", type=float, default=0.25, help="seconds (default: %(default)s)")
    args = parser.parse_args()
    pin()
    times: dict[str, list[float]] = {"xpnn": [], "numpy": []}
    heavy: set[str] = set()
    for run in range(args.runs + 1):
        for module in times:
            seconds, loaded = _import(module, "process_time" if args.cpu_time else "perf_counter")
            heavy |= set(loaded) if module == "xpnn" else set()
            if run:
                times[module].append(seconds)
    median = {module: statistics.median(values) for module, values in times.items()}
    print(f"import xpnn: {median['xpnn']:.3f} s (NumPy alone: {median['numpy']:.3f} s), goal: at most {args.goal} s")
    print(f"heavy libraries loaded: {', '.join(sorted(heavy)) or 'none'}")
    return int(median["xpnn"] > args.goal or bool(heavy))


def _import(module: str, clock: str) -> tuple[float, list[str]]:
    """Seconds, and which of the heavy libraries are there afterwards."""
    program = f"import sys; sys.path[:0] = {sys.path[1:]!r}\n" + PROGRAM.format(module=module, clock=clock)
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout  # noqa: S603
    seconds, loaded = json.loads(output)
    return seconds, loaded


if __name__ == "__main__":
    sys.exit(main())
