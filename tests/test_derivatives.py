"""Forward mode: the same layers on dual numbers give Jacobian- and Hessian-vector products."""

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network
from xpnn.derivatives import hessian_vector_product, jvp
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import (
    GRU,
    LSTM,
    BatchNorm,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    Reshape,
    Residual,
    SimpleRNN,
    Standardize,
)
from xpnn.losses import Loss

ACTIVATIONS = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "gelu_tanh",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
]
NETWORKS = {name: [Dense(6, activation=name), Dense(3)] for name in ACTIVATIONS}
NETWORKS |= {
    "skip": [Dense(4, activation="tanh"), Residual([Dense(4, activation="gelu"), LayerNorm()]), Dense(3)],
    "norms": [Standardize(), BatchNorm(), Reshape((2, 2)), Flatten(), Dropout(0.2), LayerNorm(), Dense(3)],
    "recurrent": [Reshape((4, 1)), SimpleRNN(3, return_sequences=True), Bidirectional(LSTM(2)), Dense(3)],
    "recurrent with a mask": [Reshape((2, 2)), GRU(3, mask_value=0.0)],
    "tied": [d := Dense(4, activation="softsign"), d, Dense(3)],
}
RNG = np.random.default_rng(0)
X, U, DX = (RNG.standard_normal((6, n)) for n in (4, 3, 4))


class Pull(Loss):
    """The loss ⟨u, y⟩, whose gradient is pulled back as Jᵀu."""

    def terms(self, xp, outputs, targets):
        return outputs * targets, targets

    def check_targets(self, targets, output_shape):
        return targets


@pytest.mark.parametrize("name", NETWORKS)
@without_jax
def test_the_jacobian_and_its_transpose_are_adjoint(backend, name):
    net = Network(NETWORKS[name], loss=Pull(reduction="sum"), backend=backend, dtype="float64", seed=3).build(4)
    _, grads, dx = net.loss_and_gradients(X, U, training=False)
    gradient = np.concatenate([g.reshape(-1) for g in grads.values()])
    v = np.random.default_rng(1).standard_normal(gradient.size)
    outputs, moved = jvp(net, X, DX, v)
    np.testing.assert_allclose(outputs, net.predict(X), rtol=1e-13, atol=1e-15)
    left, right = np.sum(U * moved), np.sum(dx * DX) + gradient @ v
    size = np.abs(U * moved).sum() + np.abs(dx * DX).sum() + np.abs(gradient * v).sum()
    assert abs(left - right) <= 1e-12 * size


def test_only_what_moves_counts(backend):
    net = Network([Dense(3, activation="tanh"), Dense(2)], backend=backend, dtype="float64").build(4)
    v = np.random.default_rng(1).standard_normal(net.count_parameters())
    both, first, second = jvp(net, X, DX, v)[1], jvp(net, X, DX)[1], jvp(net, X, None, v)[1]
    np.testing.assert_allclose(both, first + second, rtol=1e-12)
    assert not np.any(jvp(net, X)[1])


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error", "huber"])
def test_the_product_with_the_hessian_is_the_change_of_the_gradient(backend, loss):
    y = np.asarray([0, 1, 2, 0, 1, 2]) if loss == "cross_entropy" else (U > 0) * 1.0
    layers = [Dense(4, activation="tanh"), LayerNorm(), Dense(3, activation="silu"), Dense(3)]
    net = Network(layers, loss=loss, backend=backend, dtype="float64", seed=1).build(4)
    start = net.flat_parameters
    v = np.random.default_rng(2).standard_normal(start.size)
    product = hessian_vector_product(net, X, y, v)

    def gradient(step):
        net.flat_parameters = start + step * v
        return np.concatenate([g.reshape(-1) for g in net.loss_and_gradients(X, y, training=False)[1].values()])

    h = 1e-4
    numeric = (8 * (gradient(h) - gradient(-h)) - (gradient(2 * h) - gradient(-2 * h))) / (12 * h)
    np.testing.assert_allclose(product, numeric, rtol=1e-7, atol=1e-9 * np.abs(product).max())


def test_the_hessian_is_symmetric(backend):
    net = Network([Dense(4, activation="gelu"), Dense(3)], backend=backend, dtype="float64").build(4)
    u, v = np.random.default_rng(2).standard_normal((2, net.count_parameters()))
    y = [0, 1, 2, 0, 1, 2]
    left, right = u @ hessian_vector_product(net, X, y, v), v @ hessian_vector_product(net, X, y, u)
    assert left == pytest.approx(right, rel=1e-11)


def test_a_direction_of_another_shape_is_refused():
    net = Network([Dense(2)]).build(4)
    with pytest.raises(ShapeError, match=r"^tangent_x must have shape \(6, 4\), got \(6, 3\)\.$"):
        jvp(net, X, U)
    with pytest.raises(ShapeError, match=r"^direction must have shape \(10,\), got \(3,\)\.$"):
        hessian_vector_product(net, X, [0, 1, 1, 0, 0, 1], np.ones(3))


def test_a_batch_without_samples_has_no_second_derivatives():
    with pytest.raises(ArgumentError, match=r"^x must hold at least one sample, got none\.$"):
        hessian_vector_product(Network([Dense(2)]).build(4), X[:0], [], np.ones(10))
