"""The convolutional network among the systems that xpnn descends from; see `test_seeds` for the others."""

import numpy as np
import pytest

from xpnn import Network
from xpnn.layers import Conv2D, Dense, Flatten, MaxPool2D
from xpnn.optimizers import SGD


def test_s1_a_convolutional_network_learns_a_thousand_digits(backend, mnist):
    if backend.name.partition(":")[0] not in ("numpy", "torch", "cupy"):
        pytest.skip("3000 steps of one image take minutes there.")
    (x, y), (x_test, y_test) = mnist
    x, y, x_test, y_test = x[:1000] / 255.0 - 0.5, y[:1000], x_test[:1000] / 255.0 - 0.5, y_test[:1000]
    rng = np.random.RandomState(0)
    filters, weight = rng.randn(8, 3, 3) / 9, rng.randn(1352, 10) / 1352
    layers = [Conv2D(8, 3, use_bias=False), MaxPool2D(2), Flatten(), Dense(10)]
    options = {"loss": "cross_entropy", "optimizer": SGD(0.005), "metrics": ["accuracy"], "dtype": "float64"}
    net = Network(layers, backend=backend, **options).build((28, 28, 1))
    net.set_parameters({"0.weight": np.moveaxis(filters, 0, -1)[:, :, None, :], "3.weight": weight})
    order = np.arange(1000)
    for _ in range(3):
        order = order[rng.permutation(1000)]
        net.fit(x[order], y[order], batch_size=1, epochs=1, shuffle=False, verbose=0)
    result = net.evaluate(x_test, y_test)
    assert result["loss"] == pytest.approx(0.554770, abs=5e-7)
    assert result["accuracy"] == pytest.approx(0.817)
