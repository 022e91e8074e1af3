"""Prints a schedule as Python that numba compiles: loops over elements, products, and NumPy's own loops.

The numbers are those of NumPy to the last bit. Arithmetic is IEEE's and is not reordered; products are the same calls of
the same library; sums, exponentials and the like run in NumPy's own loops. What has no such form (a product of stacks of
matrices, a function without a rule) is left to the replay: the step is then cut into parts around it.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from xpnn.typing import Shape

__all__ = ["APART", "PartPrinter", "can_print"]

SIMPLE = {
    "abs": "abs({0})", "add": "{0} + {1}", "astype": "{t}({0})", "copy": "{0}", "divide": "{0} / {1}",
    "equal": "{0} == {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}", "isfinite": "abs({0}) < inf",
    "isinf": "abs({0}) == inf", "isnan": "{0} != {0}", "less": "{0} < {1}", "less_equal": "{0} <= {1}",
    "logical_and": "{0} & {1}", "logical_not": "not {0}", "logical_or": "{0} | {1}", "logical_xor": "{0} ^ {1}",
    "maximum": "{1} if {0} < {1} or {1} != {1} else {0}", "minimum": "{1} if {0} > {1} or {1} != {1} else {0}",
    "multiply": "{0} * {1}", "negative": "-{0}", "not_equal": "{0} != {1}", "positive": "{0}",
    "sign": "{t}(1) if {0} > 0 else ({t}(-1) if {0} < 0 else {0})", "sqrt": "sqrt({0})", "square": "{0} * {0}",
    "store": "{t}({0})", "subtract": "{0} - {1}", "where": "{1} if {0} else {2}",
}  # fmt: skip
"""Elementwise functions as expressions; ``t`` is the type of the result."""

_UFUNCS = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power", "round": "rint",
}  # fmt: skip
APART = frozenset((
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "exp", "expm1",
    "floor", "floor_divide", "hypot", "log", "log10", "log1p", "log2", "logaddexp", "pow", "reciprocal", "remainder",
    "round", "signbit", "sin", "sinh", "tan", "tanh", "trunc",
))  # fmt: skip
"""Elementwise functions that run over whole arrays in NumPy's loops."""

_ITEMSIZE = {"bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "float32": 4}
_LONGEST_SHORT_ROW = 32


def ufunc_name(op: str) -> str:
    """Name in NumPy of an elementwise function of the standard."""
    return _UFUNCS.get(op, op)


def can_print(instruction: Any, locations: Mapping[Any, Any], has_loop: Any) -> bool:
    """Whether an instruction can be compiled; `has_loop(name, dtype)` tells whether NumPy has a loop for it."""
    node = instruction.nodes[0]
    if instruction.is_loop:
        return all(_is_plain(node) for node in instruction.nodes)
    if not node.dtype.startswith("float"):
        return False
    if node.op == "matmul":
        return _product(node, locations) is not None
    if node.op == "sum":
        return _sum_plan(node, locations[node.args[0]]) is not None and has_loop("add", node.dtype)
    if node.op in APART:
        places = [locations[arg] for arg in node.inputs]
        is_plain = len(places) == len(node.args) and all(p.shape == node.shape and p.is_in_order for p in places)
        return is_plain and locations[node].is_in_order and has_loop(ufunc_name(node.op), node.dtype)
    return False


def _is_plain(node: Any) -> bool:
    """Whether an expression gives the result in its type: numba adds small integers as 64-bit ones."""
    if node.op in ("max", "min"):
        return bool(node.dtype.startswith("float"))
    return node.op in SIMPLE and node.dtype in ("bool", "int64", "float32", "float64")


def _is_rows(location: Any) -> bool:
    """Whether the last axis is in order and the rows do not overlap, as BLAS wants a matrix."""
    (m, n), (s, t) = location.shape, location.strides
    return (t == 1 or n == 1) and (s >= n or m == 1)


def _turned(location: Any) -> Any:
    return type(location)(location.array, location.offset, location.strides[::-1], location.shape[::-1])


def _leading(location: Any) -> int:
    return int(max(location.strides[0] if location.shape[0] > 1 else location.shape[1], location.shape[1], 1))


def _product(node: Any, locations: Mapping[Any, Any]) -> tuple[Any, ...] | None:
    """Return (transposed, leading dimension) of both factors of a product of two matrices; None if it is none for BLAS."""
    a, b = (locations[arg] for arg in node.args)
    out = locations[node]
    if len(a.shape) != 2 or len(b.shape) != 2 or not out.is_in_order or 0 in (*a.shape, *b.shape):
        return None
    if 1 in (*a.shape, *b.shape):
        return None if not _special(a, b) else ()
    plan = []
    for factor in (a, b):
        if _is_rows(factor):
            plan.append((111, _leading(factor)))
        elif _is_rows(_turned(factor)):
            plan.append((112, _leading(_turned(factor))))
        else:
            return None
    is_square = a.array == b.array and a.offset == b.offset and a.shape == b.shape[::-1]
    return None if is_square else tuple(plan)


def _special(a: Any, b: Any) -> str | None:
    """How NumPy multiplies when an axis has one element: an outer product, or a matrix with a vector."""
    (m, k), (_, p) = a.shape, b.shape
    if m == 1 and p == 1:
        return None
    if k == 1 and m > 1 and p > 1:
        return "outer"
    if m == 1 and p > 1 and (_is_rows(b) or _is_rows(_turned(b))):
        return "row"
    if p == 1 and m > 1 and (_is_rows(a) or _is_rows(_turned(a))):
        return "column"
    return None


def _sum_plan(node: Any, source: Any) -> str | None:
    """How the sum is computed: as NumPy's namespace in this package does."""
    axes, shape = node.options["axes"], source.shape
    if 0 in shape or not axes:
        return None
    is_matrix = len(shape) == 2 and min(shape) > 1 and (_is_rows(source) or _is_rows(_turned(source)))
    if is_matrix and axes == (0,):
        return "columns"
    if is_matrix and axes == (1,) and shape[1] <= _LONGEST_SHORT_ROW:
        return "short rows"
    if len(shape) == 2 and axes == (1,) and shape[1] > _LONGEST_SHORT_ROW and source.is_in_order:
        return "rows"
    return "all" if len(axes) == len(shape) and source.is_in_order else None


class PartPrinter:
    """Prints instructions as a function ``part(table, numbers, given...)``.

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

    def function(self, name: str, instructions: Sequence[Any]) -> str:
        """Text of one function."""
        self._lines, self._addresses, self._numbers = [], {}, {}
        for instruction in instructions:
            node = instruction.nodes[0]
            if instruction.is_loop:
                self._loop(instruction)
            elif node.op == "matmul":
                self._matmul(node)
            elif node.op == "sum":
                self._sum(node)
            else:
                self._whole(node)
        given = "".join(f", given{i}" for i in range(len(self._schedule.program.given)))
        top = [f"{name_} = {text}" for name_, text in self._top()]
        body = "\n".join(f"    {line}" for line in [*top, *self._lines])
        return f"def {name}(table, numbers{given}):\n{body or '    pass'}\n"

    def header(self) -> list[str]:
        """Lines before the functions: constants of their type, loads and stores, loops of NumPy."""
        lines = ["from math import inf, sqrt", "import numpy as np", "from xpnn_backends import _numba_intrinsics as c"]
        for dtype in sorted(self._dtypes):
            lines += [f"get_{dtype} = c.get[{dtype!r}]", f"put_{dtype} = c.put[{dtype!r}]"]
            lines.append(f"{dtype} = np.{'bool_' if dtype == 'bool' else dtype}")
        lines += [f"{name} = {text}" for (_, text), name in self._literals.items()]
        for (op, dtype), name in self._loops.items():
            n_args = 3 if op in ("add", "arctan2", "copysign", "floor_divide", "hypot", "logaddexp", "power",
                                 "remainder") else 2  # fmt: skip
            lines.append(f"{name} = c.run_loop(c.register_loop({op!r}, {dtype!r}), {n_args})")
        lines += [f"{p}_{d} = c.{p}_{d}" for p in ("gemm", "gemv") for d in sorted(self._dtypes) if d[:5] == "float"]
        return lines

    # ------------------------------------------------------------------------------------------------------ addresses

    def _top(self) -> Any:
        for (array, offset, dtype), name in self._addresses.items():
            kind, number = array
            base = f"given{number}.ctypes.data" if kind == "given" else f"table[{self._slots[array]}]"
            yield name, f"{base} + {offset * _ITEMSIZE.get(dtype, 8)}" if offset else base
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

    # ------------------------------------------------------------------------------------------- products, sums, exp

    def _matmul(self, node: Any) -> None:
        a, b, out = (*(self._locations[arg] for arg in node.args), self._locations[node])
        (m, k), p = a.shape, b.shape[1]
        pa, pb, pc = (self._address(place, node.dtype) for place in (a, b, out))
        plan = _product(node, self._locations)
        if plan:
            (ta, lda), (tb, ldb) = plan
            args = f"{ta}, {tb}, {m}, {p}, {k}, {pa}, {lda}, {pb}, {ldb}, {pc}, {p}"
            self._lines.append(f"gemm_{node.dtype}({args})")
            return
        kind = _special(a, b)
        if kind == "outer":
            d, sa, sb = node.dtype, a.strides[0], b.strides[1]
            self._lines += [
                f"for i in range({m}):",
                f"    u = get_{d}({pa}, {_times('i', sa)})",
                f"    for j in range({p}):",
                f"        put_{d}({pc}, i * {p} + j, u * get_{d}({pb}, {_times('j', sb)}))",
            ]
        elif kind == "row":
            self._gemv(node.dtype, pb, _turned(b), pa, max(a.strides[1], 1), pc)
        else:
            self._gemv(node.dtype, pa, a, pb, max(b.strides[0], 1), pc)

    def _gemv(self, dtype: str, matrix: str, location: Any, vector: str, step: int, out: str) -> None:
        """Multiply a matrix with a vector, with the arguments that NumPy gives: of the transpose, to the transpose."""
        m, n = location.shape
        order, lead = (102, _leading(location)) if _is_rows(location) else (101, _leading(_turned(location)))
        self._lines.append(f"gemv_{dtype}({order}, {n}, {m}, {matrix}, {lead}, {vector}, {step}, {out}, 1)")

    def _sum(self, node: Any) -> None:
        source = self._locations[node.args[0]]
        size = _ITEMSIZE.get(node.dtype, 8)
        plan, d = _sum_plan(node, source), node.dtype
        x, out = self._address(source, d), self._address(self._locations[node], d)
        if plan in ("columns", "short rows"):
            ones = f"table[{self._slots['ones', d]}]"
            if plan == "columns":
                self._gemv(d, x, _turned(source), ones, 1, out)
            else:
                self._gemv(d, x, source, ones, 1, out)
            return
        rows = source.shape[0] if plan == "rows" else 1
        n = prod(source.shape) // rows
        add, zero = self._loop_of("add", d), self._literal(0.0, d)
        self._lines += [
            f"for i in range({rows}):",
            f"    put_{d}({out}, i, {zero})",
            f"    {add}({n}, {out} + i * {size}, 0, {x} + i * {n * size}, {size}, {out} + i * {size}, 0)",
        ]

    def _whole(self, node: Any) -> None:
        size = _ITEMSIZE.get(node.dtype, 8)
        places = [*(self._address(self._locations[arg], node.dtype) for arg in node.args)]
        places.append(self._address(self._locations[node], node.dtype))
        loop = self._loop_of(ufunc_name(node.op), node.dtype)
        self._lines.append(f"{loop}({node.size}, {', '.join(f'{place}, {size}' for place in places)})")

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
            lines.append("    " * depth + f"for {name} in range({n}):")
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


def _times(name: str, step: int) -> str:
    return name if step == 1 else f"{name} * {step}"


def _index(names: Sequence[str], strides: Sequence[int]) -> str:
    return " + ".join(_times(name, s) for name, s in zip(names, strides, strict=True) if s) or "0"


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
