"""What compiled steps are made of: loads, stores, and calls of C functions by their names.

Arrays are addresses here. An index is never checked: the printer has computed every one from shapes.

Over 150 lines: an intrinsic for each thing that a step is made of.
"""

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from xpnn_backends._cblas import find_blas
from xpnn_backends._ufunc_loops import find_loop

__all__ = [
    "gemm_float32", "gemm_float64", "gemv_float32", "gemv_float64", "get", "opaque", "put", "register_loop", "run_loop",
]  # fmt: skip

_TYPES = {
    "bool": types.boolean, "uint8": types.uint8, "int8": types.int8, "uint16": types.uint16, "int16": types.int16,
    "uint32": types.uint32, "int32": types.int32, "int64": types.int64, "float32": types.float32,
    "float64": types.float64,
}  # fmt: skip


def _pointer(context: Any, builder: Any, address: Any, index: Any, kind: Any) -> Any:
    stored = context.get_data_type(kind)
    return builder.gep(builder.inttoptr(address, stored.as_pointer()), [index], inbounds=True)


def _getter(kind: Any) -> Any:
    @intrinsic
    def get(typing: Any, address: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(_pointer(context, builder, args[0], args[1], kind))
            return context.data_model_manager[kind].from_data(builder, value)

        return kind(types.intp, types.intp), code

    return get


def _putter(kind: Any) -> Any:
    @intrinsic
    def put(typing: Any, address: Any, index: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = context.data_model_manager[kind].as_data(builder, args[2])
            builder.store(value, _pointer(context, builder, args[0], args[1], kind))
            return context.get_dummy_value()

        return types.void(types.intp, types.intp, kind), code

    return put


@intrinsic
def opaque(typing: Any, number: Any) -> Any:
    """Return an integer that LLVM takes for unknown: it unrolls no loop so often, at a cost of minutes for a LeNet."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        return builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", [args[0]], side_effect=False)

    return types.intp(types.intp), code


get = {name: _getter(kind) for name, kind in _TYPES.items()}
"""``get[dtype](address, index)`` reads an element."""

put = {name: _putter(kind) for name, kind in _TYPES.items()}
"""``put[dtype](address, index, value)`` writes an element."""


def _external(name: str, kinds: tuple[Any, ...]) -> Any:
    """C function `name` that returns nothing; `kinds` are the types of its arguments in LLVM."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), kinds), name)
        converted = [
            builder.trunc(arg, kind) if isinstance(kind, ir.IntType) and kind.width < arg.type.width else arg
            for arg, kind in zip(args, kinds, strict=True)
        ]
        builder.call(function, converted)
        return context.get_dummy_value()

    return code


_INT = ir.IntType(32)
_LONG = ir.IntType(64)
_ROW_MAJOR, _NO, _TRANSPOSED = 101, 111, 112


def _gemm(name: str, real: Any, kind: Any, integer: Any) -> Any:
    kinds = (_INT, _INT, _INT, integer, integer, integer, real, _LONG, integer, _LONG, integer, real, _LONG, integer)
    call = _external(name, kinds)
    n = types.intp

    @intrinsic
    def gemm(
        typing: Any, ta: Any, tb: Any, m: Any, p: Any, k: Any, a: Any, lda: Any, b: Any, ldb: Any, c: Any, ldc: Any
    ) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ta, tb, m, p, k, a, lda, b, ldb, c, ldc = args
            order, one, zero = ir.Constant(_LONG, _ROW_MAJOR), ir.Constant(real, 1.0), ir.Constant(real, 0.0)
            return call(context, builder, signature, (order, ta, tb, m, p, k, one, a, lda, b, ldb, zero, c, ldc))

        return types.void(*[n] * 11), code

    return gemm


def _gemv(name: str, real: Any, kind: Any, integer: Any) -> Any:
    kinds = (_INT, _INT, integer, integer, real, _LONG, integer, _LONG, integer, real, _LONG, integer)
    call = _external(name, kinds)
    n = types.intp

    @intrinsic
    def gemv(
        typing: Any, order: Any, rows: Any, columns: Any, a: Any, lda: Any, x: Any, incx: Any, y: Any, incy: Any
    ) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            order, rows, columns, a, lda, x, incx, y, incy = args
            trans, one, zero = ir.Constant(_LONG, _TRANSPOSED), ir.Constant(real, 1.0), ir.Constant(real, 0.0)
            given = (order, trans, rows, columns, one, a, lda, x, incx, zero, y, incy)
            return call(context, builder, signature, given)

        return types.void(*[n] * 9), code

    return gemv


_REALS = {"float32": (ir.FloatType(), types.float32), "float64": (ir.DoubleType(), types.float64)}
_blas = find_blas()
_products: dict[str, Any] = {}
for _dtype, (_real, _kind) in _REALS.items():
    for _name, _maker in (("gemm", _gemm), ("gemv", _gemv)):
        _symbol = f"xpnn_{_name}_{_dtype}"
        if _blas is not None:
            llvm.add_symbol(_symbol, getattr(_blas, _name)[_dtype])
        _products[f"{_name}_{_dtype}"] = _maker(_symbol, _real, _kind, ir.IntType(_blas.integer_bits if _blas else 64))
gemm_float32, gemm_float64 = _products["gemm_float32"], _products["gemm_float64"]
gemv_float32, gemv_float64 = _products["gemv_float32"], _products["gemv_float64"]


def register_loop(name: str, dtype: str) -> str | None:
    """Make the loop of ``numpy.<name>`` known to compiled code; return its symbol, or None where there is none."""
    found = find_loop(name, dtype)
    if found is None or found[1]:  # loops with data of their own call back through it
        return None
    symbol = f"xpnn_loop_{name}_{dtype}"
    llvm.add_symbol(symbol, found[0])
    return symbol


def run_loop(symbol: str, n_args: int) -> Any:
    """Return a function ``(n, address, step, address, step, ...)`` that runs a loop of NumPy; steps in bytes."""
    kinds = (_LONG, _LONG, _LONG, _LONG)
    call = _external(symbol, kinds)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n, *rest = args
        places = [cgutils.alloca_once(builder, _LONG, size=size) for size in (n_args, 1, n_args)]
        builder.store(n, places[1])
        for i in range(n_args):
            index = [ir.Constant(_INT, i)]
            builder.store(rest[2 * i], builder.gep(places[0], index))
            builder.store(rest[2 * i + 1], builder.gep(places[2], index))
        addresses = [builder.ptrtoint(place, _LONG) for place in places]
        return call(context, builder, signature, (*addresses, ir.Constant(_LONG, 0)))

    if n_args == 2:

        @intrinsic
        def run(typing: Any, n: Any, a: Any, sa: Any, b: Any, sb: Any) -> Any:
            return types.void(*[types.intp] * 5), code

    else:

        @intrinsic
        def run(typing: Any, n: Any, a: Any, sa: Any, b: Any, sb: Any, c: Any, sc: Any) -> Any:
            return types.void(*[types.intp] * 7), code

    return run
