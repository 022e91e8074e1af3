"""CUDA C++ and cuBLAS's products for a schedule: its loops are kernels."""

from collections.abc import Sequence
from math import prod
from typing import Any

from xpnn_backends._cublas_layout import is_matrix
from xpnn_backends._cublas_product import plan_product
from xpnn_backends._cuda_loop import LoopPrinter
from xpnn_backends._cuda_math import TYPES
from xpnn_backends._cuda_preamble import PREAMBLE
from xpnn_backends._cuda_steps import Key, Multiply, Source

__all__ = ["array_types", "print_source"]

_LONG = 2**30
"""Elements from which on indices need more than 32 bits."""


def print_source(schedule: Any) -> Source:
    """Print `schedule`, whose reductions all run in loops, and a kernel ``numbers`` that writes the program's numbers.

    Raises
    ------
    ValueError
        If an operation or a type has no kernel.
    """
    source = Source()
    loops = LoopPrinter(schedule.locations, array_types(schedule), source)
    for instruction in schedule.instructions:
        if instruction.is_loop:
            loops.add(instruction)
        elif instruction.nodes[0].op == "matmul":
            source.steps.append(_multiply(instruction.nodes[0], schedule.locations, loops))
        else:
            source.steps.append(instruction.nodes[0])
    numbers = [_set_numbers(schedule.program.numbers)] if schedule.program.numbers else []
    source.text = "\n".join([f"{PREAMBLE}typedef {_index_type(schedule)} index_t;\n", *loops.kernels, *numbers])
    return source


def array_types(schedule: Any) -> dict[Key, str]:
    """Types of the arrays that the locations of a schedule name."""
    program = schedule.program
    groups = ("held", program.held), ("given", program.given), ("constant", schedule.constants)
    types: dict[Key, str] = {(name, i): node.dtype for name, nodes in groups for i, node in enumerate(nodes)}
    types |= {(name, dtype): dtype for name in ("arena", "scratch") for dtype in TYPES}
    return types | ({("number", 0): program.numbers[0].dtype} if program.numbers else {})


def _multiply(node: Any, locations: Any, loops: LoopPrinter) -> Multiply:
    """Plan a product; factors that cuBLAS cannot read are copied into scratch memory before."""
    places, start = [], 0
    for arg in node.args:
        place = locations[arg]
        if arg.dtype != node.dtype or not is_matrix(place):
            place = loops.copy(arg, node.dtype, start)
            start += arg.size
        places.append(place)
    left, right = places
    product = plan_product(node.dtype, left, right, locations[node])
    return Multiply(product, left.array, right.array, locations[node].array)


def _index_type(schedule: Any) -> str:
    sizes = [node.size for node in schedule.locations] + [prod(i.shape) for i in schedule.instructions]
    return "long long" if max([*sizes, *schedule.arenas.values()], default=0) >= _LONG else "int"


def _set_numbers(numbers: Sequence[Any]) -> str:
    kind = TYPES[numbers[0].dtype]
    parameters = "".join(f", {kind} n{i}" for i in range(len(numbers)))
    lines = "".join(f"    out[{i}] = n{i};\n" for i in range(len(numbers)))
    return f'extern "C" __global__ void numbers({kind}* out{parameters}) {{\n{lines}}}\n'
