"""Programs drawn at random, recorded on NumPy, whose numbers are small integers: no order of operations rounds them."""

import numpy as np
from hypothesis import strategies as st

from xpnn.backend import get_backend
from xpnn.namespaces import Number, Recorder
from xpnn.program.evaluation import evaluate

NUMPY = get_backend("numpy")

SHAPES = (
    (), (1,), (3,), (4,), (0,), (1, 3), (3, 1), (4, 3), (3, 4), (0, 3), (6, 2), (40, 3), (3, 40), (2, 4, 3),
    (2, 3, 1, 2),
)  # fmt: skip
SQUARE = ((3, 3), (3, 3), (3,), (3, 1), (1, 3), ())
VALUES = (-3, -1, -0.0, 0.0, 1, 2, 4)
UNARY = ("abs", "negative", "positive", "sign", "square", "floor")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum")
PREDICATES = ("less", "greater_equal", "equal", "not_equal")
SCALARS = (0.0, -0.0, 1, 1.0, -1, 2.0, 0.5)
GREATEST, LONGEST = 2**18, 4000


class Writer:
    """Draws one program; keeps the value that NumPy gives to each node, and checks its shape and type."""

    def __init__(self, data, dtype, steps=12, shapes=SHAPES):
        self.draw, self.dtype, self.shapes, self.recorder = data.draw, dtype, shapes, Recorder(NUMPY)
        self.rng = np.random.default_rng(self.draw(st.integers(0, 99)))
        self.values, self.pool, self.inputs, self._settled = {}, [], {"hold": [], "give": []}, 0
        for kind, arrays in self.inputs.items():
            for _ in range(self.draw(st.integers(1, 3))):
                arrays.append(self._array())
                traced = getattr(self.recorder, kind)(arrays[-1])
                self.values[traced.node] = arrays[-1]
                self.pool.append(traced)
        self._before = [array.tobytes() for arrays in self.inputs.values() for array in arrays]
        self.held = self.pool[: len(self.inputs["hold"])]
        for _ in range(self.draw(st.integers(1, steps))):
            self._grow()

    def program(self):
        """One to three outputs, which may be inputs, views or the same; some held inputs get new contents."""
        outputs = [self._pick() for _ in range(self.draw(st.integers(1, 3)))]
        changed = [held for held in self.held if self.draw(st.booleans())]
        updates = {h: self._pick(lambda t, h=h: t.shape == h.shape and t.node.dtype == h.node.dtype) for h in changed}
        return self.recorder.program(outputs, updates)

    def evaluate(self, program):
        """Outputs and new contents of the held inputs, by the functions of NumPy."""
        held, given = self.inputs.values()
        numbers = [np.asarray(value, self.dtype) for value in program.compute_numbers({})]
        return program.evaluate(NUMPY.xp, self.recorder.dtype, held, given, numbers)

    def run(self, executor, program):
        """The same by an executor, in a second run, on memory that held something else before."""
        for _ in range(2):
            for arena in executor._arenas.values():
                arena.view(np.uint8)[...] = 0xAB
            held = [array.copy() for array in self.inputs["hold"]]
            outputs, _ = executor.run(held, self.inputs["give"], program.compute_numbers({}))
        return outputs, held

    @property
    def unchanged(self):
        """The arrays that went in, with the bytes that they had."""
        arrays = [*self.inputs["hold"], *self.inputs["give"]]
        return list(zip(arrays, self._before, strict=True))

    # --------------------------------------------------------------------------------------------------- one step

    def _grow(self):
        kinds = [name for name in dir(self) if name.startswith("_write_")]
        traced = getattr(self, self.draw(st.sampled_from(kinds)))()
        nodes = self.recorder._nodes
        for node in nodes[self._settled :]:
            value = self.values[node] = evaluate(node, self.values, NUMPY.xp, self.recorder.dtype)
            assert (np.shape(value), value.dtype.name) == (node.shape, node.dtype), node
        self._settled = len(nodes)
        if traced is not None:
            value = self.values[traced.node]
            if value.size <= LONGEST and (value.dtype == bool or np.abs(value).max(initial=0) <= GREATEST):
                self.pool.append(traced)

    def _array(self):
        return self.rng.choice(np.asarray(VALUES), size=self.draw(st.sampled_from(self.shapes))).astype(self.dtype)

    def _pick(self, rule=lambda traced: True):
        found = [traced for traced in self.pool if rule(traced)]
        return self.draw(st.sampled_from(found)) if found else None

    def _real(self):
        return self._pick(is_real)

    def _pair(self):
        x = self._real()
        return x, self._pick(lambda t: t.node.dtype == x.node.dtype and fits(t.shape, x.shape))

    def _write_binary(self):
        return getattr(self.recorder, self.draw(st.sampled_from(BINARY)))(*self._pair())

    def _write_broadcast(self):
        x = self._pick()
        shapes = [
            s
            for s in (*self.shapes, (2, *x.shape), x.shape)
            if fits(s, x.shape) and np.broadcast_shapes(s, x.shape) == s
        ]
        return self.recorder.broadcast_to(x, self.draw(st.sampled_from(shapes)))

    def _write_call(self):
        x = self._pick(lambda t: t.ndim)
        return x if x is None else self.recorder.flip(x, axis=0)

    def _write_cast(self):
        name = self.draw(st.sampled_from(("bool", "int32", "float32", "float64")))
        return self.recorder.astype(self._real(), np.dtype(name))

    def _write_concat(self):
        x = self._pick(lambda t: t.ndim)
        if x is None:
            return None
        axis = self.draw(st.integers(-x.ndim, x.ndim - 1))
        rest = np.delete(x.shape, axis).tolist()
        others = [
            self._pick(
                lambda t: (
                    t.ndim == x.ndim and t.node.dtype == x.node.dtype and np.delete(t.shape, axis).tolist() == rest
                )
            )
            for _ in range(self.draw(st.integers(0, 2)))
        ]
        return self.recorder.concat([x, *others], axis=axis)

    def _write_constant(self):
        return self.recorder.asarray(self._array())

    def _write_matmul(self):
        x = self._pick(lambda t: is_real(t) and t.ndim)
        if x is None:
            return None
        y = self._pick(lambda t: t.node.dtype == x.node.dtype and can_multiply(x.shape, t.shape))
        return y if y is None else x @ y

    def _write_number(self):
        x = self._pick(lambda t: t.node.dtype == self.dtype)
        value = self.draw(st.sampled_from((2.0, -0.0, 3.0)))
        product = x * Number(lambda scalars: value)
        self.values[list(self.recorder._numbers.values())[-1]] = np.asarray(value, self.dtype)
        return product

    def _write_reduction(self):
        name = self.draw(st.sampled_from(("sum", "max", "min")))
        x = self._pick(lambda t: is_real(t) and (t.size or name == "sum"))
        if x is None:
            return None
        axes = [None, *range(-x.ndim, x.ndim), *([(0, 1)] if x.ndim > 1 else []), *([(2, 0)] if x.ndim > 2 else [])]
        axis, keepdims = self.draw(st.sampled_from(axes)), self.draw(st.booleans())
        # Which of two zeros with different signs is the greater one depends on the order.
        return getattr(self.recorder, name)(x, axis=axis, keepdims=keepdims) + 0.0

    def _write_reshape(self):
        x = self._pick()
        n = x.size
        shapes = [(*x.shape, 1), (1, *x.shape), x.shape[::-1]]
        shapes += [(-1,)] if n else []
        shapes += [(2, n // 2), (n // 2, 2)] if n and n % 2 == 0 else []
        shapes += [(3, 2, n // 6)] if n and n % 6 == 0 else []
        return self.recorder.reshape(x, self.draw(st.sampled_from(shapes)))

    def _write_scalar(self):
        x, number = self._real(), self.draw(st.sampled_from(SCALARS))
        name = self.draw(st.sampled_from((*BINARY, "divide")))
        if name == "divide":
            return x / (number or 1)
        is_first = name != "maximum" and self.draw(st.booleans())  # NumPy's namespace wants the array first
        return getattr(self.recorder, name)(*((number, x) if is_first else (x, number)))

    def _write_slice(self):
        x = self._pick(lambda t: t.ndim)
        if x is None:
            return None
        key = []
        for n in x.shape[: self.draw(st.integers(1, x.ndim))]:
            parts = [st.slices(n), st.just(slice(None)), *([st.integers(-n, n - 1)] if n else [])]
            key.append(self.draw(st.one_of(parts)))
        key += [part for part in (None, ...) if self.draw(st.booleans())]
        return x[tuple(key)]

    def _write_transpose(self):
        x = self._pick(lambda t: t.ndim > 1)
        return x if x is None else self.recorder.permute_dims(x, self.draw(st.permutations(range(x.ndim))))

    def _write_unary(self):
        return getattr(self.recorder, self.draw(st.sampled_from(UNARY)))(self._real())

    def _write_where(self):
        x, y = self._pair()
        shape = np.broadcast_shapes(x.shape, y.shape)
        mask = self._pick(lambda t: t.node.dtype == "bool" and fits(t.shape, shape))
        if mask is None or self.draw(st.booleans()):
            mask = getattr(self.recorder, self.draw(st.sampled_from(PREDICATES)))(x, y)
        return self.recorder.where(mask, x, self.draw(st.sampled_from((y, 0.0, -0.0, 1.0))))


def is_real(traced):
    """Whether an array holds floating-point numbers."""
    return traced.node.dtype.startswith("float")


def fits(a, b):
    """Whether shapes can be broadcast together."""
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def can_multiply(a, b):
    """Whether ``a @ b`` is defined for these shapes."""
    return bool(b) and a[-1] == b[-2 if len(b) > 1 else 0] and fits(a[:-2], b[:-2])


def bits(array):
    """Everything by which results are compared: type, shape and bits; NaN is NaN."""
    array = np.array(array, order="C")
    if array.dtype.kind == "f":
        array[np.isnan(array)] = np.nan
    return array.dtype.name, array.shape, array.tobytes()


def described(program):
    """Text of a program, for messages."""
    names = {node: f"in{i}" for i, node in enumerate(program.inputs)}
    lines = [f"{name}: {node!r}" for node, name in names.items()]
    for i, node in enumerate(program.nodes):
        names[node] = f"v{i}"
        lines.append(f"v{i}: {node!r}; reads {', '.join(names[arg] for arg in node.inputs)}")
    lines += ["outputs " + ", ".join(names[node] for node in program.outputs)]
    return "\n".join([*lines, *(f"{names[held]} becomes {names[value]}" for held, value in program.updates)])


def check_same(given, wanted, program):
    """Outputs and held arrays are the same to the last bit."""
    for a, b in zip((*given[0], *given[1]), (*wanted[0], *wanted[1]), strict=True):
        assert bits(a) == bits(b), f"{a!r}\nbut wanted\n{b!r}\n{described(program)}"
