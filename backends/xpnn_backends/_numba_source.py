"""Prints a schedule as Python that numba compiles: loops over elements, products, and NumPy's own loops.

The numbers are those of NumPy to the last bit. Arithmetic is IEEE's and is not reordered; products are the same calls
of the same library; sums, exponentials and the like run in NumPy's own loops. What has no such form (a product of
stacks of matrices, a function without a rule) is left to the replay: the step is then cut into parts around it.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from xpnn_backends._numba_loop import LoopPrinter, times
from xpnn_backends._numba_plan import (
    ITEMSIZE,
    is_rows,
    leading,
    product_plan,
    special_product,
    sum_plan,
    turned,
    ufunc_name,
)
from xpnn_backends._numba_roll import SHORT, roll

__all__ = ["PartPrinter"]


class PartPrinter(LoopPrinter):
    """Prints instructions as a function ``part(table, numbers, given...)``.

    See `xpnn_backends._numba_loop.LoopPrinter` for the parameters.
    """

    def function(self, name: str, instructions: Sequence[Any]) -> str:
        """Text of one function."""
        self._numbers = {}
        is_long = len(instructions) > SHORT
        rolled = roll([self._apart(instruction) for instruction in instructions]) if is_long else None
        self._lines, self._addresses = [], {}
        before, given = "", range(len(self._schedule.program.given))
        if rolled is None:
            for instruction in instructions:
                self._instruction(instruction)
        else:
            before = f"rows_{name} = np.array({rolled.rows}, dtype=np.int64)\n\n"
            self._lines = [f"table[{self._slots['given', i]}] = given{i}.ctypes.data" for i in given]
            self._lines += rolled.lines(f"rows_{name}")
        top = [f"{name_} = {text}" for name_, text in self._top()]
        body = "\n".join(f"    {line}" for line in [*top, *self._lines])
        arguments = "".join(f", given{i}" for i in given)
        return f"{before}def {name}(table, numbers{arguments}):\n{body or '    pass'}\n"

    def _apart(self, instruction: Any) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
        """Lines of one instruction, and the places of its addresses: their number in the table, and bytes after it."""
        self._lines, self._addresses = [], {}
        self._instruction(instruction)
        places = [(self._slots[array], offset * ITEMSIZE.get(dtype, 8)) for array, offset, dtype in self._addresses]
        return tuple(self._lines), places

    def _instruction(self, instruction: Any) -> None:
        node = instruction.nodes[0]
        if instruction.is_loop:
            self._loop(instruction)
        elif node.op == "matmul":
            self._matmul(node)
        elif node.op == "sum":
            self._sum(node)
        else:
            self._whole(node)

    def header(self) -> list[str]:
        """Lines before the functions: constants of their type, loads and stores, loops of NumPy."""
        lines = ["from math import inf, sqrt", "import numpy as np", "from xpnn_backends import _numba_intrinsics as c"]
        lines.append("opaque = c.opaque")
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

    # ------------------------------------------------------------------------------------------- products, sums, exp

    def _matmul(self, node: Any) -> None:
        a, b, out = (*(self._locations[arg] for arg in node.args), self._locations[node])
        (m, k), p = a.shape, b.shape[1]
        pa, pb, pc = (self._address(place, node.dtype) for place in (a, b, out))
        plan = product_plan(node, self._locations)
        if plan:
            (ta, lda), (tb, ldb) = plan
            args = f"{ta}, {tb}, {m}, {p}, {k}, {pa}, {lda}, {pb}, {ldb}, {pc}, {p}"
            self._lines.append(f"gemm_{node.dtype}({args})")
            return
        kind = special_product(a, b)
        if kind == "outer":
            d, sa, sb, zero = node.dtype, a.strides[0], b.strides[1], self._literal(0.0, node.dtype)
            self._lines += [
                f"for i in range(opaque({m})):",
                f"    u = get_{d}({pa}, {times('i', sa)})",
                f"    for j in range({p}):",
                # BLAS adds each product to 0, so that none is -0.
                f"        put_{d}({pc}, i * {p} + j, u * get_{d}({pb}, {times('j', sb)}) + {zero})",
            ]
        elif kind == "row":
            self._gemv(node.dtype, pb, turned(b), pa, max(a.strides[1], 1), pc)
        else:
            self._gemv(node.dtype, pa, a, pb, max(b.strides[0], 1), pc)

    def _gemv(self, dtype: str, matrix: str, location: Any, vector: str, step: int, out: str) -> None:
        """Multiply a matrix with a vector, with the arguments that NumPy gives: of the transpose, to the transpose."""
        m, n = location.shape
        order, lead = (102, leading(location)) if is_rows(location) else (101, leading(turned(location)))
        self._lines.append(f"gemv_{dtype}({order}, {n}, {m}, {matrix}, {lead}, {vector}, {step}, {out}, 1)")

    def _sum(self, node: Any) -> None:
        source = self._locations[node.args[0]]
        size = ITEMSIZE.get(node.dtype, 8)
        plan, d = sum_plan(node, source), node.dtype
        x, out = self._address(source, d), self._address(self._locations[node], d)
        if plan in ("columns", "short rows"):
            ones = f"table[{self._slots['ones', d]}]"
            if plan == "columns":
                self._gemv(d, x, turned(source), ones, 1, out)
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
        size = ITEMSIZE.get(node.dtype, 8)
        places = [*(self._address(self._locations[arg], node.dtype) for arg in node.args)]
        places.append(self._address(self._locations[node], node.dtype))
        loop = self._loop_of(ufunc_name(node.op), node.dtype)
        self._lines.append(f"{loop}({node.size}, {', '.join(f'{place}, {size}' for place in places)})")
