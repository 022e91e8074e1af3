"""One training step, xpnn beside its peers: the same weights and data, equal losses, turns in one run.

Run ``python bench/bench_step.py [--threads 1,2] [--device cuda] [--models NAME,...] [--peers NAME,...] [--save]``. Each
number of threads has a process of its own. It exits with 1 if somebody's losses are not those of the others, or
nobody can run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from one_thread import pin
from step_peers import NAMES

MODELS = {
    "2-24-24-3": (300, 1e-2),
    "784-128-10": (32, 1e-3),
    "784-512-512-10": (128, 1e-4),
    "784-2048-2048-10": (512, 1e-4),
    "LeNet": (64, 1e-4),
    "LSTM": (64, 1e-3),
}
"""Models as in `peers.problem`; the batch, and a learning rate with which rounding errors do not grow."""

RUN = Path(__file__).resolve().with_name("step_run.py")


def main() -> int:
    """Measure with each number of threads, and perhaps save."""
    args = _parse()
    runs, code = [], 0
    for threads in args.threads:
        run, returned = _run(_options(args, threads))
        runs += [run] if run else []
        code = code or returned
    if args.save and runs:
        _save(args, runs)
    return code


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", type=_words, default=list(MODELS), help="default: all, " + ",".join(MODELS))
    parser.add_argument("--device", choices=list(NAMES), default="cpu")
    parser.add_argument("--peers", type=_words, help="who takes part, e.g. 'xpnn eager,jax.jit' (default: all)")
    parser.add_argument("--without", type=_words, default=[], help="whom to leave out, e.g. 'scikit-learn,thinc'")
    parser.add_argument("--threads", type=_words, default=["1"], help="e.g. '1,2' (default: 1)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for a busy machine")
    parser.add_argument("--save", action="store_true", help="write bench/results/step-DATE.json")
    args = parser.parse_args()
    names = NAMES[args.device]
    _refuse_others(parser, "models", args.models, MODELS)
    _refuse_others(parser, "peers", [*(args.peers or ()), *args.without], names)
    if args.rounds < 1 or not all(word.isdecimal() and int(word) for word in args.threads):
        parser.error("--rounds and --threads must be positive.")
    args.threads = [int(word) for word in args.threads]
    if args.cpu_time and max(args.threads) > 1:
        parser.error("--cpu-time must go with one thread, for it adds up the time of all.")
    args.names = [name for name in names if name not in args.without and name in (args.peers or names)]
    return args


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _refuse_others(parser: argparse.ArgumentParser, option: str, words: list[str], known: Any) -> None:
    unknown = [word for word in words if word not in known]
    if unknown:
        parser.error(f"--{option} must be among {', '.join(known)}, got {unknown[0]!r}.")


def _options(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    models = {name: MODELS[name] for name in args.models}
    shared = {key: getattr(args, key) for key in ("names", "device", "rounds", "cpu_time")}
    return {"models": models, "threads": threads, **shared}


def _run(options: dict[str, Any]) -> tuple[dict[str, Any] | None, int]:
    """Results and exit status of a fresh process; none if it broke."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        code = subprocess.run([sys.executable, str(RUN), json.dumps(options), str(path)], check=False).returncode  # noqa: S603
        return (json.loads(path.read_text()) if path.exists() else None), code


def _save(args: argparse.Namespace, runs: list[dict[str, Any]]) -> None:
    pin()
    from results_file import save

    from xpnn.bench import describe_machine

    topic = "step" if args.device == "cpu" else f"step-{args.device}"
    clock = "processor" if args.cpu_time else "wall"
    print("Saved as", save(topic, describe_machine(), {"clock": clock, "device": args.device, "runs": runs}).name)


if __name__ == "__main__":
    sys.exit(main())
