"""Prints loops over elements: addresses, index arithmetic, expressions, maxima and minima on the way.

Over 150 lines: one class; a method for each part of a loop.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from xpnn.typing import Shape
from xpnn_backends._numba_plan import ITEMSIZE, SIMPLE

__all__ = ["LoopPrinter", "times"]


class LoopPrinter:
    """Prints loops, and names what they are made of: addresses, constants, numbers.

    Parameters
    ----------
    schedule : Schedule
        Whose locations are used.
    slots : mapping
        Number in ``table``, the addresses of the arrays, of each array of a location but the given ones.
    """

    def __init__(self, schedule: Any, slots: Mapping[Any, int]) -> None:
        self._schedule, self._locations, self._slots = schedule, schedule.locations, slots
        self._lines: list[str] = []
        self._addresses: dict[Any, str] = {}
        self._literals: dict[tuple[str, str], str] = {}
        self._loops: dict[tuple[str, str], str] = {}
        self._numbers: dict[Any, str] = {}
        self._dtypes: set[str] = set()

    def _top(self) -> Any:
        for (array, offset, dtype), name in self._addresses.items():
            kind, number = array
            base = f"given{number}.ctypes.data" if kind == "given" else f"table[{self._slots[array]}]"
            yield name, f"{base} + {offset * ITEMSIZE.get(dtype, 8)}" if offset else base
        for location, name in self._numbers.items():
            yield name, f"numbers[{location.offset}]"

    def _address(self, location: Any, dtype: str) -> str:
        self._dtypes.add(dtype)
        return self._addresses.setdefault((location.array, location.offset, dtype), f"p{len(self._addresses)}")

    def _literal(self, value: Any, dtype: str) -> str:
        self._dtypes.add(dtype)
        text = {"inf": "inf", "-inf": "-inf", "nan": "float('nan')"}.get(repr(value), repr(value))
        return self._literals.setdefault((dtype, f"{dtype}({text})"), f"k{len(self._literals)}")

    def _loop_of(self, op: str, dtype: str) -> str:
        self._dtypes.add(dtype)
        return self._loops.setdefault((op, dtype), f"{op}_{dtype}")

    # ---------------------------------------------------------------------------------------------------------- loops

    def _loop(self, instruction: Any) -> None:
        operands = self._operands(instruction)
        shape, steps = _merge(instruction.shape, {key: strides for key, (_, _, strides) in operands.items()})
        names = ("i", "j", "k", "l", "m", "n")[: len(shape)]
        index = {key: _index(names, strides) for key, strides in steps.items()}
        before, body, after = self._body(instruction, operands, index, steps)
        lines = [line for line, at in before if at == "start"]
        for depth, (name, n) in enumerate(zip(names, shape, strict=True)):
            if depth == len(names) - 1:
                lines += ["    " * depth + line for line, at in before if at == "row"]
            count = n if depth == len(names) - 1 else f"opaque({n})"
            lines.append("    " * depth + f"for {name} in range({count}):")
        lines += ["    " * len(names) + line for line in body]
        lines += ["    " * max(len(names) - 1, 0) + line for line in after]
        self._lines += lines

    def _operands(self, instruction: Any) -> dict[Any, tuple[Any, str, tuple[int, ...]]]:
        """Everything that the loop reads or writes in memory: location, type, and strides along the loop."""
        inside = set(instruction.nodes)
        found: dict[Any, tuple[Any, str, tuple[int, ...]]] = {}
        ndim = len(instruction.shape)
        for node in instruction.nodes:
            for arg in node.inputs:
                if arg not in inside and arg.op != "number":
                    found[arg] = self._operand(self._locations[arg], arg.dtype, instruction.shape)
            if node.op == "store":
                target = node.options["target"]
                found[node] = self._operand(self._locations[target], target.dtype, instruction.shape)
            elif node in self._locations:
                place = self._locations[node]
                if node.op in ("max", "min"):
                    kept = iter(s for s, n in zip(place.strides, place.shape, strict=True) if True)
                    axes = node.options["axes"]
                    if node.options["keepdims"]:
                        strides = tuple(0 if a in axes else s for a, s in enumerate(place.strides))
                    else:
                        strides = tuple(0 if a in axes else next(kept) for a in range(ndim))
                    found[node] = place, node.dtype, strides
                else:
                    found[node] = self._operand(place, node.dtype, instruction.shape)
        return found

    def _operand(self, place: Any, dtype: str, shape: Shape) -> tuple[Any, str, tuple[int, ...]]:
        new = len(shape) - len(place.shape)
        pairs = zip(place.shape, place.strides, shape[new:], strict=True)
        return place, dtype, (*(0,) * new, *(0 if n == 1 and size != 1 else s for n, s, size in pairs))

    def _body(
        self, instruction: Any, operands: Mapping[Any, Any], index: Mapping[Any, str], steps: Mapping[Any, Any]
    ) -> tuple[list[tuple[str, str]], list[str], list[str]]:
        before: list[tuple[str, str]] = []
        body: list[str] = []
        after: list[str] = []
        names: dict[Any, str] = {}
        for node in instruction.nodes:
            args = [self._argument(arg, node, operands, index, steps, names, before, body) for arg in node.args]
            if node.op in ("max", "min"):
                self._reduce(node, args[0], operands, index, steps, before, body, after)
                continue
            name = names[node] = f"t{len(names)}"
            dtype = node.options["target"].dtype if node.op == "store" else node.dtype
            self._dtypes.add(dtype)
            body.append(f"{name} = {SIMPLE[node.op].format(*args, t=dtype)}")
            if node in operands:
                body.append(f"put_{dtype}({self._address(operands[node][0], dtype)}, {index[node]}, {name})")
        return before, body, after

    def _argument(
        self, arg: Any, node: Any, operands: Any, index: Any, steps: Any, names: dict[Any, str], before: Any, body: Any
    ) -> str:
        if not hasattr(arg, "op"):
            dtype = next((other.dtype for other in node.inputs if other.dtype != "bool"), node.dtype)
            return self._literal(arg, dtype)
        if arg in names:
            return names[arg]
        if arg.op == "number":
            return self._numbers.setdefault(self._locations[arg], f"n{len(self._numbers)}")
        name = names[arg] = f"t{len(names)}"
        read = f"{name} = get_{arg.dtype}({self._address(operands[arg][0], arg.dtype)}, {index[arg]})"
        if index[arg] == "0":
            before.append((read, "start"))
        elif steps[arg][-1] == 0:
            before.append((read, "row"))
        else:
            body.append(read)
        return name

    def _reduce(
        self, node: Any, value: str, operands: Any, index: Any, steps: Any, before: Any, body: Any, after: Any
    ) -> None:
        d, sign = node.dtype, ">" if node.op == "max" else "<"
        address = self._address(operands[node][0], d)
        first = self._literal(float("-inf") if node.op == "max" else float("inf"), d)
        is_row = bool(steps[node]) and steps[node][-1] == 0
        better = f"{value} if {value} {sign} {{0}} or {value} != {value} else {{0}}"
        if is_row and all(s == 0 for s in steps[node][:-1]) and len(steps[node]) > 1:
            is_row = False  # over all axes: one place in memory
        if is_row:
            name = f"best_{address}"
            before.append((f"{name} = {first}", "row"))
            body.append(f"{name} = {better.format(name)}")
            after.append(f"put_{d}({address}, {index[node]}, {name})")
            return
        size = operands[node][0].size
        before += [(f"for z in range({size}):", "start"), (f"    put_{d}({address}, z, {first})", "start")]
        body.append(f"best = get_{d}({address}, {index[node]})")
        body.append(f"put_{d}({address}, {index[node]}, {better.format('best')})")


def times(name: str, step: int) -> str:
    return name if step == 1 else f"{name} * {step}"


def _index(names: Sequence[str], strides: Sequence[int]) -> str:
    return " + ".join(times(name, s) for name, s in zip(names, strides, strict=True) if s) or "0"


def _merge(shape: Shape, operands: Mapping[Any, tuple[int, ...]]) -> tuple[Shape, dict[Any, tuple[int, ...]]]:
    """Merge neighbouring axes that every operand runs through in one stride, and drop those of one element."""
    sizes: list[int] = []
    steps: dict[Any, list[int]] = {key: [] for key in operands}
    for axis, n in enumerate(shape):
        if n == 1:
            continue
        if sizes and all(steps[key][-1] == n * strides[axis] for key, strides in operands.items()):
            sizes[-1] *= n
            for key, strides in operands.items():
                steps[key][-1] = strides[axis]
        else:
            sizes.append(n)
            for key, strides in operands.items():
                steps[key].append(strides[axis])
    return tuple(sizes), {key: tuple(value) for key, value in steps.items()}
