"""`Recorder`: the namespace in which running a step writes it down.

Arrays are `Traced`: they have a shape and a type and no numbers, so recording computes nothing, needs no memory, and
changes nothing. A function that the recorder does not know is tried once on arrays of zeros, to learn the shape of its
result, and becomes a node that calls it.

Over 150 lines: a method for each function of the standard whose result has another shape.
"""

from collections.abc import Callable, Mapping
from typing import Any

from xpnn.errors import RecordingError
from xpnn.namespaces.number import Number
from xpnn.namespaces.traced import Traced
from xpnn.program.elementwise import ELEMENTWISE, result_dtype
from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.program.shapes import broadcast, joined, normal_axes, product, reduced, resolve, sliced
from xpnn.typing import Array, Backend, DType, Shape

__all__ = ["Recorder"]

_CREATION = frozenset(("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros"))
_LIKE = {"zeros_like": "zeros", "ones_like": "ones", "empty_like": "zeros"}


class Recorder:
    """An Array API namespace for one recording on `backend`."""

    def __init__(self, backend: Backend) -> None:
        self._xp, self._backend, self.device = backend.xp, backend, backend.device
        self._nodes: list[Node] = []
        self._held: list[Node] = []
        self._given: list[Node] = []
        self._numbers: dict[tuple[int, str], Node] = {}
        self._dtypes: dict[str, DType] = {}
        self._kept: list[Any] = []

    # --------------------------------------------------------------------------------------------- inputs and outputs

    def hold(self, array: Array) -> Traced:
        """Input that lives from run to run, like `array`."""
        return self._input(self._held, tuple(array.shape), self._name(array.dtype))

    def give(self, array: Array) -> Traced:
        """Input that is new in each run, like `array`."""
        return self._input(self._given, tuple(array.shape), self._name(array.dtype))

    def give_like(self, shape: Shape, dtype: DType | str) -> Traced:
        """Input of this shape and type, or name of a type, that is new in each run."""
        return self._input(self._given, shape, self._name(dtype))

    def program(self, outputs: list[Any], updates: Mapping[Any, Any]) -> Program:
        """Return what has been recorded; `updates` maps held inputs to their new contents."""
        return Program(
            tuple(self._nodes),
            tuple(self._held),
            tuple(self._given),
            tuple(self._numbers.values()),
            tuple(self._node(value) for value in outputs),
            tuple((held.node, self._node(value)) for held, value in updates.items() if value is not held),
        )

    def dtype(self, name: str) -> DType:
        """Type of that name, as the library's own object."""
        if name not in self._dtypes:
            self._dtypes[name] = getattr(self._xp, name)
        return self._dtypes[name]

    # -------------------------------------------------------------------------------------------------- the standard

    def __getattr__(self, name: str) -> Any:
        """Look a function up and keep it; types and constants are those of the library."""
        if name in ELEMENTWISE:
            found: Any = lambda *args: self.operate(name, *args)  # noqa: E731
        elif name in _CREATION:
            found = lambda *args, **options: self._constant(getattr(self._xp, name)(*args, **options))  # noqa: E731
        elif name in _LIKE:
            found = lambda x, **options: self._full(_LIKE[name], x, options)  # noqa: E731
        else:
            found = getattr(self._xp, name)
            if callable(found) and not isinstance(found, type) and name not in ("isdtype", "finfo", "iinfo"):
                found = self._caller(found)
        self.__dict__[name] = found
        return found

    def operate(self, op: str, *args: Any, in_place: bool = False) -> Any:
        """Record an elementwise function, or a product of matrices; in place, the result lies as the first one does."""
        if op == "matmul":
            return self.matmul(*args)
        parts = [part if isinstance(part, bool | int | float | Number) else self._node(part) for part in args]
        if op == "where" and not isinstance(parts[0], Node):
            raise RecordingError("the condition of where must be an array.")
        values = parts[1:] if op == "where" else parts
        dtypes = [value.dtype for value in values if isinstance(value, Node)]
        dtype = result_dtype(op, dtypes, [value for value in values if not isinstance(value, Node)])
        parts = [self._number(part, dtypes[0]) if isinstance(part, Number) else part for part in parts]
        shape = broadcast([part.shape for part in parts if isinstance(part, Node)])
        return self._record(op, parts, shape, dtype, **({"in_place": True} if in_place else {}))

    def matmul(self, a: Any, b: Any, /) -> Traced:
        """Record a product of matrices."""
        left, right = self._node(a), self._node(b)
        dtype = result_dtype("multiply", [left.dtype, right.dtype])
        return self._record("matmul", (left, right), product(left.shape, right.shape), dtype)

    def astype(self, x: Any, dtype: DType, /, *, copy: bool = True, device: Any = None) -> Traced:
        """Record a change of type."""
        node, name = self._node(x), self._name(dtype)
        return Traced(node, self) if node.dtype == name else self._record("astype", (node,), node.shape, name)

    def sum(self, x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Traced:
        """Record a sum."""
        if dtype is not None or self._node(x).dtype in ("bool", "uint8", "int8", "int16", "int32", "uint16", "uint32"):
            return self._caller(self._xp.sum)(x, axis=axis, dtype=dtype, keepdims=keepdims)  # type: ignore[no-any-return]
        return self._reduce("sum", x, axis, keepdims)

    def max(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Traced:
        """Record a maximum."""
        return self._reduce("max", x, axis, keepdims)

    def min(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Traced:
        """Record a minimum."""
        return self._reduce("min", x, axis, keepdims)

    def reshape(self, x: Any, /, shape: Any, *, copy: bool | None = None) -> Traced:
        """Record a new shape."""
        node = self._node(x)
        return self._record("reshape", (node,), resolve(shape, node.size), node.dtype)

    def expand_dims(self, x: Any, /, *, axis: int = 0) -> Traced:
        """Record a new axis of one element."""
        (place,) = normal_axes(axis, x.ndim + 1)
        return self.reshape(x, (*x.shape[:place], 1, *x.shape[place:]))

    def squeeze(self, x: Any, /, axis: Any) -> Traced:
        """Record that axes of one element go."""
        axes = normal_axes(axis, x.ndim)
        if any(x.shape[a] != 1 for a in axes):
            raise RecordingError(f"squeeze must be given axes of one element, got {axis} of the shape {x.shape}.")
        return self.reshape(x, reduced(x.shape, axes, False))

    def permute_dims(self, x: Any, /, axes: Any) -> Traced:
        """Record a new order of the axes."""
        node, axes = self._node(x), normal_axes(tuple(axes), x.ndim)
        if len(axes) != x.ndim:
            raise RecordingError(f"permute_dims must be given all {x.ndim} axes, got {axes}.")
        shape = tuple(node.shape[a] for a in axes)
        return self._record("transpose", (node,), shape, node.dtype, axes=axes)

    def matrix_transpose(self, x: Any, /) -> Traced:
        """Record that the last two axes are swapped."""
        n = x.ndim
        return self.permute_dims(x, (*range(n - 2), n - 1, n - 2))

    def broadcast_to(self, x: Any, /, shape: Any) -> Traced:
        """Record that an array is repeated along axes."""
        node = self._node(x)
        if broadcast([node.shape, tuple(shape)]) != tuple(shape):
            raise RecordingError(f"broadcast_to must not make a shape smaller, got {node.shape} and {tuple(shape)}.")
        return self._record("broadcast_to", (node,), tuple(shape), node.dtype)

    def concat(self, arrays: Any, /, *, axis: int | None = 0) -> Traced:
        """Record that arrays are joined along an axis."""
        nodes = [self._node(array if axis is not None else self.reshape(array, (-1,))) for array in arrays]
        (axis,) = normal_axes(axis or 0, nodes[0].ndim)
        shape = joined([node.shape for node in nodes], axis)
        return self._record("concat", nodes, shape, result_dtype("add", [n.dtype for n in nodes]), axis=axis)

    def stack(self, arrays: Any, /, *, axis: int = 0) -> Traced:
        """Record that arrays are joined along a new axis."""
        (axis,) = normal_axes(axis, arrays[0].ndim + 1)
        return self.concat([self.expand_dims(array, axis=axis) for array in arrays], axis=axis)

    def unstack(self, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        """Record the parts along an axis."""
        (axis,) = normal_axes(axis, x.ndim)
        return tuple(self.index(x, (*(slice(None),) * axis, i)) for i in range(x.shape[axis]))

    def full_like(self, x: Any, value: float, /, **options: Any) -> Traced:
        """Record a constant of the shape of `x`."""
        return self._full("full", x, options, value)

    def index(self, x: Any, key: Any) -> Traced:
        """Record a basic index: a slice, then the shape without the axes that integers took."""
        node = self._node(x)
        bounds, shape = sliced(node.shape, key)
        kept = tuple(len(range(*bound)) for bound in bounds)
        if kept != node.shape or any(bound[2] < 0 for bound in bounds):
            node = self._record("slice", (node,), kept, node.dtype, bounds=bounds).node
        return Traced(node, self) if shape == kept else self._record("reshape", (node,), shape, node.dtype)

    def elementwise_call(self, function: Callable[[Array], Array], x: Any) -> Traced:
        """Record a function of the backend that keeps shape and type."""
        node = self._node(x)
        return self._record("call", (node,), node.shape, node.dtype, function=function, keywords={})

    # -------------------------------------------------------------------------------------------------------- inside

    def _record(self, op: str, args: Any, shape: Shape, dtype: str, **options: Any) -> Traced:
        node = Node(op, tuple(args), tuple(shape), dtype, options)
        self._nodes.append(node)
        return Traced(node, self)

    def _input(self, kept: list[Node], shape: Shape, dtype: str) -> Traced:
        node = Node("input", (), shape, dtype)
        kept.append(node)
        return Traced(node, self)

    def _node(self, value: Any) -> Node:
        if isinstance(value, Traced):
            return value.node
        return self._constant(value if hasattr(value, "dtype") else self._xp.asarray(value)).node

    def _constant(self, array: Array) -> Traced:
        return self._record("constant", (), tuple(array.shape), self._name(array.dtype), array=array)

    def _full(self, function: str, x: Any, options: Mapping[str, Any], *value: float) -> Traced:
        options = {"dtype": x.dtype, "device": self.device, **{k: v for k, v in options.items() if v is not None}}
        return self._constant(getattr(self._xp, function)(tuple(x.shape), *value, **options))

    def _number(self, number: Number, dtype: str) -> Node:
        """Array without axes of the type of the arrays that it meets; all lie in one array, so all are of one type."""
        key = id(number), dtype
        for _, other in self._numbers:
            if other != dtype:
                raise RecordingError(f"numbers of a step must meet arrays of one type, got {other} and {dtype}.")
        if key not in self._numbers:
            self._kept.append(number)
            self._numbers[key] = Node("number", (), (), dtype, {"compute": number.compute})
        return self._numbers[key]

    def _reduce(self, op: str, x: Any, axis: Any, keepdims: bool) -> Traced:
        node = self._node(x)
        axes = normal_axes(axis, node.ndim)
        shape = reduced(node.shape, axes, keepdims)
        return self._record(op, (node,), shape, node.dtype, axes=axes, keepdims=keepdims)

    def _caller(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function without a rule: its result has the shape that it gives for zeros."""

        def call(*args: Any, **keywords: Any) -> Any:
            if not any(isinstance(arg, Traced) for arg in args):
                return self._wrap(function(*args, **keywords))
            zeros = [self._zeros(arg) if isinstance(arg, Traced) else arg for arg in args]
            result = function(*zeros, **keywords)
            if not hasattr(result, "dtype"):
                raise RecordingError(f"{function.__name__} must return one array to be recorded.")
            parts = [arg.node if isinstance(arg, Traced) else arg for arg in args]
            shape, dtype = tuple(result.shape), self._name(result.dtype)
            return self._record("call", parts, shape, dtype, function=function, keywords=keywords)

        return call

    def _wrap(self, value: Any) -> Any:
        return self._constant(value) if hasattr(value, "dtype") and hasattr(value, "shape") else value

    def _zeros(self, x: Traced) -> Array:
        return self._xp.zeros(x.shape, dtype=x.dtype, device=self.device)

    def _name(self, dtype: DType) -> str:
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
        return str(name).rpartition(".")[2]
