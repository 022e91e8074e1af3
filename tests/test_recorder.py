"""The recorder: each function of the standard gives the shape, type and bits that NumPy gives, or is refused."""

import copy
import math

import numpy as np
import pytest
from random_programs import NUMPY, bits

from xpnn.errors import RecordingError
from xpnn.namespaces import Number, Recorder
from xpnn.namespaces.traced import Traced
from xpnn.program import optimize
from xpnn.program.elementwise import ELEMENTWISE, FUNCTIONS, PREDICATES

SHAPES = ((), (1,), (3,), (0,), (2, 3), (3, 1), (1, 3), (0, 3), (2, 0), (2, 3, 4), (4, 1, 2, 3))
PAIRS = (
    ((), ()), ((), (3,)), ((3,), (1,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 1, 4), (3, 1)), ((0, 3), (1, 3)),
    ((1,), (0,)),
)  # fmt: skip
TWO = {
    "add", "atan2", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less",
    "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply",
    "not_equal", "pow", "remainder", "subtract",
}  # fmt: skip
ONE = ELEMENTWISE - TWO - {"where", "astype", "copy"}


def array(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(2, size=shape).astype(bool)
    values = rng.uniform(0.1, 0.9, size=shape) if dtype.startswith("float") else rng.integers(1, 9, size=shape)
    return np.asarray(values, dtype)


def run(function, *arrays):
    """Record `function(xp, *arrays)`, check what is known while recording, and return what the program gives."""
    recorder = Recorder(NUMPY)
    traced = [recorder.give(a) for a in arrays]
    result = function(recorder, *traced)
    program = recorder.program([result], {})
    (value,), _ = program.evaluate(NUMPY.xp, recorder.dtype, [], arrays, [])
    assert (result.shape, result.ndim, result.size) == (np.shape(value), np.ndim(value), np.size(value))
    assert np.dtype(result.dtype) == value.dtype
    return value


def agree(function, *arrays):
    before = [a.tobytes() for a in arrays]
    assert bits(run(function, *arrays)) == bits(function(NUMPY.xp, *arrays))
    assert [a.tobytes() for a in arrays] == before


def refused(function, *arrays):
    recorder = Recorder(NUMPY)
    with pytest.raises(RecordingError) as caught:
        function(recorder, *(recorder.give(a) for a in arrays))
    return str(caught.value)


# --------------------------------------------------------------------------------------------- elementwise functions


@pytest.mark.parametrize("name", sorted(ONE))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_functions_of_one_array_are_those_of_numpy(name, dtype):
    shift = 1.0 if name == "acosh" else 0.0
    for shape in SHAPES:
        x = array(shape, "bool" if name == "logical_not" else dtype)
        agree(lambda xp, x: getattr(xp, name)(x), x + np.asarray(shift, dtype) if shift else x)


@pytest.mark.parametrize("name", sorted(TWO))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_functions_of_two_arrays_are_those_of_numpy_with_broadcasting(name, dtype):
    kind = "bool" if name.startswith("logical") else dtype
    for a, b in PAIRS:
        x, y = array(a, kind), array(b, kind, seed=1)
        agree(lambda xp, x, y: getattr(xp, name)(x, y), x, y)
        agree(lambda xp, x, y: getattr(xp, name)(y, x), x, y)


@pytest.mark.parametrize("name", sorted(TWO - FUNCTIONS - {"logical_and", "logical_or", "logical_xor"}))
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_functions_of_whole_numbers_are_those_of_numpy(name, dtype):
    agree(lambda xp, x, y: getattr(xp, name)(x, y), array((2, 3), dtype), array((3,), dtype, seed=1))
    agree(lambda xp, x: getattr(xp, name)(x, 2), array((2, 3), dtype))


@pytest.mark.parametrize("name", sorted(TWO - {"atan2", "copysign", "hypot", "logaddexp"} - PREDICATES))
def test_numbers_of_python_take_the_type_of_the_array(name):
    for dtype in ("float64", "float32"):
        for number in (2, 0.5, 1.0):
            x = array((2, 3), dtype)
            agree(lambda xp, x, n=number: getattr(xp, name)(x, n), x)
            if name != "maximum":
                agree(lambda xp, x, n=number: getattr(xp, name)(n, x), x)


@pytest.mark.parametrize(
    "operator",
    [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x // y,
        lambda x, y: x % y, lambda x, y: x**y, lambda x, y: x == y, lambda x, y: x != y, lambda x, y: x < y,
        lambda x, y: x <= y, lambda x, y: x > y, lambda x, y: x >= y,
    ],
)  # fmt: skip
def test_operators_are_those_of_numpy_from_the_left_and_the_right(operator):
    x, y = array((2, 3)), array((3,), seed=1)
    agree(lambda xp, x, y: operator(x, y), x, y)
    agree(lambda xp, x: operator(x, 0.5), x)
    agree(lambda xp, x: operator(0.5, x), x)
    agree(lambda xp, x: operator(y, x), x)  # an array of NumPy on the left leaves the operator to the recorder


def test_operators_of_booleans_and_of_one_array_are_those_of_numpy():
    a, b, x = array((2, 3), "bool"), array((3,), "bool", seed=1), array((2, 3))
    agree(lambda xp, a, b: (a & b) | ~(a ^ b), a, b)
    agree(lambda xp, x: abs(-x), x)


def test_where_chooses_among_arrays_and_numbers():
    mask, x, y = array((2, 1), "bool"), array((2, 3)), array((3,), seed=1)
    agree(lambda xp, m, x, y: xp.where(m, x, y), mask, x, y)
    agree(lambda xp, m, x: xp.where(m, x, -0.0), mask, x)
    agree(lambda xp, m, x: xp.where(m, 1.0, x), mask, x)
    agree(lambda xp, m, i: xp.where(m, i, 1), mask, array((3,), "int32"))


def test_types_change_and_stay():
    for name in ("bool", "int32", "int64", "float32", "float64"):
        agree(lambda xp, x, name=name: xp.astype(x, getattr(xp, name)), array((2, 3)))
    recorder = Recorder(NUMPY)
    x = recorder.give(array((3,)))
    assert recorder.astype(x, np.float64).node is x.node


# -------------------------------------------------------------------------------------------------- shapes and axes


@pytest.mark.parametrize("name", ["sum", "max", "min"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_reductions_are_those_of_numpy_over_every_set_of_axes(name, keepdims, dtype):
    for shape in SHAPES:
        if 0 in shape and name != "sum":
            continue
        n = len(shape)
        for axis in (None, *range(-n, n), *([(0, -1)] if n > 1 else []), *([(0, 2)] if n > 2 else [])):
            agree(lambda xp, x, a=axis: getattr(xp, name)(x, axis=a, keepdims=keepdims), array(shape, dtype))


def test_sums_of_small_types_have_the_type_that_numpy_gives():
    for dtype in ("bool", "int32", "uint8"):
        agree(lambda xp, x: xp.sum(x, axis=0), array((2, 3), dtype))
    agree(lambda xp, x: xp.sum(x, axis=0, dtype=xp.float64), array((2, 3), "float32"))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 4)), ((2, 0), (0, 4)),
    ],
)  # fmt: skip
def test_products_of_matrices_are_those_of_numpy(a, b):
    agree(lambda xp, x, y: x @ y, array(a), array(b, seed=1))
    agree(lambda xp, x, y: xp.matmul(x, y), array(a, "float32"), array(b, "float32", seed=1))
    agree(lambda xp, y: array(a) @ y, array(b, seed=1))


def test_new_shapes_are_those_of_numpy():
    x = array((2, 3, 4))
    for shape in ((24,), (-1,), (4, -1, 2), (1, 24), (2, 3, 4)):
        agree(lambda xp, x, s=shape: xp.reshape(x, s), x)
    agree(lambda xp, x: xp.reshape(x, (0, 5)), array((0, 3)))
    agree(lambda xp, x: xp.reshape(x, (-1, 3)), array((0, 3)))
    for axis in range(-4, 4):
        agree(lambda xp, x, a=axis: xp.expand_dims(x, axis=a), x)
    for axis in (1, -2, (1,), (1, 3), (-1, 1)):
        agree(lambda xp, x, a=axis: xp.squeeze(x, axis=a), array((2, 1, 3, 1)[: 3 if axis == -2 else 4]))
    for axes in ((0, 1, 2), (2, 0, 1), (-1, 0, -2)):
        agree(lambda xp, x, a=axes: xp.permute_dims(x, a), x)
    agree(lambda xp, x: xp.matrix_transpose(x), x)
    agree(lambda xp, x: x.mT, x)
    agree(lambda xp, x: x.T, x[0])


@pytest.mark.parametrize(
    ("old", "new"), [((), (3,)), ((3,), (2, 3)), ((3, 1), (3, 4)), ((1,), (0,)), ((2, 1, 3), (5, 2, 4, 3))]
)
def test_arrays_are_spread_as_by_numpy(old, new):
    agree(lambda xp, x: xp.broadcast_to(x, new), array(old))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_arrays_are_joined_stacked_and_taken_apart_as_by_numpy(axis):
    x, y = array((2, 3, 4)), array((2, 3, 4), seed=1)
    agree(lambda xp, x, y: xp.concat([x, y, x], axis=axis), x, y)
    agree(lambda xp, x, y: xp.stack([x, y], axis=axis), x, y)
    agree(lambda xp, x: xp.unstack(x, axis=axis)[-1], x)
    agree(lambda xp, x, y: xp.concat([x, y], axis=None), x, array((3,)))


KEYS = (
    0, -1, slice(None), slice(1, None), slice(None, None, -1), slice(-10, None, -1), slice(5, 2), slice(2, 9, 3), ...,
    None, (0, 1), (slice(1), 2), (..., 0), (..., slice(1, 3)), (None, 0, ..., None), (slice(None), -1, slice(0, 4, 2)),
    (0, ..., slice(3, 0, -2)), (1, 2, 3), (), (slice(0, 0), slice(3, None)), (0, slice(None), None, 0),
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_basic_indices_give_what_numpy_gives(key):
    agree(lambda xp, x: x[key], array((2, 3, 4)))


def test_an_index_of_an_array_without_elements_gives_what_numpy_gives():
    for key in (slice(None, None, -1), slice(2), (slice(None), 1), ...):
        agree(lambda xp, x, k=key: x[k], array((0, 3)))


def test_a_slice_of_everything_is_the_array_itself():
    recorder = Recorder(NUMPY)
    x = recorder.give(array((2, 3)))
    assert x[:].node is x[...].node is x[:, :3].node is x[()].node is x.node
    assert len(x) == 2


# -------------------------------------------------------------------------------------------- constants and creation


def test_new_arrays_are_constants():
    agree(lambda xp, x: x + xp.asarray([1.0, 2.0, 3.0]), array((3,)))
    agree(lambda xp, x: x + xp.arange(3.0) + xp.linspace(0.0, 1.0, 3) + xp.eye(3), array((3,)))
    agree(lambda xp, x: x + xp.zeros((3,)) + xp.ones((3,)) + xp.full((3,), 2.0), array((3,)))
    for name in ("zeros_like", "ones_like"):
        agree(lambda xp, x, name=name: x + getattr(xp, name)(x), array((3,), "float32"))
    agree(lambda xp, x: xp.full_like(x, 2.5) + x, array((3,), "float32"))
    agree(lambda xp, x: xp.astype(xp.ones_like(x, dtype=xp.float32), xp.float64) + x, array((3,)))


def test_types_and_constants_of_the_library_are_handed_on():
    recorder = Recorder(NUMPY)
    assert (recorder.pi, recorder.inf, recorder.float32) == (np.pi, np.inf, np.float32)
    assert recorder.finfo(recorder.float32).eps == np.finfo("float32").eps
    assert recorder.isdtype(recorder.float32, "real floating")
    assert recorder.device == recorder.give(array((3,))).device == NUMPY.device


# ---------------------------------------------------------------------------------------------- functions without rule


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.flip(x, axis=0),
        lambda xp, x: xp.mean(x, axis=0, keepdims=True),
        lambda xp, x: xp.argmax(x, axis=1),
        lambda xp, x: xp.cumulative_sum(x, axis=1),
        lambda xp, x: xp.any(x > 0.5, axis=0),
        lambda xp, x: xp.clip(x, 0.2, 0.5),
        lambda xp, x: xp.tril(x),
        lambda xp, x: xp.roll(x, 1, axis=0),
    ],
)
def test_a_function_without_a_rule_becomes_a_call(function):
    recorder = Recorder(NUMPY)
    function(recorder, recorder.give(array((3, 4))))
    assert [node.op for node in recorder._nodes][-1] == "call"
    agree(function, array((3, 4)))


def test_a_function_without_a_rule_on_arrays_of_the_library_is_a_constant():
    recorder = Recorder(NUMPY)
    recorder.flip(np.arange(3.0), axis=0)
    (node,) = recorder._nodes
    assert (node.op, node.options["array"].tolist()) == ("constant", [2.0, 1.0, 0.0])


def test_a_function_of_the_backend_is_called_with_the_array():
    agree(lambda xp, x: xp.elementwise_call(np.cbrt, x) if isinstance(xp, Recorder) else np.cbrt(x), array((2, 3)))


# --------------------------------------------------------------------------------------------------------- refusals

UNREAD = "the numbers in an array must not be read: they are not known while a step is recorded."
UNASSIGNED = "elements of an array must not be assigned: a recorded step is made of values."
NOT_WHOLE = "multiply must be given numbers that int64 holds, got a number of the step."


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda xp, x: float(x[0, 0]), UNREAD),
        (lambda xp, x: bool(x[0, 0]), UNREAD),
        (lambda xp, x: [row for row in x], UNREAD),  # noqa: C416
        (lambda xp, x: np.asarray(x), UNREAD),
        (lambda xp, x: x.__setitem__(0, 1.0), UNASSIGNED),
        (lambda xp, x: x + x[:, :2], "shapes must fit each other, got (2, 3), (2, 2)."),
        (lambda xp, x: x @ x, "factors of a matrix product must fit each other, got (2, 3) and (2, 3)."),
        (lambda xp, x: x @ x[0, 0], "factors of a matrix product must fit each other, got (2, 3) and ()."),
        (lambda xp, x: xp.reshape(x, (4, 2)), "reshape must keep the 6 elements, got the shape (4, 2)."),
        (lambda xp, x: xp.reshape(x, (-2, -3)), "reshape must keep the 6 elements, got the shape (-2, -3)."),
        (lambda xp, x: xp.squeeze(x, axis=0), "squeeze must be given axes of one element, got 0 of the shape (2, 3)."),
        (lambda xp, x: x[x > 0.5], "an index must be made of integers, slices, None and ..., got "),
        (lambda xp, x: x[True], "an index must be made of integers, slices, None and ..., got True."),
        (lambda xp, x: x[[0, 1]], "an index must be made of integers, slices, None and ..., got [0, 1]."),
        (lambda xp, x: x[2], "an index must lie within its axis of 2 elements, got 2."),
        (lambda xp, x: x[0, -4], "an index must lie within its axis of 3 elements, got -4."),
        (lambda xp, x: x[0, 0, 0], "an index must fit the shape (2, 3), got (0, 0, 0)."),
        (lambda xp, x: x[..., ...], "an index must fit the shape (2, 3), got (Ellipsis, Ellipsis)."),
        (lambda xp, x: xp.sum(x, axis=2), "axes must be different ones of the 2 that there are, got 2."),
        (lambda xp, x: xp.max(x, axis=(0, -2)), "axes must be different ones of the 2 that there are, got (0, -2)."),
        (lambda xp, x: xp.expand_dims(x, axis=3), "axes must be different ones of the 3 that there are, got 3."),
        (lambda xp, x: xp.permute_dims(x, (0, 0)), "axes must be different ones of the 2 that there are, got (0, 0)."),
        (lambda xp, x: xp.permute_dims(x, (1,)), "permute_dims must be given all 2 axes, got (1,)."),
        (lambda xp, x: x[0].mT, "axes must be different ones of the 1 that there are, got (0, -1)."),
        (lambda xp, x: x[0].T, "T must be taken of a matrix, got an array with 1 axes."),
        (lambda xp, x: xp.broadcast_to(x, (3,)), "broadcast_to must not make a shape smaller, got (2, 3) and (3,)."),
        (lambda xp, x: xp.concat([x, x[:, :2]]), "shapes must differ along axis 0 alone, got (2, 3), (2, 2)."),
        (lambda xp, x: xp.concat([x, x[0]]), "shapes must differ along axis 0 alone, got (2, 3), (3,)."),
        (lambda xp, x: x * (x > 0.5), "multiply must be given arrays of one kind of numbers, got bool, float64."),
        (lambda xp, x: (x > 0.5) * 2.0, "multiply must be given numbers that bool holds, got 2.0."),
        (lambda xp, x: xp.argmax(x, axis=0) * 0.5, "multiply must be given numbers that int64 holds, got 0.5."),
        (lambda xp, x: xp.argmax(x, axis=0) & 1, "logical_and must be given booleans, got int64."),
        (lambda xp, x: xp.argmax(x, axis=0) * Number.named("rate"), NOT_WHOLE),
        (lambda xp, x: xp.where(x > 0.5, 1.0, 0.0), "where must be given an array, got numbers alone."),
        (lambda xp, x: xp.where(True, x, x), "the condition of where must be an array."),
        (lambda xp, x: xp.unique_counts(x), "unique_counts must return one array to be recorded."),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused_in_one_sentence(function, message):
    given = refused(function, array((2, 3)))
    assert given == message or (message.endswith("got ") and given.startswith(message))
    assert "\n" not in given


def test_numbers_of_a_step_that_would_need_two_types_are_refused():
    message = refused(
        lambda xp, x, y: (x * Number.named("rate"), y * Number.named("rate")), array(3), array(3, "float32")
    )
    assert message == "numbers of a step must meet arrays of one type, got float64 and float32."


def test_wrong_calls_that_numpy_refuses_are_never_recorded():
    for function in (
        lambda xp, x: xp.sum(x, axis=5),
        lambda xp, x: xp.concat([x[0, 0], x[0, 0]]),
        lambda xp, x: xp.stack([x, x], axis=4),
        lambda xp, x: xp.unstack(x, axis=2),
        lambda xp, x: xp.broadcast_to(x, (2, 1)),
        lambda xp, x: xp.reshape(x, (5, -1)),
        lambda xp, x: x.no_such_attribute,
        lambda xp, x: xp.no_such_function(x),
        lambda xp, x: xp.flip(x, axis=5),
    ):
        recorder = Recorder(NUMPY)
        with pytest.raises((RecordingError, AttributeError, ValueError)):
            function(recorder, recorder.give(array((2, 3))))
        with pytest.raises((AttributeError, ValueError, IndexError)):
            function(NUMPY.xp, array((2, 3)))


# ---------------------------------------------------------------------------------------------- what is not done


def test_nothing_is_computed_and_no_memory_is_used_for_arrays_of_any_size():
    recorder = Recorder(NUMPY)
    x, held = recorder.give_like((10**6, 10**6), "float32"), recorder.hold(np.broadcast_to(np.float32(0), (10**6,)))
    y = recorder.exp(x @ x.mT + held) / recorder.sum(x, axis=0)
    z = y
    z += 1.0
    assert (z.shape, y.node.op, z.node.op) == ((10**6, 10**6), "divide", "add")
    assert [node.op for node in recorder._nodes] == ["transpose", "matmul", "add", "exp", "sum", "divide", "add"]


def test_augmented_assignment_changes_no_array():
    held = array((3,))
    before = held.copy()
    recorder = Recorder(NUMPY)
    x = recorder.hold(held)
    y = x
    y -= 1.0
    y *= y
    program = recorder.program([y], {x: y})
    assert np.array_equal(held, before)
    assert program.outputs == (y.node,)
    assert program.updates == ((x.node, y.node),)


def test_an_update_by_itself_is_none():
    recorder = Recorder(NUMPY)
    x = recorder.hold(array((3,)))
    assert recorder.program([x], {x: x}).updates == ()


def test_a_recorder_is_the_namespace_of_its_arrays():
    recorder = Recorder(NUMPY)
    x = recorder.give(array((3,)))
    assert isinstance(x, Traced)
    assert x.__array_namespace__() is recorder
    assert len({x, copy.copy(x)}) == 2


# -------------------------------------------------------------------------------------------------------- numbers

SCALARS = {"rate": 0.3, "step": 7.0}


@pytest.mark.parametrize(
    "function",
    [
        lambda rate, step: rate + step,
        lambda rate, step: rate - step,
        lambda rate, step: rate * step,
        lambda rate, step: rate / step,
        lambda rate, step: 0.9**step,
        lambda rate, step: step**0.5,
        lambda rate, step: -rate / (1.0 - 0.9**step) * 2 - 1,
        lambda rate, step: 1.0 - (2.0 + rate) ** 2 / (5 - step),
    ],
)
def test_arithmetic_of_numbers_is_that_of_python_with_the_values_of_the_run(function):
    number = function(Number.named("rate"), Number.named("step"))
    assert number.compute(SCALARS) == function(*SCALARS.values())
    assert number.compute({"rate": -0.5, "step": 2.0}) == function(-0.5, 2.0)


@pytest.mark.parametrize(
    "question",
    [
        bool, float, int, math.sqrt, lambda n: n < 1, lambda n: n >= 1, lambda n: n <= 1, lambda n: n == 1,
        lambda n: n != 1, lambda n: [0.0][n],
    ],
)  # fmt: skip
def test_the_value_of_a_number_is_not_known_while_a_step_is_recorded(question):
    with pytest.raises(RecordingError) as caught:
        question(Number.named("rate"))
    assert str(caught.value) == (
        "a number of a step must not be compared: its value is not known while it is recorded."
    )


def test_a_number_meets_arrays_as_an_input_of_their_type_and_each_once():
    recorder = Recorder(NUMPY)
    x, rate = recorder.give(array((3,), "float32")), Number.named("rate")
    result = x * rate + rate * x - (1 - rate) / x
    program = recorder.program([result], {})
    assert [(node.shape, node.dtype) for node in program.numbers] == [((), "float32")] * 2
    assert program.compute_numbers(SCALARS) == [0.3, 0.7]
    simple = optimize(program, NUMPY.xp, recorder.dtype)
    numbers = [np.asarray(value, "float32") for value in simple.compute_numbers(SCALARS)]
    (value,), _ = simple.evaluate(NUMPY.xp, recorder.dtype, [], [array((3,), "float32")], numbers)
    x = array((3,), "float32")
    assert bits(value) == bits(x * 0.3 + 0.3 * x - 0.7 / x)


def test_numbers_do_not_mix_with_what_is_no_number():
    with pytest.raises(TypeError):
        Number.named("rate") + "1"
    with pytest.raises(TypeError):
        "1" + Number.named("rate")
