"""The passes over a program: each alone on small programs, all together on random ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_memory import check_owners, live_minimum
from random_programs import NUMPY, SHAPES, SQUARE, Writer, bits, check_same

from xpnn.errors import RecordingError
from xpnn.namespaces import Number, Recorder
from xpnn.program import Node, Program, optimize, schedule
from xpnn.program.algebra import simplify
from xpnn.program.common_subexpressions import share_common_subexpressions
from xpnn.program.constants import fold_constants
from xpnn.program.dead_code import remove_dead_code
from xpnn.program.elementwise import result_dtype
from xpnn.program.fusion import fuse
from xpnn.program.lowering import own_parts, store_updates
from xpnn.program.memory import Buffer, itemsize, pack
from xpnn.program.strides import contiguous, reshaped
from xpnn.program.views import make_copies_explicit
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Replay

RANDOM = settings(
    max_examples=250, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def record(function, *shapes, held=(), dtype="float64"):
    """Record `function(xp, *arrays)` on held inputs, then given ones; it returns outputs, or outputs and updates."""
    recorder = Recorder(NUMPY)
    held = [recorder.hold(np.zeros(shape, dtype)) for shape in held]
    result = function(recorder, *held, *(recorder.give_like(shape, dtype) for shape in shapes))
    outputs, updates = result if isinstance(result, tuple) else (result, {})
    return recorder.program(outputs if isinstance(outputs, list) else [outputs], updates)


def ops(program):
    return [node.op for node in program.nodes]


def replay(program, held=(), given=(), numbers=(), block_size=None):
    """Outputs, and `held` changed in place."""
    return Replay(schedule(program), NumpyLibrary(block_size)).run(list(held), list(given), list(numbers))[0]


def reference(program, held=(), given=(), numbers=()):
    return program.evaluate(NUMPY.xp, np.dtype, list(held), list(given), list(numbers))


# ------------------------------------------------------------------------------------------------------- dead code


def test_what_nobody_reads_goes_and_all_that_a_result_needs_stays_in_its_order():
    program = record(lambda xp, x: (xp.exp(x) + xp.log(x), xp.sin(x) * 2.0)[0], (3,))
    assert ops(program) == ["exp", "log", "add", "sin", "multiply"]
    assert ops(remove_dead_code(program)) == ["exp", "log", "add"]


def test_what_only_an_update_reads_is_not_dead():
    program = record(lambda xp, a: ([a], {a: xp.exp(a)}), held=[(3,)])
    assert ops(remove_dead_code(program)) == ["exp"]


# --------------------------------------------------------------------------------------------- common subexpressions


def test_the_same_function_of_the_same_arguments_is_computed_once_also_through_others():
    program = record(lambda xp, x: (xp.exp(x) + 1.0) * (xp.exp(x) + 1.0), (3,))
    shared = share_common_subexpressions(program)
    assert ops(shared) == ["exp", "add", "multiply"]
    assert shared.outputs[0].args == (shared.nodes[1], shared.nodes[1])


@pytest.mark.parametrize(
    "pair",
    [
        lambda xp, x: (x + 0.0, x + -0.0),
        lambda xp, x: (x * 1, x * 1.0),
        lambda xp, x: (x * 1, x * True),
        lambda xp, x: (x - 2.0, 2.0 - x),
        lambda xp, x: (xp.sum(x, axis=0), xp.sum(x, axis=1)),
        lambda xp, x: (xp.sum(x, axis=0), xp.sum(x, axis=0, keepdims=True)),
        lambda xp, x: (xp.sum(x, axis=0), xp.max(x, axis=0)),
        lambda xp, x: (x[:2], x[1:]),
        lambda xp, x: (xp.reshape(x, (9,)), xp.reshape(x, (9, 1))),
        lambda xp, x: (xp.astype(x, xp.float32), xp.astype(x, xp.int32)),
        lambda xp, x: (xp.flip(x, axis=0), xp.flip(x, axis=0)),
    ],
)
def test_what_differs_in_a_number_its_type_or_its_sign_an_option_or_a_shape_is_not_shared(pair):
    program = record(lambda xp, x: list(pair(xp, x)), (3, 3))
    assert len(share_common_subexpressions(program).nodes) == len(program.nodes) == 2


def test_equal_numbers_of_one_type_are_shared_nan_too():
    program = record(lambda xp, x: [x + float("nan"), x + float("nan")], (3,))
    assert len(share_common_subexpressions(program).nodes) == 1


# ---------------------------------------------------------------------------------------------------------- constants


def test_what_depends_on_no_input_is_computed_once_and_for_all():
    program = record(lambda xp, x: x + xp.exp(xp.asarray([0.0, 1.0])) * 2.0, (2,))
    folded = remove_dead_code(fold_constants(program, NUMPY.xp, np.dtype))
    assert ops(folded) == ["constant", "add"]
    assert np.array_equal(folded.nodes[0].options["array"], np.exp([0.0, 1.0]) * 2.0)


# ------------------------------------------------------------------------------------------------------------ algebra


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: x * 1,
        lambda xp, x: x * 1.0,
        lambda xp, x: 1 * x,
        lambda xp, x: 1.0 * x,
        lambda xp, x: x / 1,
        lambda xp, x: xp.negative(xp.negative(x)),
        lambda xp, x: x.mT.mT,
        lambda xp, x: xp.permute_dims(x, (0, 1)),
        lambda xp, x: xp.reshape(x, (2, 3)),
        lambda xp, x: xp.reshape(xp.reshape(x, (6,)), (2, 3)),
        lambda xp, x: xp.broadcast_to(x, (2, 3)),
        lambda xp, x: xp.concat([x], axis=0),
        lambda xp, x: (xp.negative(-x) * 1.0).mT.mT,
    ],
)
def test_an_operation_that_changes_nothing_goes(function):
    program = simplify(record(function, (2, 3)))
    assert program.outputs == program.given


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: x + 0.0,  # -0.0 + 0.0 is 0.0
        lambda xp, x: x - 0.0,
        lambda xp, x: x * 0.0,  # NaN and infinity
        lambda xp, x: x * -1.0,
        lambda xp, x: x * 2,
        lambda xp, x: x * True,
        lambda xp, x: 1.0 / x,
        lambda xp, x: x**1.0,
        lambda xp, x: -x,
        lambda xp, x: -abs(x),
        lambda xp, x: abs(-x),
        lambda xp, x: x / x,
        lambda xp, x: x - x,
        lambda xp, x: xp.broadcast_to(x, (1, 2, 3)),
        lambda xp, x: xp.reshape(x, (3, 2)),
        lambda xp, x: x.mT,
    ],
)
def test_an_operation_that_changes_a_number_a_sign_or_a_shape_stays(function):
    program = record(function, (2, 3))
    assert simplify(program).nodes == program.nodes != ()


def test_a_factor_of_one_stays_where_it_changes_the_type():
    node = Node("input", (), (2,), "float32")
    product = Node("multiply", (node, 1.0), (2,), "float64")
    program = Program((product,), (), (node,), (), (product,))
    assert simplify(program).outputs == (product,)


def test_transposes_are_merged_in_their_order():
    program = record(lambda xp, x: xp.permute_dims(xp.permute_dims(x, (1, 2, 0)), (0, 2, 1)), (2, 3, 4))
    (node,) = remove_dead_code(simplify(program)).nodes
    assert (node.op, node.options["axes"], node.shape) == ("transpose", (1, 0, 2), (3, 2, 4))


def test_reshapes_are_merged_but_not_over_a_view_that_is_put_into_order():
    merged = remove_dead_code(simplify(record(lambda xp, x: xp.reshape(xp.reshape(x, (6,)), (3, 2)), (2, 3))))
    assert ops(merged) == ["reshape"]
    kept = remove_dead_code(simplify(record(lambda xp, x: xp.reshape(xp.reshape(x.mT, (6,)), (2, 3)), (2, 3))))
    assert ops(kept) == ["transpose", "reshape", "reshape"]


def test_a_function_of_transposed_arrays_runs_before_the_transposition():
    program = record(lambda xp, x, y, v: xp.exp(x.mT + y.mT) * v, (2, 3), (2, 3), (2,))
    simple = remove_dead_code(simplify(program))
    assert [op for op in ops(simple) if op != "reshape"] == ["add", "exp", "multiply", "transpose"]
    assert simple.outputs[0].shape == (3, 2)
    arrays = [np.arange(6.0).reshape(2, 3), np.ones((2, 3)), np.asarray([2.0, 3.0])]
    check_same(reference(simple, given=arrays), reference(program, given=arrays), simple)


def test_a_vector_beside_transposed_arrays_is_turned_along_its_own_axis():
    for turned in ((1, 2, 0), (2, 0, 1)):
        shape = tuple((2, 3, 4)[axis] for axis in turned)
        for axis in range(3):
            vector = np.arange(float(shape[axis])).reshape([-1 if k == axis else 1 for k in range(3)])
            program = record(lambda xp, x, v, t=turned: xp.permute_dims(x, t) + v, (2, 3, 4), vector.shape)
            simple = remove_dead_code(simplify(program))
            assert ops(simple)[-1] == "transpose"
            arrays = [np.arange(24.0).reshape(2, 3, 4), vector]
            check_same(reference(simple, given=arrays), reference(program, given=arrays), simple)


def test_a_function_of_a_transposed_array_and_one_that_is_not_stays():
    program = record(lambda xp, x, y: x.mT + y, (2, 3), (3, 2))
    assert simplify(program).nodes == program.nodes


# -------------------------------------------------------------------------------------------------------------- views


@pytest.mark.parametrize("data", range(40))
def test_strides_of_a_reshape_are_those_of_numpy_or_there_are_none(data):
    rng = np.random.default_rng(data)
    array = np.arange(48.0).reshape(rng.permutation([2, 3, 4, 2]))
    view = array.transpose(rng.permutation(4))[:: rng.choice([1, -1])]
    new = tuple(rng.permutation([[6, 8], [48], [2, 24, 1], [4, 3, 4], [2, 3, 2, 4]][data % 5]).tolist())
    strides = reshaped(view.shape, tuple(s // 8 for s in view.strides), new)
    wanted = view.reshape(new)
    if np.shares_memory(wanted, array):
        shape_strides = [(n, s) for n, s in zip(new, strides, strict=True) if n != 1]
        assert shape_strides == [(n, s // 8) for n, s in zip(new, wanted.strides, strict=True) if n != 1]
    else:
        assert strides is None


def test_a_reshape_that_is_no_view_gets_a_copy_and_one_that_is_a_view_none():
    program = make_copies_explicit(record(lambda xp, x: [xp.reshape(x.mT, (6,)), xp.reshape(x, (6,))], (2, 3)))
    assert ops(program) == ["transpose", "copy", "reshape", "reshape"]


def test_views_need_no_memory_and_no_instruction():
    program = record(lambda xp, x: xp.exp(xp.broadcast_to(xp.reshape(x.mT[1:], (2, 1, 2)), (2, 5, 2))), (2, 3))
    plan = schedule(program)
    assert [node.op for instruction in plan.instructions for node in instruction.nodes] == ["exp"]
    assert plan.nbytes == 2 * 5 * 2 * 8


# ----------------------------------------------------------------------------------------------------- concatenations


def test_parts_that_lie_side_by_side_are_computed_in_place():
    program = record(lambda xp, x, y: xp.concat([xp.reshape(xp.exp(x), (6,)), xp.sin(y)]), (2, 3), (4,))
    assert "copy" not in ops(own_parts(program))
    plan = schedule(program)
    places = [plan.locations[node].offset for ins in plan.instructions for node in ins.nodes]
    assert (sorted(places), plan.nbytes) == ([0, 6], 80)


@pytest.mark.parametrize(
    ("function", "copies"),
    [
        (lambda xp, x: xp.concat([xp.exp(x), xp.sin(x)], axis=1), 2),  # rows of the result hold both
        (lambda xp, x: (lambda e: xp.concat([e, e]))(xp.exp(x)), 1),  # one array cannot lie in two places
        (lambda xp, x: xp.concat([x, xp.exp(x)]), 1),  # an input lies elsewhere
        (lambda xp, x: xp.concat([xp.exp(x)[:1], xp.exp(x)]), 1),  # a part of an array
        (lambda xp, x: xp.concat([xp.concat([xp.exp(x), xp.exp(x)]), xp.sin(x)]), 1),
    ],
)
def test_parts_that_cannot_be_computed_in_place_are_copied(function, copies):
    program = record(function, (2, 3))
    assert ops(own_parts(program)).count("copy") == copies
    x = np.random.default_rng(0).standard_normal((2, 3))
    assert bits(replay(program, given=[x])[0]) == bits(reference(program, given=[x])[0][0])


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_parts_of_unequal_length_are_joined_along_any_axis(axis):
    shapes = [tuple(k if i == axis % 3 else 2 for i in range(3)) for k in (1, 3, 2)]
    program = record(lambda xp, *parts: xp.concat([-part for part in parts], axis=axis) * 2.0, *shapes)
    arrays = [np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate(shapes)]
    assert bits(replay(program, given=arrays)[0]) == bits(np.concatenate([-a for a in arrays], axis=axis) * 2.0)


def test_gradients_are_written_straight_into_the_flat_vector():
    """Each product of a backward pass is computed where the joined gradient wants it."""

    def step(xp, flat, x, dy):
        gradient = xp.concat([xp.reshape(x.mT @ dy, (6,)), xp.sum(dy, axis=0)])
        return [xp.sum(dy)], {flat: flat - gradient * 0.1}

    plan = schedule(record(step, (5, 3), (5, 2), held=[(8,)]))
    assert [[node.op for node in i.nodes] for i in plan.instructions if not i.is_loop] == [["matmul"], ["sum"], ["sum"]]
    (loop,) = (instruction for instruction in plan.instructions if instruction.is_loop)
    assert [node.op for node in loop.nodes] == ["multiply", "subtract"]
    product, columns = (i.nodes[0] for i in plan.instructions if i.nodes[0].shape in ((3, 2), (2,)))
    base = plan.locations[product]
    assert plan.locations[columns].array == base.array
    assert plan.locations[columns].offset == base.offset + 6


# -------------------------------------------------------------------------------------------------------------- fusion


def loops(program, **options):
    return [[node.op for node in instruction.nodes] for instruction in fuse(store_updates(program), **options)]


def test_a_chain_of_elementwise_functions_is_one_loop_with_broadcasting():
    program = record(lambda xp, x, b, c: xp.tanh((x + b) * c - 1.0), (4, 3), (3,), (4, 1))
    assert loops(program) == [["add", "multiply", "subtract", "tanh"]]
    plan = schedule(program)
    assert set(plan.locations) == {*program.given, program.nodes[-1]}  # the rest is read in the loop alone


def test_loops_of_different_shapes_are_not_one():
    program = record(lambda xp, x, b: xp.exp(x) + xp.exp(b), (4, 3), (3,))
    assert sorted(loops(program)) == [["exp"], ["exp", "add"]]


def test_what_is_read_through_a_view_is_ready_before():
    program = record(lambda xp, x: (lambda e: e + e.mT)(xp.exp(x)), (3, 3))
    assert loops(program) == [["exp"], ["add"]]


def test_what_a_product_reads_is_ready_before_and_what_reads_it_comes_after():
    program = record(lambda xp, x: (lambda e: (e @ e.mT) + xp.sum(e))(xp.exp(x)), (3, 3))
    assert loops(program)[0] == ["exp"]
    assert loops(program)[-1] == ["add"]


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_a_reduction_runs_in_the_loop_of_what_it_reduces_if_the_executor_can_do_that(name, axis):
    program = record(lambda xp, x: getattr(xp, name)(xp.exp(x) + 1.0, axis=axis), (4, 3))
    assert loops(program) == [["exp", "add"], [name]]
    assert loops(program, reductions=frozenset((name,))) == [["exp", "add", name]]


def test_what_reads_a_reduction_is_in_another_loop():
    program = record(lambda xp, x: (lambda e: e - xp.max(e, axis=1, keepdims=True))(xp.exp(x)), (4, 3))
    assert loops(program, reductions=frozenset(("max",))) == [["exp", "max"], ["subtract"]]


def test_functions_that_the_executor_has_for_whole_arrays_stay_out_of_loops():
    program = record(lambda xp, x: xp.exp(x + 1.0) * 2.0, (4, 3))
    assert loops(program, apart=frozenset(("exp",))) == [["add"], ["exp"], ["multiply"]]


def test_parts_of_one_concatenation_are_computed_in_one_loop_if_that_is_asked_for():
    def step(xp, x, y, axis):
        parts = [xp.exp(x), y * 2.0, (x @ y) + 1.0, xp.sum(x, axis=axis, keepdims=True)]
        return [xp.concat(parts, axis=axis), xp.tanh(x)]  # the last is a part of nothing

    program = own_parts(make_copies_explicit(record(lambda xp, x, y: step(xp, x, y, 0), (4, 4), (4, 4))))
    assert sorted(loops(program)) == [["add"], ["exp"], ["matmul"], ["multiply"], ["sum"], ["tanh"]]
    assert sorted(loops(program, join_parts=True)) == [["exp", "multiply", "add"], ["matmul"], ["sum"], ["tanh"]]
    program = own_parts(make_copies_explicit(record(lambda xp, x, y: step(xp, x, y, 1), (4, 4), (4, 4))))
    assert ["exp", "multiply", "add", "copy", "copy", "copy"] in loops(program, join_parts=True)


def test_instructions_run_each_node_once_and_after_all_that_it_reads():
    program = record(
        lambda xp, x, y: [xp.sum(x @ y + xp.max(x), axis=0), xp.exp(x) * xp.sum(y), xp.concat([x, y.mT])],
        (3, 4),
        (4, 3),
    )
    program = own_parts(make_copies_explicit(program))
    order = [node for instruction in fuse(program) for node in instruction.nodes]
    assert len(order) == len(set(order))
    seen = set(program.inputs)
    for node in order:
        assert not [arg for arg in node.inputs if arg not in seen and arg.op not in ("constant", "concat", "transpose")]
        seen.add(node)


# -------------------------------------------------------------------------------------------------------------- updates


@pytest.mark.parametrize("updates", ["ba", "ab"])
def test_old_contents_are_read_before_a_store_of_another_shape(updates):
    def step(xp, a, b):
        new = {"a": (a, a + b), "b": (b, b * 2.0)}
        return [xp.sum(a)], dict(new[name] for name in updates)

    program = record(step, held=[(3, 4), (4,)])
    held = [np.ones((3, 4)), np.arange(4.0)]
    wanted = reference(program, held)
    check_same((replay(program, held), held), wanted, program)


@pytest.mark.parametrize("block_size", [None, 4])
@pytest.mark.parametrize(
    "step",
    [
        lambda xp, a, b, x: ([a], {a: x}),
        lambda xp, a, b, x: ([a.mT, a[1:]], {a: a * 2.0}),
        lambda xp, a, b, x: ([x], {a: b, b: a}),
        lambda xp, a, b, x: ([x], {a: a.mT}),
        lambda xp, a, b, x: ([x], {a: a[::-1], b: a}),
        lambda xp, a, b, x: ([xp.sum(a * b)], {a: a + xp.sum(a), b: a}),
        lambda xp, a, b, x: ([a @ b], {a: a - x, b: b - a @ x}),
        lambda xp, a, b, x: ([a + b], {a: a + a.mT, b: b + a}),
        lambda xp, a, b, x: ([x], {a: a * 2.0, b: a * 2.0}),
        lambda xp, a, b, x: ([x], {a: xp.concat([a[1:], x[:1]])}),
        lambda xp, a, b, x: ([xp.concat([a, b])], {a: x, b: x}),
        lambda xp, a, b, x: ([a - x], {a: xp.broadcast_to(a[0], (3, 3)), b: xp.reshape(b.mT, (3, 3))}),
    ],
)
def test_old_contents_are_read_before_they_are_overwritten(step, block_size):
    program = record(step, (3, 3), held=[(3, 3), (3, 3)])
    a, b, x = np.random.default_rng(0).standard_normal((3, 3, 3))
    wanted = reference(program, [a, b], [x])
    held = [a.copy(), b.copy()]
    check_same((replay(program, held, [x], block_size=block_size), held), wanted, program)


def test_new_contents_are_computed_in_place_without_a_store():
    plan = schedule(record(lambda xp, a, x: ([xp.sum(x)], {a: a - x * 0.1}), (5,), held=[(5,)]))
    assert "store" not in [node.op for instruction in plan.instructions for node in instruction.nodes]
    assert plan.nbytes == 8  # of the sum


def test_a_swap_needs_one_store_and_one_copy():
    plan = schedule(record(lambda xp, a, b: ([xp.sum(a)], {a: b, b: a}), held=[(5,), (5,)]))
    (loop,) = (instruction for instruction in plan.instructions if instruction.is_loop)
    assert sorted(node.op for node in loop.nodes) == ["copy", "copy", "store"]


# -------------------------------------------------------------------------------------------------------------- memory


def test_memory_is_reused_in_place_by_the_last_reader():
    def chain(xp, x, w):
        for _ in range(6):
            x = xp.tanh(x @ w)
        return x

    plan = schedule(record(chain, (32, 32), (32, 32)))
    assert plan.nbytes == 2 * 32 * 32 * 8  # a product reads one array and writes another; tanh writes where it reads


def test_memory_of_what_is_still_read_is_not_reused():
    program = record(lambda xp, x: (lambda e: [xp.sin(e), xp.sum(e @ e), e])(xp.exp(x)), (8, 8))
    x = np.random.default_rng(0).standard_normal((8, 8))
    for a, b in zip(replay(program, given=[x]), reference(program, given=[x])[0], strict=True):
        assert bits(a) == bits(b)


@pytest.mark.parametrize("block_size", [None, 4])
@pytest.mark.parametrize(
    "function",
    [
        lambda xp, e: [e * 2.0, e + 1.0],  # the first may not write over what the second reads
        lambda xp, e: [e + e.mT],  # what is read in another order
        lambda xp, e: [e * 2.0 + e[:, :1]],
        lambda xp, e: [(e * 2.0) @ e],  # what is read later
        lambda xp, e: [xp.astype(e, xp.float32)],  # another type
        lambda xp, e: [xp.astype(e > 0.0, xp.float64) - e],
        lambda xp, e: [xp.where(e > 0.0, -e, e * 2.0)],
        lambda xp, e: [xp.broadcast_to(e[:1], (4, 4)) * e],
        lambda xp, e: [
            xp.concat([xp.reshape(e @ e, (16,)), xp.sum(e, axis=0), xp.reshape(e @ e.mT, (16,))]),
            e[0] * 2.0,
        ],
        lambda xp, e: [xp.concat([xp.sum(e @ e, axis=1), xp.max(e, axis=1)]) * 2.0],
    ],
)
def test_a_buffer_is_written_over_only_by_the_last_reader_element_by_element(function, block_size):
    program = record(lambda xp, x: function(xp, x @ x), (4, 4))
    check_owners(schedule(program))
    x = np.random.default_rng(0).standard_normal((4, 4))
    given = replay(program, given=[x], block_size=block_size)
    check_same((given, []), reference(program, given=[x]), program)


@pytest.mark.parametrize("reductions", [frozenset(), frozenset(("max", "min"))])
def test_the_place_of_a_part_serves_others_until_it_is_written(reductions):
    """Products of a backward pass are parts of one vector; what is dead before the last one lies where that goes."""

    def step(xp, x, a, b):
        h = xp.tanh(x @ a)
        dy = xp.tanh(h @ b)
        return xp.concat([xp.reshape(x.mT @ (dy @ b.mT), (64 * 64,)), xp.reshape(h.mT @ dy, (64 * 8,))])

    plan = schedule(optimize(record(step, (16, 64), (64, 64), (64, 8)), NUMPY.xp, np.dtype), reductions)
    check_owners(plan)
    assert plan.nbytes <= 1.05 * live_minimum(plan, in_place=False)


@pytest.mark.parametrize("seed", range(20))
def test_buffers_that_live_at_one_time_do_not_overlap_and_the_arena_holds_them(seed):
    rng = np.random.default_rng(seed)
    firsts = rng.integers(0, 20, size=30)
    buffers = [
        Buffer(str(rng.choice(["float32", "bool"])), int(rng.integers(0, 50)), int(i), int(i + rng.integers(0, 8)))
        for i in firsts
    ]
    lengths = pack(buffers)
    for i, a in enumerate(buffers):
        assert 0 <= a.offset <= a.offset + a.size <= lengths[a.dtype]
        assert a.offset * itemsize(a.dtype) % 64 == 0
        for b in buffers[:i]:
            if a.dtype == b.dtype and a.first <= b.last and b.first <= a.last:
                assert a.offset + a.size <= b.offset or b.offset + b.size <= a.offset


def test_buffers_of_different_times_share_their_place():
    buffers = [Buffer("float32", 100, i, i + 1) for i in (0, 2, 4)]
    assert pack(buffers) == {"float32": 100}
    assert [buffer.offset for buffer in buffers] == [0, 0, 0]


@pytest.mark.parametrize(("dtype", "size"), [("bool", 1), ("uint8", 1), ("int16", 2), ("float32", 4), ("int64", 8)])
def test_the_size_of_an_element_is_that_of_numpy(dtype, size):
    assert itemsize(dtype) == np.dtype(dtype).itemsize == size


# ------------------------------------------------------------------------------------------------------------ together


@pytest.mark.parametrize("shapes", [SHAPES, SQUARE], ids=["any shapes", "square"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NaN in whole numbers
@RANDOM
@given(data=st.data())
def test_random_programs_give_the_same_bits_optimized_and_replayed(dtype, shapes, data):
    writer = Writer(data, dtype, shapes=shapes)
    program = writer.program()
    wanted = writer.evaluate(program)
    simple = optimize(program, NUMPY.xp, writer.recorder.dtype)
    assert len(simple.nodes) <= len(program.nodes)
    check_same(writer.evaluate(simple), wanted, program)
    plan = schedule(simple, join_parts=data.draw(st.booleans()))
    assert plan.nbytes >= live_minimum(plan)
    check_owners(plan)
    executor = Replay(plan, NumpyLibrary(data.draw(st.sampled_from([8, 16384, None]))))
    check_same(writer.run(executor, simple), wanted, simple)
    assert all(array.tobytes() == before for array, before in writer.unchanged)


def test_the_comparison_of_results_can_fail():
    program = record(lambda xp, x: -x, (1,))
    for a, b in pairwise([np.zeros(1), -np.zeros(1), np.zeros(1, "float32"), np.zeros((1, 1)), np.full(1, np.nan)]):
        with pytest.raises(AssertionError):
            check_same(([a], []), ([b], []), program)


def test_real_numbers_pass_through_optimize_to_the_last_bit():
    def step(xp, flat, moment, x, y):
        weight, bias = xp.reshape(flat[:20], (4, 5)), flat[20:]
        hidden = xp.tanh(x @ weight + bias)
        top = xp.max(hidden, axis=1, keepdims=True)
        shares = xp.exp(hidden - top) / xp.sum(xp.exp(hidden - top), axis=1, keepdims=True)
        dy = (shares - y) * 1.0 / 7
        gradient = xp.concat([xp.reshape(x.mT @ xp.negative(-dy), (20,)), xp.sum(dy, axis=0)])
        moved = moment * 0.9 + gradient
        return [xp.sum(shares * y)], {flat: flat - moved * Number(lambda scalars: 0.01), moment: moved}

    program = record(step, (7, 4), (7, 5), held=[(25,), (25,)])
    rng = np.random.default_rng(0)
    held = [rng.standard_normal(25), rng.standard_normal(25)]
    arrays = [rng.standard_normal((7, 4)), rng.standard_normal((7, 5))]
    wanted = reference(program, held, arrays, [np.asarray(0.01)])
    simple = optimize(program, NUMPY.xp, np.dtype)
    assert ops(simple).count("exp") == 1
    check_same(reference(simple, held, arrays, [np.asarray(0.01)]), wanted, simple)
    given = replay(simple, held, arrays, [0.01])
    check_same((given, held), wanted, simple)


# --------------------------------------------------------------------------------------------------- types of results

REALS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")


@pytest.mark.parametrize("a", REALS)
@pytest.mark.parametrize("b", REALS)
def test_integers_of_two_types_give_the_type_that_numpy_gives(a, b):
    assert result_dtype("add", [a, b]) == np.result_type(a, b).name


@pytest.mark.parametrize(
    ("op", "dtypes", "numbers", "message"),
    [
        ("add", ["int64", "float32"], [], "add must be given arrays of one kind of numbers, got float32, int64."),
        ("add", [], [1], "add must be given an array, got numbers alone."),
        ("exp", ["int64"], [], "exp must be given real floating-point numbers, got int64."),
        ("add", ["complex64"], [], "add must be given numbers of the standard's real types, got complex64."),
        ("logical_and", ["int64"], [], "logical_and must be given booleans, got int64."),
        ("multiply", ["int64"], [0.5], "multiply must be given numbers that int64 holds, got 0.5."),
        ("less", ["int64"], [0.5], "less must be given numbers that int64 holds, got 0.5."),
        ("multiply", ["bool"], [2.0], "multiply must be given numbers that bool holds, got 2.0."),
        (
            "multiply",
            ["float32"],
            [np.float64(0.5)],
            "multiply must be given a number of Python, got np.float64(0.5): write float(...).",
        ),
    ],
)
def test_types_that_do_not_mix_are_refused(op, dtypes, numbers, message):
    with pytest.raises(RecordingError) as caught:
        result_dtype(op, dtypes, numbers)
    assert str(caught.value) == message


def test_strides_of_an_array_in_order_are_those_of_numpy():
    for shape in ((), (3,), (2, 3, 4), (1, 5, 1)):
        assert contiguous(shape) == tuple(stride // 8 for stride in np.empty(shape).strides)
