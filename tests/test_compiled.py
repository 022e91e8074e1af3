"""A compiled step gives the numbers of the eager one: for every layer, loss and optimizer, on every backend."""

import re
from concurrent.futures import ThreadPoolExecutor

import convolution_rows
import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network
from xpnn.constraints import MaxNorm, UnitNorm
from xpnn.errors import ArgumentError
from xpnn.layers import (
    GRU,
    LSTM,
    Activation,
    Add,
    AlphaDropout,
    Average,
    BatchNorm,
    Bidirectional,
    Concatenate,
    Dense,
    Dot,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Graph,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    LearnedPositionalEmbedding,
    Maximum,
    Minimum,
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
    Sequential,
    SimpleRNN,
    SpatialDropout1D,
    SpatialDropout2D,
    Split,
    Standardize,
    Subtract,
    TransformerEncoder,
)  # fmt: skip
from xpnn.losses import (
    CTC,
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalHinge,
    Contrastive,
    CosineEmbedding,
    CosineSimilarity,
    CrossEntropy,
    Dice,
    FocalCrossEntropy,
    GaussianNLL,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    MultiMargin,
    NegativeLogLikelihood,
    Poisson,
    Quantile,
    SmoothL1,
    SquaredHinge,
    TripletMargin,
    Tversky,
)  # fmt: skip
from xpnn.metrics import ROCAUC, TopKAccuracy
from xpnn.optimizers import (
    ASGD,
    SAM,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    Lookahead,
    Muon,
    Nadam,
    RAdam,
    RMSprop,
    Rprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
)
from xpnn.regularizers import L1L2
from xpnn.schedules import CosineDecay

FUNCTIONS = (
    "celu", "elu", "exponential", "gelu", "gelu_tanh", "glu", "hard_shrink", "hard_sigmoid", "hard_swish", "hard_tanh",
    "identity", "leaky_relu", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "tanh", "tanh_shrink",
)  # fmt: skip

_shared = Dense(6, activation="tanh")
TRIPLES = [FUNCTIONS[i : i + 3] for i in range(0, len(FUNCTIONS), 3)]
"""Three to a network: a network takes as long to compile as three activations do."""

LAYERS = {
    **{
        ", ".join(names): [
            *[part for name in names for part in (Dense(6), Activation(name))],
            Dense(3),
        ]
        for names in TRIPLES
    },
    "BatchNorm": [Dense(6, use_bias=False), BatchNorm(), Dense(3)],
    "BatchNorm first": [BatchNorm(), Dense(3)],
    "Bidirectional": [Dense(6), Reshape((3, 2)), Bidirectional(GRU(2, return_sequences=True)), Flatten(), Dense(3)],
    "Dense without bias": [Dense(6, activation="relu", use_bias=False), Dense(3, use_bias=False)],
    "Dropout": [Dense(6), Dropout(0.4), Dense(3)],
    "Dropout first": [Dropout(0.4), Dense(3)],
    "Embedding": [Embedding(7, 3, padding_index=2), Flatten(), Dense(3)],
    "Embedding, large": [Embedding(700, 3), Flatten(), Dense(3)],
    "Flatten, Reshape": [Dense(6), Reshape((3, 2)), Dense(4), Flatten(), Dense(3)],
    "GRU": [Dense(6), Reshape((3, 2)), GRU(2, reset_after=False, return_sequences=True), Flatten(), Dense(3)],
    "noise": [
        GaussianNoise(0.1),
        Dense(6, activation="selu"),
        AlphaDropout(0.3),
        GaussianDropout(0.2),
        RReLU(),
        Dense(3),
    ],
    "SpatialDropout": [
        Dense(12),
        Reshape((3, 4)),
        SpatialDropout1D(0.4),
        Reshape((1, 3, 4)),
        SpatialDropout2D(0.4),
        Flatten(),
        Dense(3),
    ],
    "GroupNorm": [Dense(12), Reshape((3, 4)), GroupNorm(2), "tanh", InstanceNorm(center=False), Flatten(), Dense(3)],
    "Graph": [
        Graph(
            "x",
            {
                "h": (Dense(6), "x"),
                "g": (["tanh", Dropout(0.2), Dense(6)], "h"),
                "sum": (Add(), ("h", "g", "h")),
                "pieces": (Split(3), "sum"),
                "max": (Maximum(), ("pieces.0", "pieces.1", "pieces.2")),
                "mean": (Average(), ("pieces.0", "pieces.2")),
                "less": (Subtract(), ("max", "mean")),
                "least": (Minimum(), ("less", "pieces.1")),
                "cosine": (Dot(normalize=True), ("least", "mean")),
                "out": (Concatenate(), ("cosine", "least")),
            },
            "out",
        )
    ],
    "LayerNorm": [LayerNorm(), Dense(40), LayerNorm(), Dense(3)],
    "LearnedPositionalEmbedding": [Reshape((5, 1)), LearnedPositionalEmbedding(), Flatten(), Dense(3)],
    "MultiHeadAttention": [Reshape((5, 1)), Dense(4), MultiHeadAttention(2, 3, dropout=0.2), Flatten(), Dense(3)],
    "LSTM": [Dense(6), Reshape((3, 2)), LSTM(2, truncate=2, mask_value=0.0), Dense(3)],
    "no hidden layer": [Dense(3)],
    "PositionalEncoding": [Reshape((5, 1)), Dense(4), PositionalEncoding(), Flatten(), Dense(3)],
    "random images": [
        *[Dense(12), Reshape((3, 2, 2)), RandomFlip(), RandomTranslation(1, 0, "nearest"), RandomCrop(2, 2, 1, "wrap")],
        *[RandomBrightness(0.1), RandomContrast(0.5), RandomErasing(), Flatten(), Dense(3)],
    ],
    "PReLU": [Dense(6), PReLU(), Reshape((3, 2)), PReLU(1), Flatten(), Dense(3)],
    "Parallel": [Parallel([[Dense(4), "tanh"], Dense(4)], merge="multiply"), Parallel([Identity(), "relu"]), Dense(3)],
    "Permute, RepeatVector": [Dense(4), RepeatVector(2), Permute((2, 1)), Flatten(), Dense(3)],
    "Residual": [Dense(6), Residual([Dense(6, activation="gelu"), Dropout(0.2)]), Dense(3)],
    "RMSNorm": [RMSNorm(), Dense(6, activation="tanh"), RMSNorm(scale=False), Dense(3)],
    "rules": [
        Dense(6, "tanh", weight_regularizer="l1", bias_regularizer=L1L2(0.1, 0.2), weight_constraint=MaxNorm(0.5)),
        Dense(4, weight_constraint="non_negative", bias_constraint=UnitNorm()),
        Dense(3),
    ],
    "Sequential": [Sequential([Dense(6), "relu"]), Sequential([Dense(3)])],
    "shared": [Dense(6), _shared, _shared, Dense(3)],
    "SimpleRNN": [Dense(6), Reshape((3, 2)), SimpleRNN(4, return_sequences=True), SimpleRNN(4, "relu"), Dense(3)],
    "Standardize": [Standardize(), Dense(3)],
    "TransformerEncoder": [Embedding(7, 4), TransformerEncoder(4, 2, 6, causal=True), Flatten(), Dense(3)],
    **convolution_rows.LAYERS,
}

SLOW = (
    *("Bidirectional", "Conv2D of strides, dilation, groups", "Conv3D"),
    *("DepthwiseConv2D, AveragePool2D, GlobalMaxPool2D", "TransformerEncoder"),
)
"""What numba takes five seconds and more to compile, out of the operations of which the other rows are made too."""
OTHER_IN_INFERENCE = ("BatchNorm", "Dropout", "Embedding", "Graph", "LSTM", "MultiHeadAttention", "noise")

LOSSES = {
    "binary_cross_entropy": (BinaryCrossEntropy(), "sides"),
    "cross_entropy": (CrossEntropy(), "labels"),
    "cross_entropy, rows": (CrossEntropy(), "rows"),
    "cross_entropy, sum": (CrossEntropy(reduction="sum"), "labels"),
    "cross_entropy, smooth": (CrossEntropy(label_smoothing=0.1), "labels"),
    "binary_cross_entropy, smooth": (BinaryCrossEntropy(label_smoothing=0.1), "sides"),
    "hinge": (Hinge(), "labels"),
    "huber": (Huber(delta=0.3), "reals"),
    "mean_absolute_error": (MeanAbsoluteError(), "reals"),
    "mean_squared_error": (MeanSquaredError(), "reals"),
    "negative_log_likelihood": (NegativeLogLikelihood(), "labels"),
    "binary_focal_cross_entropy": (BinaryFocalCrossEntropy(1.5), "sides"),
    "binary_focal_cross_entropy, gamma 2": (BinaryFocalCrossEntropy(alpha=None), "sides"),
    "categorical_hinge": (CategoricalHinge(), "labels"),
    "cosine_similarity": (CosineSimilarity(), "reals"),
    "dice": (Dice(), "sides"),
    "focal_cross_entropy": (FocalCrossEntropy(), "labels"),
    "focal_cross_entropy, rows": (FocalCrossEntropy(0.5, label_smoothing=0.1), "rows"),
    "focal_cross_entropy, gamma 0.5": (FocalCrossEntropy(0.5), "labels"),
    "kl_divergence": (KLDivergence(), "rows"),
    "log_cosh": (LogCosh(), "reals"),
    "mean_absolute_percentage_error": (MeanAbsolutePercentageError(), "reals"),
    "mean_squared_logarithmic_error": (MeanSquaredLogarithmicError(), "rows"),
    "multi_margin": (MultiMargin(2), "labels"),
    "poisson": (Poisson(), "sides"),
    "quantile": (Quantile(0.3), "reals"),
    "quantile, several": (Quantile((0.1, 0.5, 0.9)), "column"),
    "smooth_l1": (SmoothL1(0.3), "reals"),
    "squared_hinge": (SquaredHinge(), "sides"),
    "tversky": (Tversky(0.3, 0.7), "sides"),
}

SHAPED_LOSSES = {
    "contrastive": (Contrastive(3.0), (2, 3), "bits"),
    "cosine_embedding": (CosineEmbedding(), (2, 3), "bits"),
    "ctc": (CTC(), (5, 3), "label columns"),
    "ctc, lengths": (CTC(2, has_lengths=True, zero_infinity=True), (4, 3), "length columns"),
    "gaussian_nll": (GaussianNLL(), (6,), "reals"),
    "triplet_margin": (TripletMargin(), (3, 4), "bits"),
    "triplet_margin, swap": (TripletMargin(swap=True), (3, 4), "bits"),
}

OPTIMIZERS = {
    "Adadelta": Adadelta(),
    "Adagrad": Adagrad(0.1),
    "Adam": Adam(0.01),
    "Adam, clip_norm": Adam(0.01, clip_norm=0.1),
    "Adam, clip_value, decay": Adam(0.01, clip_value=0.01, weight_decay=0.1),
    "Adam, schedule": Adam(CosineDecay(0.01, 3, warmup_steps=2)),
    "Adafactor": Adafactor(0.3, weight_decay=0.1),
    "Adamax": Adamax(0.01),
    "AdamW": AdamW(0.01, weight_decay=0.1),
    "AMSGrad": Adam(0.01, beta2=0.5, amsgrad=True),
    "Ftrl": Ftrl(0.1, l1=0.01, l2=0.01),
    "Lamb": Lamb(0.01, weight_decay=0.1),
    "Lion": Lion(0.01, weight_decay=0.1),
    "Lookahead": Lookahead(Adam(0.01), k=2),
    "Lookahead, Muon": Lookahead(Muon(0.1), k=2),
    "Muon": Muon(0.1, weight_decay=0.1, exclude=("1",)),
    "Nadam": Nadam(0.01),
    "RAdam": RAdam(0.01, beta2=0.8),
    "RMSprop": RMSprop(0.01),
    "RMSprop, centered, momentum": RMSprop(0.01, centered=True, momentum=0.9),
    "Rprop": Rprop(0.01),
    "SAM": SAM(SGD(0.1, momentum=0.9), rho=0.1),
    "SAM, schedule-free": SAM(ScheduleFreeSGD(0.5)),
    "ScheduleFreeAdamW": ScheduleFreeAdamW(0.01, warmup_steps=3, weight_decay=0.1),
    "ASGD": ASGD(0.5, lambd=0.1, t0=1.0, weight_decay=0.1),
    "ScheduleFreeSGD": ScheduleFreeSGD(0.5, weight_decay=0.1),
    "SGD": SGD(0.1),
    "SGD, momentum": SGD(0.1, momentum=0.9),
    "SGD, Nesterov, decay": SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
}

MODES = [(word, compiler.name) for word, backend in TESTED.items() for compiler in getattr(backend, "compilers", ())]


def _problem(targets, n=24):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((n, 5))
    y = {
        "labels": rng.integers(3, size=n),
        "bits": rng.integers(2, size=n),
        "column": rng.standard_normal(n),
        "label columns": np.tile([[1, 2], [2, 1], [2, 2]], (n // 3 + 1, 1))[:n],
        "length columns": np.tile([[4, 1, 0], [2, 0, 1], [3, 0, 2], [1, 1, 1]], (n // 4 + 1, 1))[:n],
        "reals": rng.standard_normal((n, 3)),
        "rows": rng.dirichlet([1.0, 1.0, 1.0], size=n),
        "sides": rng.integers(2, size=(n, 3)),
    }[targets]
    return x, y


def _inputs(layers, x):
    """Indices for layers that want them, else `x`."""
    bound = getattr(layers[0], "index_bound", None)
    return x if bound is None else np.floor(np.abs(x) * 1000.0) % bound


def _eager(word):
    """Where the eager numbers come from: JAX would compile every operation; those of NumPy are the same."""
    return "numpy" if word == "jax" else word


def _train(word, mode, layers, targets="labels", weights=None, dtype="float64", **options):
    x, y = _problem(targets)
    x = _inputs(layers, x)
    net = Network(layers, backend=TESTED[word], compile=mode, dtype=dtype, seed=1, **options).build(5)
    losses = [float(net.train_on_batch(x, y, sample_weight=weights)) for _ in range(5)]
    state = [net.backend.to_numpy(vector) for vector in net._learner.updater.vectors.values()]
    return net, [np.asarray(losses), net.flat_parameters, *state, *net._learner.weights.host_state().values()]


def _compare(word, mode, layers, **options):
    _, wanted = _train(_eager(word), False, layers, **options)
    net, given = _train(word, mode, layers, **options)
    assert [report.mode for report in net.compilations] == [mode]
    for a, b in zip(given, wanted, strict=True):
        if word == "numpy":
            assert np.array_equal(a, b)
        else:
            tolerance = 1e-12 if options.get("dtype", "float64") == "float64" else 2e-5
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=4 * tolerance * np.abs(b).max(initial=0.0))


@pytest.mark.parametrize(
    ("word", "mode", "name"), [(*way, name) for way in MODES for name in LAYERS if way[1] != "fast" or name not in SLOW]
)
def test_a_compiled_step_of_a_layer_gives_the_numbers_of_the_eager_one(word, mode, name):
    _compare(word, mode, LAYERS[name])


@pytest.mark.parametrize(("word", "mode", "weighted"), [*((*way, True) for way in MODES), ("numpy", "replay", False)])
@pytest.mark.parametrize("name", LOSSES)
def test_a_compiled_loss_gives_the_numbers_of_the_eager_one(word, mode, weighted, name):
    loss, targets = LOSSES[name]
    layers = [Dense(3, activation="log_softmax" if "likelihood" in name else None)]
    weights = np.arange(24.0) if weighted else None
    _compare(word, mode, layers, loss=loss, targets=targets, weights=weights)


@pytest.mark.parametrize(("word", "mode"), MODES)
@pytest.mark.parametrize("name", SHAPED_LOSSES)
def test_a_compiled_loss_of_shaped_outputs_gives_the_numbers_of_the_eager_one(word, mode, name):
    loss, shape, targets = SHAPED_LOSSES[name]
    layers = [Dense(int(np.prod(shape))), Reshape(shape)]
    _compare(word, mode, layers, loss=loss, targets=targets, weights=np.arange(24.0))


@pytest.mark.parametrize(("word", "mode"), MODES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_compiled_optimizer_gives_the_numbers_of_the_eager_one(word, mode, name):
    _compare(word, mode, [Dense(6, activation="tanh"), Dense(3)], optimizer=OPTIMIZERS[name])


@pytest.mark.parametrize(("word", "mode"), MODES)
def test_a_compiled_step_gives_the_numbers_of_the_eager_one_in_float32(word, mode):
    layers = [Dense(40, activation="gelu"), BatchNorm(), Dropout(0.3), LayerNorm(), Dense(3)]
    _compare(word, mode, layers, dtype="float32", l1=1e-3, l2=1e-2)


@pytest.mark.parametrize(("word", "mode"), MODES)
def test_a_compiled_step_of_a_large_network_runs_over_blocks(word, mode):
    _compare(word, mode, [Dense(3000, activation="tanh"), Dropout(0.5), Dense(20, activation="relu"), Dense(3)])


@pytest.mark.parametrize(
    ("word", "mode", "name"),
    # Other ways take long to compile, and their steps begin with the same operations.
    [(*way, name) for way in MODES for name in LAYERS if way[1] == "replay" or name in OTHER_IN_INFERENCE],
)
def test_compiled_outputs_are_the_eager_ones(word, mode, name):
    x = _inputs(LAYERS[name], _problem("labels")[0])
    eager, compiled = (
        Network(LAYERS[name], backend=TESTED[where], dtype="float64", compile=c)
        for where, c in ((_eager(word), False), (word, mode))
    )
    for n in (24, 1, 24) if mode == "replay" else (24,):  # other ways take long to compile for each shape
        a, b = compiled.predict(x[:n]), eager.predict(x[:n])
        assert np.array_equal(a, b) if word == "numpy" else np.allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("word", "mode"), MODES)
def test_a_fit_gives_the_same_history_compiled(word, mode):
    x, y = _problem("labels", n=50)
    layers = [Dense(8, activation="relu"), BatchNorm(), Dropout(0.2), Dense(3)]
    histories = []
    for compiled in (False, mode):
        net = Network(layers, metrics=["accuracy"], backend=TESTED[word], dtype="float64", compile=compiled)
        history = net.fit(x, y, batch_size=16, epochs=4, validation_data=(x, y))
        histories.append((history["loss"], history["accuracy"], history["val_loss"]))
    np.testing.assert_allclose(histories[1], histories[0], rtol=0 if word == "numpy" else 1e-12)


@pytest.mark.parametrize(("word", "mode"), MODES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "metrics"),
    [
        ("cross_entropy", ["accuracy", "f1", "precision", "recall", TopKAccuracy(2)]),
        ("cross_entropy", ["roc_auc", "average_precision", "matthews_correlation", "log_loss"]),
        ("mean_squared_error", ["mse", "mae", "r2", "explained_variance"]),
        ("binary_cross_entropy", ["binary_accuracy", ROCAUC("macro")]),
    ],
)
def test_compiled_measurements_are_the_eager_ones(word, mode, weighted, loss, metrics):
    targets = {"cross_entropy": "labels", "mean_squared_error": "reals", "binary_cross_entropy": "sides"}[loss]
    x, y = _problem(targets)
    weights = np.arange(24.0) if weighted else None
    nets = [
        Network([Dense(3)], loss=loss, metrics=metrics, backend=TESTED[word], dtype="float64", l2=0.1, compile=c)
        for c in (False, mode)
    ]
    given, wanted = (net.build(5).evaluate(x, y, batch_size=10, sample_weight=weights) for net in nets)
    assert given == pytest.approx(wanted, rel=0 if word == "numpy" else 1e-12)
    assert {report.function for report in nets[1].compilations} == {"measurement"}


@pytest.mark.parametrize(("word", "mode"), MODES)
def test_a_compiled_network_learns_on_after_it_was_changed_from_outside(word, mode):
    x, y = _problem("labels")
    layers = [Dense(6, activation="tanh"), BatchNorm(), Dense(3)]
    nets = [Network(layers, backend=TESTED[word], dtype="float64", compile=c).build(5) for c in (False, mode)]
    for net in nets:
        net.train_on_batch(x, y)
        net.set_parameters({"0.bias": np.full(6, 0.25)})
        net.learning_rate = 0.1
        net.train_on_batch(x, y)
        net.flat_parameters = net.flat_parameters * 0.5
        net.train_on_batch(x, y)
        net.train_on_batch(x[:7], y[:7])
        net.train_on_batch(x, y)
    a, b = (net.flat_parameters for net in nets)
    assert np.array_equal(a, b) if word == "numpy" else np.allclose(a, b, rtol=1e-11, atol=1e-12)


def test_the_loss_of_a_step_stays_as_it_is_when_the_next_one_runs():
    x, y = _problem("labels")
    net = Network([Dense(3)], compile="replay").build(5)
    first = net.train_on_batch(x, y)
    kept = float(first)
    second = net.train_on_batch(x, y)
    assert float(first) == kept != float(second)


@pytest.mark.parametrize("mode", [mode for word, mode in MODES if word == "numpy"])
def test_threads_may_predict_with_one_network(mode):
    net = Network([Dense(64, activation="tanh"), Dense(64, activation="tanh"), Dense(3)], compile=mode).build(5)
    batches = [np.random.default_rng(i).standard_normal((40, 5)) for i in range(8)]
    wanted = [net.predict(batch) for batch in batches]

    def repeat(i):
        return all(np.array_equal(net.predict(batches[i]), wanted[i]) for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(repeat, range(8)))


def test_a_way_to_compile_moves_along_where_the_other_backend_has_it():
    x, y = _problem("labels")
    net = Network([Dense(3)], compile="replay").build(5)
    net.train_on_batch(x, y)
    assert net.copy_to("numpy").compile == "replay"
    assert net.copy_to(TESTED["strict"]).compile is True
    moved = net.copy_to("numpy", compile=False)
    assert moved.compile is False
    assert moved.to(TESTED["strict"]).to("numpy").compile is False
    assert net.to(TESTED["strict"]).compile is True
    net.train_on_batch(x, y)
    assert net.to("numpy").compile is True


@pytest.mark.parametrize("mode", ["True", "fastest", None, 1])
def test_an_unknown_way_to_compile_is_refused_with_the_list(mode):
    names = ", ".join(sorted(mode for word, mode in MODES if word == "numpy"))
    message = f"compile must be True, False or a way of backend 'numpy' ({names}), got {mode!r}."
    with pytest.raises(ArgumentError, match=re.escape(message)):
        Network([Dense(3)], compile=mode)
    with pytest.raises(ArgumentError, match=r"\(which has none\)"):
        Network([Dense(3)], backend=TESTED["strict"], compile="replay")


def test_what_jax_measures_is_compiled_at_once_and_what_numpy_measures_when_it_pays():
    pytest.importorskip("jax")
    for word, mode in (("jax", "jit"), ("numpy", "eager")):
        net = Network([Dense(2)], backend=word).build(3)
        net.evaluate(np.ones((4, 3), np.float32), np.zeros(4, int))
        assert [(report.function, report.mode) for report in net.compilations] == [("measurement", mode)]
