"""One process of `bench_step`: all models with one number of threads, which must be known before NumPy loads.

`bench_step` calls ``python step_run.py OPTIONS FILE``: options as JSON; the results go to the file, tables to stdout.
"""

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

from one_thread import pin
from step_peers import maker
from step_table import remarks, tables

REST = 0.04
"""Seconds for which threads of OpenMP and OpenBLAS may spin after their last work."""


def main() -> int:
    """Measure, print, write."""
    options = json.loads(sys.argv[1])
    pin(options["threads"], options["device"])
    from peers.problem import parse
    from step_measure import measure

    from xpnn.bench import describe_machine

    warnings.filterwarnings("error", message=".* runs uncompiled")  # else an eager step would pass for a compiled one
    machine = describe_machine()
    print(f"{machine}\n", flush=True)
    makers = {name: maker(options["device"], name) for name in options["names"]}
    results: dict[str, Any] = {}
    rest = REST if options["threads"] > 1 else 0.0
    for model, (batch, rate) in options["models"].items():
        print(f"{model}, batch {batch}, threads: {options['threads']} ...", file=sys.stderr, flush=True)
        results[model] = measure(parse(model), batch, rate, makers, options["rounds"], options["cpu_time"], rest)
        run = {"threads": options["threads"], "machine": asdict(machine), "models": results}
        Path(sys.argv[2]).write_text(json.dumps(run))  # a run that is stopped leaves what it has
    print(tables(results, options["names"]), *remarks(results), sep="\n", end="\n\n")
    return int(any(result["wrong"] or not result["step_us"] for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
