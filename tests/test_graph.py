"""Graphs, branches and merges: values by hand, tied weights, what is refused, and forward against reverse mode."""

import numpy as np
import pytest

from xpnn import Network, get_backend
from xpnn.context import RunContext
from xpnn.derivatives import jvp
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import (
    LSTM,
    Add,
    Bidirectional,
    Concatenate,
    Dense,
    Dot,
    Embedding,
    Graph,
    Identity,
    Lambda,
    Maximum,
    Minimum,
    MultiHeadAttention,
    Multiply,
    Parallel,
    Permute,
    RepeatVector,
    Residual,
    Sequential,
    Split,
    Subtract,
)
from xpnn.random import HostRng, ShapeRng, Streams
from xpnn.testing import check_layer
from xpnn.typing import Shape


def _run(layer, x, dy, shape, params=None, wants_dx=True):
    ctx = RunContext(get_backend("numpy"), True, Streams(0), wants_dx=wants_dx)
    first, state, _ = layer.init(HostRng(np.random.default_rng(0)), shape)
    params = first if params is None else params
    y, saved, _ = layer.forward(params, state, x, ctx)
    return y, *layer.backward(params, saved, dy, ctx)


A, B = np.asarray([[1.0, -2.0]]), np.asarray([[3.0, -2.0]])
UP = np.asarray([[10.0, 100.0]])


@pytest.mark.parametrize(
    ("layer", "y", "da", "db"),
    [
        (Add(), [4, -4], [10, 100], [10, 100]),
        (Subtract(), [-2, 0], [10, 100], [-10, -100]),
        (Multiply(), [3, 4], [30, -200], [10, -200]),
        (Maximum(), [3, -2], [0, 100], [10, 0]),
        (Minimum(), [1, -2], [10, 100], [0, 0]),
    ],
)
def test_merges_give_the_values_worked_out_by_hand_and_ties_go_to_the_first(layer, y, da, db):
    given, (dx_a, dx_b), _ = _run(layer, (A, B), UP, ((2,), (2,)))
    assert (given[0].tolist(), dx_a[0].tolist(), dx_b[0].tolist()) == (y, da, db)


def test_dot_gives_the_values_worked_out_by_hand():
    y, (da, db), _ = _run(Dot(), (A, B), np.asarray([[2.0]]), ((2,), (2,)))
    assert (y.tolist(), da.tolist(), db.tolist()) == ([[7.0]], [[6.0, -4.0]], [[2.0, -4.0]])
    a, b = np.asarray([[3.0, 4.0]]), np.asarray([[2.0, 0.0]])
    y, (da, _), _ = _run(Dot(normalize=True), (a, b), np.ones((1, 1)), ((2,), (2,)))
    assert y[0, 0] == pytest.approx(0.6)
    assert da[0].tolist() == pytest.approx([0.128, -0.096])


@pytest.mark.parametrize("tiny", [[0.0, 0.0], [3e-13, 4e-13]])
def test_a_normalized_dot_of_tiny_vectors_is_divided_by_the_floor_as_in_pytorch(tiny):
    torch = pytest.importorskip("torch")
    a, b = np.asarray([tiny]), np.asarray([[4.0, -1.0]])
    y, (da, db), _ = _run(Dot(normalize=True), (a, b), np.ones((1, 1)), ((2,), (2,)))
    at, bt = (torch.tensor(part, requires_grad=True) for part in (a, b))
    out = (torch.nn.functional.normalize(at) * torch.nn.functional.normalize(bt)).sum()
    out.backward()
    assert y.item() == pytest.approx(out.item(), rel=1e-12)
    np.testing.assert_allclose(da, at.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(db, bt.grad.numpy(), rtol=1e-12)


def test_gradients_of_a_value_with_several_readers_add_up():
    graph = Graph("x", {"double": (Add(), ("x", "x")), "cube": (Multiply(), ("double", "x", "x"))}, ("cube", "double"))
    y, dx, _ = _run(graph, np.asarray([[3.0]]), (np.asarray([[1.0]]), np.asarray([[0.5]])), (1,))
    assert [part.item() for part in y] == [54.0, 6.0]  # 2 x^3 and 2 x
    assert dx.item() == 6 * 9 + 2 * 0.5


def test_a_gradient_that_nobody_reads_is_not_computed():
    def refuse(xp, x, y, dy):
        raise AssertionError("pulled back without need")

    stop = Lambda(lambda xp, x: 2.0 * x, refuse, output_shape=(2,))
    graph = Graph("x", {"before": (stop, "x"), "out": (Dense(1), "before")}, "out")
    _, dx, grads = _run(graph, A, np.ones((1, 1)), (2,), wants_dx=False)
    assert dx is None
    assert grads["out"]["weight"].tolist() == [[2.0], [-4.0]]


def test_a_layer_at_two_nodes_is_shared():
    shared = Dense(2, use_bias=False)
    twins = Graph(("a", "b"), {"f": (shared, "a"), "g": (shared, "b"), "out": (Subtract(), ("f", "g"))}, "out")
    net = Network([twins], loss="mean_squared_error", dtype="float64").build({"b": 2, "a": 2})
    assert list(net.parameters) == ["0.f.weight"]
    difference = Network([Dense(2, use_bias=False)], loss="mean_squared_error", dtype="float64").build(2)
    difference.flat_parameters = net.flat_parameters
    x, y = np.random.default_rng(0).standard_normal((2, 5, 2)), np.ones((5, 2))
    value, grads, _ = net.loss_and_gradients((x[0], x[1]), y)
    expected, wanted, _ = difference.loss_and_gradients(x[0] - x[1], y)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(grads["0.f.weight"], wanted["0.weight"], rtol=1e-12)


def test_the_order_of_the_nodes_does_not_matter():
    nodes = {"c": (Add(), ("b", "a")), "b": ("tanh", "a"), "a": (Dense(2), "x")}
    assert list(Graph("x", nodes, "c").children) == ["a", "b", "c"]


def test_forward_and_reverse_mode_are_adjoint_for_a_graph_with_a_skip(backend):
    nodes = {
        "hidden": (Dense(4, activation="tanh"), "x"),
        "deep": ([Dense(4, activation="gelu"), Dense(4)], "hidden"),
        "out": (Add(), ("hidden", "deep")),
    }
    net = Network([Graph("x", nodes, "out")], loss="mean_squared_error", dtype="float64", backend=backend).build(3)
    rng = np.random.default_rng(0)
    x, u, v = (rng.standard_normal(shape) for shape in ((5, 3), (5, 3), (5, 4)))
    w = rng.standard_normal(net.count_parameters())
    y, tangent = jvp(net, x, u, w)
    # with targets y - n/2 v the gradient of the loss in the outputs is v
    _, grads, dx = net.loss_and_gradients(x, y - 10.0 * v, training=False)
    adjoint = np.sum(dx * u) + np.concatenate([g.ravel() for g in grads.values()]) @ w
    assert np.sum(tangent * v) == pytest.approx(adjoint, rel=1e-12)


def test_a_users_backward_is_checked():
    right = Lambda(lambda xp, x: xp.sin(x), lambda xp, x, y, dy: dy * xp.cos(x), check=True)
    assert right.init(ShapeRng(), (2, 3))[2] == (2, 3)
    assert check_layer(right, (3,)).passed
    two = Lambda(
        lambda xp, x: (x[0] * x[1], x[0]), lambda xp, x, y, dy: (dy[0] * x[1] + dy[1], dy[0] * x[0]), check=True
    )
    assert check_layer(two, ((3,), (3,))).passed
    pulls = [lambda xp, x, y, dy: dy, lambda xp, x, y, dy: dy * y, lambda xp, x, y, dy: xp.sum(dy, axis=-1)]
    for pull in [*pulls, lambda xp, x, y, dy: dy * float("nan")]:
        wrong = Lambda(right.function, pull, check=True)
        with pytest.raises(ArgumentError, match=r"^layer 0, .*: pull must give the gradient of function, got one that"):
            Network([wrong]).build(3)
        assert not check_layer(Lambda(right.function, pull), (3,)).passed


def test_a_lambda_moves_but_is_not_saved(tmp_path):
    net = Network([Dense(3), Lambda(lambda xp, x: -x, lambda xp, x, y, dy: -dy)], dtype="float64").build(2)
    assert np.array_equal(net.copy_to("numpy").predict(A), net.predict(A))
    with pytest.raises(ArgumentTypeError) as caught:
        net.save(tmp_path / "net")
    assert str(caught.value) == (
        "a Lambda cannot be saved, since files hold no code: write a layer class and give it to load in custom_types."
    )


def _graph(nodes, inputs="x", outputs="out"):
    return lambda: Graph(inputs, nodes, outputs)


def _init(layer, shape):
    return lambda: layer.init(HostRng(np.random.default_rng(0)), shape)


D = Dense(2)
MESSAGES = [
    (_graph({"out": (D, "y")}), "sources of node 'out' must be one of out, x, got 'y'."),
    (
        _graph({"hidden": (D, "x"), "out": (D, "hiden")}),
        "sources of node 'out' must be one of hidden, out, x, got 'hiden'. Did you mean 'hidden'?",
    ),
    (_graph({"out": (D, "x")}, outputs="end"), "outputs must be one of out, x, got 'end'."),
    (
        _graph({"a": (Add(), ("x", "c")), "b": (D, "a"), "c": (D, "b"), "out": (D, "c")}),
        "nodes must form no cycle, got a -> b -> c -> a.",
    ),
    (_graph({"out": (D, "out")}), "nodes must form no cycle, got out -> out."),
    (
        _graph({"a": (D, "x"), "b": (D, "a"), "out": (D, "x")}),
        "nodes must lead to an output, got 'a', which none depends on.",
    ),
    (
        _graph({"out": (D, "x")}, inputs=("x", "z")),
        "inputs must lead to an output, got 'z', which none depends on.",
    ),
    (_graph({"x": (D, "x")}), "names of inputs and nodes must be unique, got 'x' twice."),
    (_graph({"a.b": (D, "x")}), "names must be 1 to 100 letters, digits, '_' and '-', got 'a.b'."),
    (_graph({"out": D}), "node 'out' must be (layer, name or names that it reads), got Dense(2)."),
    (_graph({"out": (D, 3)}), "sources of node 'out' must be a name or a tuple of names, got 3."),
    (_graph({"out": (3, "x")}), "layers must be layers or names of activations, got 3."),
    (
        _init(Graph("x", {"a": (D, "x"), "b": (Dense(3), "x"), "sum": (Add(), ("a", "b"))}, "sum"), (4,)),
        "layer sum, Add(): inputs must have shapes that broadcast, got (2,), (3,).",
    ),
    (
        _init(Graph(("x", "z"), {"sum": (Add(), ("x", "z"))}, "sum"), (4,)),
        "input must be a tuple of 2 arrays (x, z), got shape (4,).",
    ),
    (
        _init(Graph("x", {"halves": (Split(2), "x"), "out": (D, "halves.2")}, ("out", "halves")), (4,)),
        "layer out, Dense(2): halves must have more than 2 outputs, got 2.",
    ),
    (
        _init(Sequential([LSTM(4, return_state=True), Dense(3)]), (5, 2)),
        "layer 1, Dense(3): input must be one array, got a tuple of 3.",
    ),
    (_init(Sequential([Dense(3)]), ((4,), (4,))), "layer 0, Dense(3): input must be one array, got a tuple of 2."),
    (
        _init(Sequential([Bidirectional(LSTM(4), None), "relu"]), (5, 2)),
        "layer 1, Activation(ReLU()): input must be one array, got a tuple of 2.",
    ),
    (
        _init(Sequential([Parallel([D, Identity()], merge=None), Embedding(5, 2)]), (4,)),
        "layer 1, Embedding(5, 2): input must be one array, got a tuple of 2.",
    ),
    (
        _init(Sequential([Split(2), Residual([Identity()])]), (4,)),
        "layer 1, Residual((Identity(),)): input must be one array, got a tuple of 2.",
    ),
    (
        _init(Graph("x", {"halves": (Split(2), "x"), "out": ([D, "relu"], "halves")}, "out"), (4,)),
        "layer out, Sequential((Dense(2), Activation(ReLU()))): layer 0, Dense(2): input must be one array, got a "
        "tuple of 2.",
    ),
    (
        _init(Graph("x", {"halves": (Split(2), "x"), "sum": (Add(), ("x", "halves"))}, "sum"), (4,)),
        "layer sum, Add(): input 1 must be one array, got a tuple of 2.",
    ),
    (_init(LSTM(4), (((3, 2), (3, 2)), (4,), (4,))), "input 0 must be one array, got a tuple of 2."),
    (_init(LSTM(4), ((3, 2),)), "input must be one array, got a tuple of 1."),
    (_init(MultiHeadAttention(1, 2), ((3, 2), ((3, 2), (3, 2)))), "input 1 must be one array, got a tuple of 2."),
    (_init(MultiHeadAttention(1, 2), ((3, 2),)), "input must be one array, got a tuple of 1."),
    (_init(Add(), (3,)), "input must be a tuple of at least 2 arrays, got shape (3,)."),
    (_init(Subtract(), ((3,), (3,), (3,))), "input must be a tuple of 2 arrays, got shape ((3,), (3,), (3,))."),
    (
        _init(Concatenate(1), ((2, 3), (2, 4))),
        "inputs must have shapes that differ along axis 1 alone, got (2, 3), (2, 4).",
    ),
    (_init(Concatenate(3), ((2, 3), (2, 4))), "axis must be an axis of samples of shape (2, 3), got 3."),
    (lambda: Concatenate(0), "axis must be an axis of the samples (1 is their first one, -1 the last), got 0."),
    (_init(Split(2), (5,)), "sizes must add up to the 5 of axis -1, got 2."),
    (_init(Split((2, 2)), (5,)), "sizes must add up to the 5 of axis -1, got (2, 2)."),
    (_init(Dot(), ((2,), (3,))), "inputs must have axes (-1, -1) of one length, got shapes (2,) and (3,)."),
    (lambda: Dot((1, 2, 3)), "axes must be an axis, or one for each of the two inputs, got (1, 2, 3)."),
    (lambda: Permute((0, 1)), "axes must be an integer of at least 1, got 0."),
    (lambda: Permute((1, 3)), "axes must hold each of the numbers from 1 to 2 once, got (1, 3)."),
    (_init(Permute((2, 1)), (3,)), "axes must be as many as those of a sample of shape (3,), got (2, 1)."),
    (_init(RepeatVector(2), (3, 4)), "input must have shape (batch, features), got (batch, 3, 4)."),
    (lambda: Parallel([]), "branches must hold at least one layer, got none."),
    *[
        (lambda bad=bad: Parallel(bad), f"branches must be layers or names of activations, got {bad!r}.")
        for bad in (None, 3)
    ],
    (lambda: Parallel([D, 3]), "branches must be layers or names of activations, got 3."),
    *[
        (
            lambda bad=bad: Graph("x", bad, "out"),
            f"nodes must be a mapping from names to (layer, sources), got {bad!r}.",
        )
        for bad in (None, 3, ["out"])
    ],
    (lambda: Parallel([D, D], merge="sum"), "merge must be one of add, average, concatenate, dot, maximum, minimum, "),
    (lambda: Parallel([Dense(2, name="merge"), D]), "name must be other than 'merge' for a branch, got 'merge'."),
    (lambda: Lambda(3, 4), "function must be callable, got 3."),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_what_does_not_fit_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError)) as caught:
        call()
    assert str(caught.value).startswith(message)
    assert "merge must" in message or str(caught.value) == message


@pytest.mark.parametrize("annotation", [Shape, "Shape", None])
def test_a_layer_of_ones_own_says_by_an_annotation_that_it_takes_one_array(annotation):
    class Own:
        name = None

        def init(self, rng, input_shape):
            return {}, {}, input_shape

        def forward(self, params, state, x, ctx):
            return x, None, state

        def backward(self, params, saved, dy, ctx):
            return dy, {}

    if annotation is None:
        assert Sequential([Split(2), Own()]).init(ShapeRng(), (4,))[2] == ((2,), (2,))
        return
    Own.init.__annotations__["input_shape"] = annotation
    with pytest.raises(ShapeError, match=r"^layer 1, .* input must be one array, got a tuple of 2\.$"):
        Sequential([Split(2), Own()]).init(ShapeRng(), (4,))


def test_parallel_names_its_branches():
    layer = Parallel([Dense(2, name="left"), [Dense(3), "tanh"], Identity()])
    params, _, shape = layer.init(ShapeRng(), (4,))
    assert (list(params), shape) == (["left", "1", "2", "merge"], (9,))
