"""Measuring whether a model is faster on the CPU or on the GPU, and from what size on.

Contenders take turns, so that the noise of the machine meets them alike; their losses are compared before their times;
and the machine is written down beside the numbers.

>>> from xpnn import bench
>>> backends, unavailable = bench.open_backends(["numpy"])
>>> sweep = bench.run_sweep(backends, widths=[8], batches=[4], rounds=2, slice_ms=0.1)
>>> bench.conclusions(sweep)
['Only numpy was measured, so there is no crossover.']
"""

from xpnn.bench.case import Case, Details
from xpnn.bench.contestants import open_backends
from xpnn.bench.crossover import conclusions
from xpnn.bench.machine import Machine, describe_machine
from xpnn.bench.result import Sweep
from xpnn.bench.sweep import measure, run_sweep
from xpnn.bench.table import render
from xpnn.bench.timing import Contender, interleave
from xpnn.bench.timings import Spread, Timings

__all__ = [
    "Case",
    "Contender",
    "Details",
    "Machine",
    "Spread",
    "Sweep",
    "Timings",
    "conclusions",
    "describe_machine",
    "interleave",
    "measure",
    "open_backends",
    "render",
    "run_sweep",
]
