"""Where values lie in memory: as NumPy lays them, so that compiled sums are the eager ones to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import NUMPY

from xpnn import Network
from xpnn.layers import (
    LSTM,
    Activation,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    GlobalMaxPool2D,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    MaxPool2D,
    MultiHeadAttention,
    PReLU,
    Reshape,
    Residual,
    RMSNorm,
)
from xpnn.namespaces import Recorder
from xpnn.program import optimize, schedule
from xpnn.program.memory_order import order_of_axes
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Replay

AXES = 4


@st.composite
def arrays(draw):
    """An array that lies in some order of its axes, perhaps sliced, repeated along axes, or with fewer axes."""
    sizes = (2, 3, 4, 5)
    order = draw(st.permutations(range(AXES)))
    x = np.zeros([2 * sizes[axis] for axis in order]).transpose(np.argsort(order))
    step = draw(st.sampled_from([1, 2]))
    x = x[tuple(slice(None, n * step, step) for n in sizes)]
    for axis in range(AXES):
        if draw(st.booleans()) and draw(st.booleans()):
            one = x[(*(slice(None),) * axis, slice(1))]
            x = one if draw(st.booleans()) else np.broadcast_to(one, x.shape)
    return x[0] if x.shape[0] == 1 else x


def steps(x):
    padded = (0,) * (AXES - x.ndim)
    return (*padded, *(step if n > 1 else 0 for n, step in zip(x.shape, x.strides, strict=True)))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(operands=st.lists(arrays(), min_size=1, max_size=3))
def test_the_order_of_axes_is_that_of_numpy(operands):
    whole = np.broadcast_shapes(*(x.shape for x in operands), (1,) * AXES)
    result = np.nditer(
        [*operands, None], op_axes=[[*[-1] * (AXES - x.ndim), *range(x.ndim)] for x in operands] + [None]
    )
    lies = result.operands[-1]
    assert lies.shape == whole
    order = order_of_axes(AXES, [steps(x) for x in operands])
    assert lies.transpose(order).flags.c_contiguous


@pytest.mark.parametrize(
    ("function", "axes"),
    [
        (lambda xp, x, y: x + y[:1, :1, :], (2, 0, 1)),
        (lambda xp, x, y: x + y[:, :1, :], None),
        (lambda xp, x, y: x + xp.sum(y, axis=(0, 1), keepdims=True), (2, 0, 1)),
        (lambda xp, x, y: x + xp.permute_dims(x, (0, 1, 2)), (2, 0, 1)),
        (lambda xp, x, y: xp.concat([x, x], axis=1), (2, 0, 1)),
        (lambda xp, x, y: xp.sum(xp.stack([x, x]), axis=0), (2, 0, 1)),
        (lambda xp, x, y: xp.max(x, axis=1, keepdims=True), (2, 0)),
        (lambda xp, x, y: xp.where(x > 0.0, x, 1.0), (2, 0, 1)),
        (lambda xp, x, y: x + y, (0, 1, 2)),  # they disagree
        (lambda xp, x, y: xp.permute_dims(xp.stack([x, x]), (2, 1, 0, 3)) @ xp.reshape(y, (1, 1, 4, 6))[..., :2], None),
        (lambda xp, x, y: xp.permute_dims(xp.stack([xp.stack([x, x])] * 3), (3, 2, 1, 0, 4)) @ y[0, 0, :], None),
    ],
)
def test_a_result_lies_as_its_arguments_do(function, axes):
    """`x` has the shape (2, 3, 4) and lies in the order (2, 0, 1)."""
    recorder = Recorder(NUMPY)
    x, y = recorder.give_like((4, 2, 3), "float64"), recorder.give_like((2, 3, 4), "float64")

    def step(xp, x, y):
        return function(xp, xp.permute_dims(x, (1, 2, 0)), y)

    rng = np.random.default_rng(0)
    given = [rng.standard_normal(node.shape) for node in (x, y)]
    recorded = recorder.program([step(recorder, x, y)], {})
    plan = schedule(optimize(recorded, NUMPY.xp, np.dtype))
    (eager,), _ = recorded.evaluate(NUMPY.xp, np.dtype, [], given, [])
    ((result,), _) = Replay(plan, NumpyLibrary(None)).run([], given, [])
    assert np.array_equal(result, eager)
    lies = plan.locations[plan.program.outputs[0]].strides
    assert _order(lies, eager.shape) == _order(eager.strides, eager.shape)
    if axes:
        assert _order(lies, eager.shape) == axes


def _order(strides, shape):
    """Axes of more than one element, by their strides."""
    axes = [axis for axis, n in enumerate(shape) if n > 1]
    return tuple(sorted(axes, key=lambda axis: -strides[axis]))


def test_a_result_in_place_lies_as_the_array_on_the_left_does():
    def step(x, y):
        x = x.mT * 2.0
        x += y
        return x

    recorder = Recorder(NUMPY)
    nodes = recorder.give_like((2, 3), "float64"), recorder.give_like((3, 2), "float64")
    plan = schedule(optimize(recorder.program([step(*nodes)], {}), NUMPY.xp, np.dtype))
    given = [np.ones((2, 3)), np.arange(6.0).reshape(3, 2)]
    ((result,), _) = Replay(plan, NumpyLibrary(None)).run([], given, [])
    assert plan.locations[plan.program.outputs[0]].strides == (1, 3)
    np.testing.assert_array_equal(result, step(*given))


PARTS = (
    lambda: Activation("relu"),
    lambda: Activation("gelu"),
    lambda: AveragePool2D(2, padding="same"),
    BatchNorm,
    BatchNorm,
    lambda: Conv2D(4, 3, padding="same", activation="relu"),
    lambda: Dense(4),
    lambda: Dropout(0.3),
    lambda: GroupNorm(2),
    InstanceNorm,
    LayerNorm,
    lambda: MaxPool2D(2, padding="same"),
    PReLU,
    lambda: Residual([Conv2D(4, 3, padding="same"), BatchNorm()]),
    RMSNorm,
)
ENDS = (
    [Flatten()],
    [GlobalAveragePool2D()],
    [GlobalMaxPool2D()],
    [Reshape((-1, 4)), LSTM(3)],
    [Reshape((-1, 4)), MultiHeadAttention(2, 2), LayerNorm(), Flatten()],
)


@pytest.mark.parametrize("seed", range(24))
def test_random_networks_of_images_train_to_the_same_bits_compiled(seed):
    rng = np.random.default_rng(seed)
    layers = [Conv2D(4, 3), *(PARTS[i]() for i in rng.integers(len(PARTS), size=rng.integers(2, 6)))]
    layers += [*ENDS[seed % len(ENDS)], Dense(3)]
    x, y = rng.standard_normal((12, 8, 8, 2)), rng.integers(0, 3, 12)
    parameters = []
    for mode in (False, "replay"):
        net = Network(layers, optimizer="adam", dtype=("float32", "float64")[seed % 2], compile=mode, seed=seed)
        net.build((8, 8, 2))
        losses = [float(net.train_on_batch(x, y)) for _ in range(3)]
        parameters.append(np.asarray([*losses, *net.flat_parameters]))
    assert np.array_equal(*parameters)
