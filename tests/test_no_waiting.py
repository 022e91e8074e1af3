"""A training step never waits for the device: it runs on PyTorch's ``meta`` device, which has no values to wait for."""

import numpy as np
import pytest

from xpnn import Network, activations, losses, optimizers
from xpnn.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    PositionalEncoding,
    Reshape,
    Residual,
    Standardize,
    TransformerEncoder,
)
from xpnn.metrics import R2, Accuracy
from xpnn.training.measurement import measure
from xpnn.training.totals import Totals

pytest.importorskip("torch")

X, LABELS = np.ones((6, 4)), np.asarray([0, 1, 2, 0, 1, 2])
LAYERS = [
    Standardize(),
    Dense(8, activation="relu"),
    BatchNorm(),
    Dropout(0.3),
    Reshape((2, 4)),
    LayerNorm(),
    Flatten(),
    Residual([Dense(8, activation="gelu")]),
    Dense(3),
]
TARGETS = {"CrossEntropy": LABELS, "NegativeLogLikelihood": LABELS, "Hinge": LABELS}


def _step(layers=LAYERS, **options):
    y = TARGETS.get(type(options.get("loss", losses.CrossEntropy())).__name__, np.ones((6, 3)))
    end = ["log_softmax"] if isinstance(options.get("loss"), losses.NegativeLogLikelihood) else []
    net = Network([*layers, *end], backend="torch:meta", **options).build(4)
    loss = net.train_on_batch(X, y, sample_weight=np.ones(6))
    assert loss.device.type == "meta"
    assert tuple(loss.shape) == ()
    return net


def _parts(module):
    kinds = (getattr(module, name) for name in module.__all__)
    return [kind for kind in kinds if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")]


@pytest.mark.parametrize("loss", [kind for kind in _parts(losses) if not kind.__abstractmethods__])
def test_no_layer_and_no_loss_waits(loss):
    _step(loss=loss())


@pytest.mark.parametrize("optimizer", [kind for kind in _parts(optimizers) if not kind.__abstractmethods__])
def test_no_optimizer_waits_not_even_to_clip(optimizer):
    decay = {"weight_decay": 0.1} if "weight_decay" in optimizer.__dataclass_fields__ else {}
    _step(optimizer=optimizer(clip_value=1.0, clip_norm=1.0, **decay), l1=0.1, l2=0.1)


@pytest.mark.parametrize("activation", _parts(activations))
def test_no_activation_waits(activation):
    _step([Dense(4), Activation(activation()), Dense(3)])


def test_no_recurrent_layer_waits():
    _step(
        [Reshape((2, 2)), Bidirectional(LSTM(3, return_sequences=True, mask_value=0.0)), GRU(3, truncate=1), Dense(3)]
    )


def test_measuring_a_batch_does_not_wait():
    net = _step()
    xp, device = net.backend.xp, net.backend.device
    outputs, y = net.backend.asarray(np.ones((6, 3)), xp.float32), net.backend.asarray(LABELS)
    for loss, metric, targets in ((net.loss, Accuracy(), y), (losses.MeanSquaredError(), R2(), outputs)):
        totals = Totals(loss, [metric], net.backend)
        for _ in range(2):
            totals.add(xp.sum(outputs), measure(loss, [metric], xp, device, outputs, targets, None))


def test_the_proof_can_fail():
    net = _step()
    with pytest.raises((RuntimeError, NotImplementedError)):
        float(net.train_on_batch(X, LABELS))


def test_no_embedding_and_no_attention_waits():
    layers = [Embedding(200, 4), PositionalEncoding(), TransformerEncoder(4, 2, 6, causal=True), Flatten(), Dense(3)]
    net = Network(layers, metrics=["roc_auc", "matthews_correlation"], backend="torch:meta").build(50)
    loss = net.train_on_batch(np.ones((6, 50), dtype=np.int64), LABELS)
    assert loss.device.type == "meta"
