"""Training on the pretended devices of array-api-strict that lack 64-bit numbers, as Apple's GPUs and JAX do."""

import numpy as np
import pytest

from xpnn import Network, data
from xpnn.errors import BackendError
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm, Residual
from xpnn.optimizers import AdamW

pytest.importorskip("array_api_strict")


@pytest.fixture(params=["device1", "device2", "no_float64", "no_x64"])
def device(request):
    from strict_backend import open_backend

    return open_backend(request.param)


def _network(backend, metrics=("accuracy", "f1")):
    layers = [Dense(8, activation="gelu"), BatchNorm(), Dropout(0.2), Residual([LayerNorm(), Dense(8)]), Dense(3)]
    optimizer = AdamW(0.01, weight_decay=0.1, clip_norm=1.0)
    return Network(layers, optimizer=optimizer, metrics=metrics, backend=backend, l2=0.001)


def test_float32_trains_where_64_bits_are_missing(device):
    x, y = data.spiral(20, arms=3, seed=0)
    options = {"batch_size": 16, "epochs": 3, "class_weight": "balanced", "validation_split": 0.2}
    metrics = () if device.name == "strict:no_x64" else ("accuracy", "f1")  # its own argmax returns 64 bits and fails
    net, twin = _network(device, metrics), _network("numpy", metrics)
    history, wanted = net.fit(x, y, **options), twin.fit(x, y, **options)
    for name in wanted:
        np.testing.assert_allclose(history[name], wanted[name], rtol=2e-4, atol=1e-6)
    assert net.flat_parameters.dtype == np.float32
    net.to("numpy").fit(x, y, epochs=1)


def test_float64_is_refused_where_it_is_missing(device):
    if device.name in ("strict:device1", "strict:device2"):
        Network([Dense(2)], backend=device, dtype="float64").build(2)
        return
    with pytest.raises(BackendError, match="cannot compute in float64") as caught:
        Network([Dense(2)], backend=device, dtype="float64")
    assert "\n" not in str(caught.value)
