"""How far xpnn is from oracles that nobody here wrote, over hundreds of random configurations of every family.

Run ``python bench/bench_agreement.py [--configurations 200] [--backends numpy,strict,torch,jax] [--families NAME,...]
[--save]``. It prints a table of family × backend with the worst relative errors (of an element, relative to the largest
of its array) in float64 and in float32, and exits with 1 if one is above its goal: 1e-12, and 1e-4 at the worst with
5e-6 at the 99th percentile.

``--save`` writes each row into ``bench/results/agreement-DATE.json`` as soon as it is known, beside the rows that a run
of the same day has left there: JAX compiles every configuration and needs hours, so its families are best run by
themselves. XLA is told to leave out the optimisations that cost the most time.
"""

import argparse
import json
import os
import sys
import zlib
from pathlib import Path
from typing import Any

from one_thread import pin

GOALS = {"float64": 1e-12, "float32": 1e-4, "float32, 99 %": 5e-6}


def main() -> int:
    """Compare, print, perhaps save."""
    pin()
    os.environ |= {"JAX_ENABLE_X64": "1", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
    from agreement import FAMILIES

    args = _parse(list(FAMILIES))
    rows: dict[str, dict[str, Any]] = {}
    for word in args.backends:
        backend = _open(word)
        for family in args.families:
            rows.setdefault(family, {})[word] = found = _compare(FAMILIES[family], family, backend, args.configurations)
            print(family, word, *(f"{key} {found[key]:.1e}" for key in GOALS), file=sys.stderr, flush=True)
            if args.save:
                _keep(family, word, found)
            if "jax" in sys.modules:
                sys.modules["jax"].clear_caches()  # programs of shapes that never come again: gigabytes
    print(_table(rows, args.backends))
    return int(
        any(not found[key] <= goal for row in rows.values() for found in row.values() for key, goal in GOALS.items())
    )


def _keep(family: str, word: str, found: dict[str, Any]) -> None:
    """Put one row into the file of today."""
    from results_file import path_of, save

    from xpnn.bench import describe_machine

    machine = describe_machine()
    path = path_of("agreement", machine)
    worst = json.loads(path.read_text())["worst"] if path.exists() else {}
    worst.setdefault(family, {})[word] = found
    save("agreement", machine, {"worst": worst})


def _parse(families: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--configurations", type=int, default=200)
    parser.add_argument("--backends", type=_words, default=["numpy", "strict", "torch", "jax"])
    parser.add_argument("--families", type=_words, default=families)
    parser.add_argument("--save", action="store_true", help="write bench/results/agreement-DATE.json")
    args = parser.parse_args()
    unknown = [name for name in args.families if name not in families]
    if unknown or args.configurations < 1:
        parser.error(f"--families must be among {', '.join(families)}, and --configurations at least 1.")
    return args


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _open(word: str) -> Any:
    name, _, device = word.partition(":")
    if name == "strict":
        from strict_backend import open_backend

        return open_backend(device or None)
    from xpnn.backend import get_backend

    return get_backend(word)


def _compare(family: Any, name: str, backend: Any, configurations: int) -> dict[str, Any]:
    """Worst errors over so many configurations, the same ones for every backend."""
    import numpy as np
    from agreement import errors

    rng, found = np.random.default_rng(zlib.crc32(name.encode())), {"float64": [np.zeros(1)], "float32": [np.zeros(1)]}
    for _ in range(configurations):
        case = family(rng)
        for dtype, kept in found.items():
            kept += errors(case, backend, dtype).values()
    double, single = (np.concatenate(kept) for kept in found.values())
    worst = float(double.max()), float(single.max()), float(np.quantile(single, 0.99))
    return {"configurations": configurations, **dict(zip(GOALS, worst, strict=True))}


def _table(rows: dict[str, dict[str, Any]], backends: list[str]) -> str:
    from xpnn.bench.table import render_rows

    header = ["family", *(f"{word}, {key}" for word in backends for key in GOALS)]
    cells = [[family, *(f"{row[word][key]:.1e}" for word in backends for key in GOALS)] for family, row in rows.items()]
    return render_rows([header, *cells])


if __name__ == "__main__":
    sys.exit(main())
