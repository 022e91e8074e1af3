"""A training step never waits for the device: it runs on PyTorch's ``meta`` device, which has no values to wait for."""

from dataclasses import fields
from inspect import isabstract

import convolution_rows
import numpy as np
import pytest

from xpnn import Network, activations, losses, optimizers
from xpnn.layers import (
    GRU,
    LSTM,
    Activation,
    AlphaDropout,
    BatchNorm,
    Bidirectional,
    Dense,
    Dot,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    LearnedPositionalEmbedding,
    MultiHeadAttention,
    Parallel,
    Permute,
    PositionalEncoding,
    PReLU,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomTranslation,
    RepeatVector,
    Reshape,
    Residual,
    RMSNorm,
    RReLU,
    SpatialDropout1D,
    SpatialDropout2D,
    Split,
    Standardize,
    Subtract,
    TransformerEncoder,
)
from xpnn.metrics import R2, Accuracy
from xpnn.training.measurement import measure
from xpnn.training.totals import Totals

pytest.importorskip("torch")

X, LABELS = np.ones((6, 5)), np.asarray([0, 1, 2, 0, 1, 2])
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
REALS, PAIRS, ANCHORS = np.ones((6, 3)), [Dense(6), Reshape((2, 3))], [Dense(6), Reshape((3, 2))]
LOSSES = {
    "CTC": ([Dense(12), Reshape((4, 3))], np.ones((6, 2), dtype=np.int64)),
    "Contrastive": (PAIRS, np.ones(6)),
    "CosineEmbedding": (PAIRS, np.ones(6)),
    "GaussianNLL": ([Dense(2)], np.ones(6)),
    "KLDivergence": ([], np.full((6, 3), 1.0 / 3.0)),
    "NegativeLogLikelihood": (["log_softmax"], LABELS),
    "TripletMargin": (ANCHORS, np.ones(6)),
    "TripletSemiHard": ([], LABELS),
    "WeightedLosses": ([Split((1, 2))], (np.ones((6, 1)), LABELS % 2)),
    **{name: ([], LABELS) for name in ("CategoricalHinge", "CrossEntropy", "FocalCrossEntropy", "Hinge")},
    "MultiMargin": ([], LABELS),
}
"""Layers behind the last one, and targets; for all other losses none, and reals."""

ARGUMENTS = {
    "Lookahead": (optimizers.SGD(0.1, clip_norm=1.0),),
    "SAM": (optimizers.SGD(0.1, clip_norm=1.0),),
    "Threshold": (0.5, -1.0),
    "WeightedLosses": ([losses.MeanSquaredError(), losses.CrossEntropy()], (0.5, 2.0)),
}


def _step(layers=LAYERS, **options):
    end, y = LOSSES.get(type(options.get("loss", losses.CrossEntropy())).__name__, ([], REALS))
    net = Network([*layers, *end], backend="torch:meta", **options).build(5)
    loss = net.train_on_batch(X, y, sample_weight=np.ones(6))
    assert loss.device.type == "meta"
    assert tuple(loss.shape) == ()
    return net


def _parts(module):
    kinds = (getattr(module, name) for name in module.__all__)
    return [kind for kind in kinds if hasattr(kind, "__dataclass_fields__") and not isabstract(kind)]


def _make(kind, **options):
    """Make an object with those of `options` that it has."""
    known = [field.name for field in fields(kind) if field.init]
    return kind(*ARGUMENTS.get(kind.__name__, ()), **{name: options[name] for name in options if name in known})


@pytest.mark.parametrize("loss", _parts(losses))
def test_no_layer_and_no_loss_waits(loss):
    _step(loss=_make(loss))


@pytest.mark.parametrize("optimizer", [kind for kind in _parts(optimizers) if kind is not optimizers.LBFGS])
def test_no_optimizer_waits_not_even_to_clip(optimizer):
    _step(optimizer=_make(optimizer, clip_value=1.0, clip_norm=1.0, weight_decay=0.1), l1=0.1, l2=0.1)


def test_a_line_search_waits():
    with pytest.raises((RuntimeError, NotImplementedError)):
        _step(optimizer=optimizers.LBFGS())


@pytest.mark.parametrize("activation", _parts(activations))
def test_no_activation_waits(activation):
    _step([Dense(4), Activation(_make(activation)), Dense(3)])


def test_no_recurrent_layer_waits():
    _step(
        [
            Dense(4),
            Reshape((2, 2)),
            Bidirectional(LSTM(3, return_sequences=True, mask_value=0.0)),
            GRU(3, truncate=1),
            Dense(3),
        ]
    )


@pytest.mark.parametrize("layers", convolution_rows.LAYERS.values(), ids=list(convolution_rows.LAYERS))
def test_no_convolution_and_no_pooling_waits(layers):
    _step(layers)


def test_no_noise_and_no_random_image_waits():
    images = [RandomFlip(), RandomTranslation(1, 1), RandomCrop(3, 3, padding=1), RandomErasing(0.8)]
    images += [RandomBrightness(0.2), RandomContrast(0.2), SpatialDropout2D(0.2), InstanceNorm()]
    rows = [
        AlphaDropout(0.2),
        GaussianDropout(0.2),
        GaussianNoise(0.1),
        PReLU(),
        RReLU(),
        RMSNorm(),
        Identity(),
        Dense(3),
    ]
    _step([Dense(32), Reshape((4, 4, 2)), *images, Flatten(), *rows])


def test_no_sequence_and_no_merge_waits():
    sequences = [RepeatVector(3), SpatialDropout1D(0.2), LearnedPositionalEmbedding(), MultiHeadAttention(2, 3)]
    sequences += [Permute((2, 1)), GroupNorm(3), Flatten()]
    merges = ["maximum", "minimum", "multiply", "average", "add", Subtract(), Dot(normalize=True)]
    _step([*sequences, *(Parallel([Dense(4), Dense(4)], merge) for merge in merges), Dense(3)])


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
