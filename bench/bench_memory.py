"""Peak memory of training beside the least that backpropagation can do with, for models, optimizers, and ways to run.

Each row is a fresh process; see `memory_run.minimum` for what is counted. Run ``python bench/bench_memory.py
[--models 784-2048-2048-10@128,...] [--optimizers adam,sgd] [--modes eager,default] [--save]``; it exits with 1 if a row
other than an eager one is above the goal.
"""

import argparse
import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from one_thread import pin

MODELS = ("784-128-10@32", "784-512-512-10@128", "784-512-512-10@2048", "784-2048-2048-10@512")
MODES: dict[str, bool | str] = {"eager": False, "replay": "replay", "fast": "fast", "default": True}
"""What a row says, and what `Network` is told as ``compile``."""

RUN = Path(__file__).resolve().with_name("memory_run.py")


def main() -> int:
    """Run every row, and compare the ratios with the goal."""
    args = _parse()
    rows = []
    for model, optimizer, mode in product(args.models, args.optimizers, args.modes):
        print(f"{model}, {optimizer}, {mode} ...", file=sys.stderr, flush=True)
        rows.append({"model": model, "optimizer": optimizer, "mode": mode} | _run(model, optimizer, MODES[mode]))
    print(_table(rows))
    for line in dict.fromkeys(f"{row['mode']} is left out: {row['reason']}" for row in rows if "reason" in row):
        print(line)
    print(f"goal: at most {args.goal:.2f}")
    if args.save:
        _save(rows)
    measured = [row for row in rows if "peak" in row]
    return int(not measured or any(_ratio(row) > args.goal for row in measured if row["mode"] != "eager"))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", default=",".join(MODELS), help="sizes of the layers @ batch (default: %(default)s)")
    parser.add_argument("--optimizers", default="adam,sgd", help="default: %(default)s")
    parser.add_argument("--modes", default=",".join(MODES), help="default: %(default)s")
    parser.add_argument("--goal", type=float, default=1.2, help="largest ratio (default: %(default)s)")
    parser.add_argument("--save", action="store_true", help="write bench/results/memory-DATE.json")
    args = parser.parse_args()
    for option in ("models", "optimizers", "modes"):
        setattr(args, option, getattr(args, option).split(","))
    if not MODES.keys() >= set(args.modes):
        parser.error(f"--modes must be among {', '.join(MODES)}, got {','.join(args.modes)!r}.")
    return args


def _run(model: str, optimizer: str, compile: bool | str) -> dict[str, Any]:  # noqa: A002
    """Return the row of a fresh process."""
    layers, _, batch = model.partition("@")
    sizes = [int(size) for size in layers.split("-")]
    options = {"sizes": sizes, "batch": int(batch or 128), "optimizer": optimizer, "compile": compile}
    command = [sys.executable, str(RUN), json.dumps(options)]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603
    result: dict[str, Any] = json.loads(output)
    return result


def _table(rows: list[dict[str, Any]]) -> str:
    """Ratios of the peak to what is needed, later and in the first steps, and the parts of what is needed, in MB."""
    pin()
    from xpnn.bench.table import render_rows

    measured = [row for row in rows if "peak" in row]
    parts = list(measured[0]["needed"]) if measured else []
    table = [["model", "optimizer", "mode", "ratio", "first steps", "peak MB", "needed MB", *parts, "resident"]]
    for row in measured:
        sizes = [row["peak"], sum(row["needed"].values()), *row["needed"].values(), row["resident"]]
        cells = [f"{size / 1e6:.2f}" for size in sizes]
        table.append(
            [row["model"], row["optimizer"], _mode(row), f"{_ratio(row):.2f}", f"{_ratio(row, 'first'):.2f}", *cells]
        )
    return render_rows(table)


def _mode(row: dict[str, Any]) -> str:
    """Name the mode, and for the default what it came to."""
    return f"default ({', '.join(row['modes'])})" if row["mode"] == "default" else str(row["mode"])


def _ratio(row: dict[str, Any], peak: str = "peak") -> float:
    return float(row[peak] / sum(row["needed"].values()))


def _save(rows: list[dict[str, Any]]) -> None:
    from results_file import save

    from xpnn.bench import describe_machine

    print("Saved as", save("memory", describe_machine(), {"rows": rows}).name)


if __name__ == "__main__":
    sys.exit(main())
