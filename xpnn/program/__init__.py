"""A step written down as a program, and the passes that turn it into a schedule.

`xpnn.namespaces.Recorder` writes programs; `optimize` simplifies one; `schedule` orders its operations, fuses the
elementwise ones into loops, and gives each value a place in memory. Backends run programs or schedules.
"""

from xpnn.program.node import Node
from xpnn.program.optimize import optimize
from xpnn.program.program import Program
from xpnn.program.schedule import Schedule, schedule

__all__ = ["Node", "Program", "Schedule", "optimize", "schedule"]
