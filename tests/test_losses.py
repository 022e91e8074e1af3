import re
from functools import cache

import array_api_compat.numpy as numpy_namespace
import numpy as np
import pytest
from array_api_compat import array_namespace, device
from conftest import without_jax
from strict_backend import open_backend

import xpnn.losses
from xpnn.backend import get_backend
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
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
    Loss,
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
    TripletSemiHard,
    Tversky,
    get_loss,
)

LABELS = np.asarray([2, 0, 1, 2, 2, 0, 1])
ROWS = np.random.default_rng(5).dirichlet(np.ones(3), 7)
BITS = np.random.default_rng(6).integers(0, 2, (7, 3))
REALS = np.random.default_rng(7).normal(size=(7, 3))
WEIGHT = np.asarray([0.5, 2.0, 0.0, 1.0, 3.0, 0.25, 1.0])
OUTPUTS = np.random.default_rng(8).normal(size=(7, 3)) * 2.0


def torch_rows(f, z, t):
    return -(t * f.log_softmax(z, -1)).sum(-1)


def torch_focal(f, z, t, gamma, alpha):
    p = z.sigmoid()
    cost = f.binary_cross_entropy_with_logits(z, t.double(), reduction="none")
    return (alpha * t + (1 - alpha) * (1 - t)) * (p * (1 - t) + (1 - p) * t) ** gamma * cost


def torch_focal_classes(f, z, t, gamma, alpha):
    log_p = f.log_softmax(z, -1).gather(-1, t[:, None])[:, 0]
    return -alpha * (1 - log_p.exp()) ** gamma * log_p


def torch_focal_rows(f, z, t, gamma, alpha):
    log_p = f.log_softmax(z, -1)
    return -(alpha * t * (1 - log_p.exp()) ** gamma * log_p).sum(-1)


def torch_categorical_hinge(f, z, t):
    is_class = f.one_hot(t, 3) == 1
    return (1 - z[is_class] + z.masked_fill(is_class, -np.inf).max(-1).values).clip(0)


# name: the loss, its targets, and the cost of each term as PyTorch computes it
CASES = {
    "cross_entropy": (CrossEntropy, LABELS, lambda f, z, t: f.cross_entropy(z, t, reduction="none")),
    "cross_entropy_rows": (CrossEntropy, ROWS, lambda f, z, t: f.cross_entropy(z, t, reduction="none")),
    "cross_entropy_heavy_rows": (CrossEntropy, ROWS * 1.7, torch_rows),
    "cross_entropy_smooth": (
        lambda **kw: CrossEntropy(label_smoothing=0.1, **kw),
        LABELS,
        lambda f, z, t: f.cross_entropy(z, t, label_smoothing=0.1, reduction="none"),
    ),
    "cross_entropy_smooth_rows": (
        lambda **kw: CrossEntropy(label_smoothing=0.3, **kw),
        ROWS,
        lambda f, z, t: f.cross_entropy(z, t, label_smoothing=0.3, reduction="none"),
    ),
    "bce_smooth": (
        lambda **kw: BinaryCrossEntropy(label_smoothing=0.2, **kw),
        BITS,
        lambda f, z, t: f.binary_cross_entropy_with_logits(z, 0.8 * t.double() + 0.1, reduction="none"),
    ),
    "nll": (NegativeLogLikelihood, LABELS, lambda f, z, t: f.nll_loss(z, t, reduction="none")),
    "nll_rows": (NegativeLogLikelihood, ROWS, lambda f, z, t: -(t * z).sum(-1)),
    "bce": (
        BinaryCrossEntropy,
        BITS,
        lambda f, z, t: f.binary_cross_entropy_with_logits(z, t.double(), reduction="none"),
    ),
    "bce_soft": (
        BinaryCrossEntropy,
        ROWS,
        lambda f, z, t: f.binary_cross_entropy_with_logits(z, t, reduction="none"),
    ),
    "mse": (MeanSquaredError, REALS, lambda f, z, t: f.mse_loss(z, t, reduction="none")),
    "mae": (MeanAbsoluteError, REALS, lambda f, z, t: f.l1_loss(z, t, reduction="none")),
    "huber": (Huber, REALS, lambda f, z, t: f.huber_loss(z, t, reduction="none")),
    "huber_wide": (
        lambda **kw: Huber(2.5, **kw),
        REALS,
        lambda f, z, t: f.huber_loss(z, t, reduction="none", delta=2.5),
    ),
    "hinge": (
        Hinge,
        BITS * 2 - 1,
        lambda f, z, t: f.margin_ranking_loss(z, 0 * z, t, margin=1.0, reduction="none"),
    ),
    "hinge_bits": (
        lambda **kw: Hinge(0.5, **kw),
        BITS,
        lambda f, z, t: f.margin_ranking_loss(z, 0 * z, 2 * t - 1, margin=0.5, reduction="none"),
    ),
    "hinge_classes": (Hinge, LABELS, lambda f, z, t: 3 * f.multi_margin_loss(z, t, reduction="none")),
    "hinge_classes_wide": (
        lambda **kw: Hinge(2.0, **kw),
        LABELS,
        lambda f, z, t: 3 * f.multi_margin_loss(z, t, margin=2.0, reduction="none"),
    ),
    "smooth_l1": (
        lambda **kw: SmoothL1(0.4, **kw),
        REALS,
        lambda f, z, t: f.smooth_l1_loss(z, t, reduction="none", beta=0.4),
    ),
    "log_cosh": (LogCosh, REALS, lambda f, z, t: (z - t).cosh().log()),
    "mape": (MeanAbsolutePercentageError, REALS, lambda f, z, t: 100 * ((z - t) / t).abs()),
    "msle": (
        MeanSquaredLogarithmicError,
        np.abs(REALS),
        lambda f, z, t: (z.clip(0).log1p() - t.log1p()) ** 2,
    ),
    "poisson": (Poisson, BITS * 2.0, lambda f, z, t: f.poisson_nll_loss(z, t, reduction="none")),
    "quantile": (lambda **kw: Quantile(0.2, **kw), REALS, lambda f, z, t: ((t - z) * 0.2).maximum((z - t) * 0.8)),
    "squared_hinge": (
        SquaredHinge,
        BITS * 2 - 1,
        lambda f, z, t: f.margin_ranking_loss(z, 0 * z, t, margin=1.0, reduction="none") ** 2,
    ),
    "binary_focal": (BinaryFocalCrossEntropy, BITS, lambda f, z, t: torch_focal(f, z, t, 2.0, 0.25)),
    "binary_focal_plain": (
        lambda **kw: BinaryFocalCrossEntropy(0.7, None, **kw),
        BITS * 2 - 1,
        lambda f, z, t: 2 * torch_focal(f, z, (t + 1) / 2, 0.7, 0.5),
    ),
    "focal": (FocalCrossEntropy, LABELS, lambda f, z, t: torch_focal_classes(f, z, t, 2.0, 0.25)),
    "focal_rows": (
        lambda **kw: FocalCrossEntropy(1.5, 0.5, label_smoothing=0.2, **kw),
        ROWS,
        lambda f, z, t: torch_focal_rows(f, z, 0.8 * t + 0.2 / 3, 1.5, 0.5),
    ),
    "focal_smooth": (
        lambda **kw: FocalCrossEntropy(label_smoothing=0.3, **kw),
        LABELS,
        lambda f, z, t: torch_focal_rows(f, z, 0.7 * f.one_hot(t, 3).double() + 0.1, 2.0, 0.25),
    ),
    "binary_focal_shares": (
        lambda **kw: BinaryFocalCrossEntropy(1.5, label_smoothing=0.2, **kw),
        ROWS,
        lambda f, z, t: torch_focal(f, z, 0.8 * t + 0.1, 1.5, 0.25),
    ),
    "focal_steep": (
        lambda **kw: FocalCrossEntropy(0.6, 2.0, **kw),
        LABELS,
        lambda f, z, t: torch_focal_classes(f, z, t, 0.6, 2.0),
    ),
    "kl_divergence": (KLDivergence, ROWS, lambda f, z, t: f.kl_div(f.log_softmax(z, -1), t, reduction="none").sum(-1)),
    "kl_divergence_labels": (KLDivergence, LABELS, lambda f, z, t: f.cross_entropy(z, t, reduction="none")),
    "categorical_hinge": (CategoricalHinge, LABELS, torch_categorical_hinge),
    "multi_margin": (MultiMargin, LABELS, lambda f, z, t: f.multi_margin_loss(z, t, reduction="none")),
    "multi_margin_squared": (
        lambda **kw: MultiMargin(2, 0.5, **kw),
        LABELS,
        lambda f, z, t: f.multi_margin_loss(z, t, 2, 0.5, reduction="none"),
    ),
    "cosine_similarity": (CosineSimilarity, REALS + OUTPUTS, lambda f, z, t: -f.cosine_similarity(z, t, -1, 1e-300)),
}
ALL = pytest.mark.parametrize("case", list(CASES))
REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum"])
WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture(params=["numpy", "strict", "strict:device1"])
def portable(request):
    """Backends for what depends on shapes alone, which JAX would compile one by one."""
    return get_backend("numpy") if request.param == "numpy" else open_backend(request.param.partition(":")[2] or None)


def run(loss, backend, outputs, targets, weight=None, dtype="float64"):
    """Value and gradient as host arrays."""
    dtype = getattr(backend.xp, dtype)
    targets = np.asarray(targets)
    y = backend.asarray(targets, dtype if targets.dtype.kind == "f" else None)
    w = None if weight is None else backend.asarray(np.asarray(weight), dtype)
    results = loss.value_and_gradient(backend.xp, backend.asarray(np.asarray(outputs), dtype), y, w)
    assert all(x.dtype == dtype and device(x) == backend.device for x in results)
    assert results[0].shape == ()
    return [backend.to_numpy(x) for x in results]


@cache
def torch_answer(case, reduction, weighted):
    torch = pytest.importorskip("torch")
    z = torch.tensor(OUTPUTS, dtype=torch.float64, requires_grad=True)
    costs = CASES[case][2](torch.nn.functional, z, torch.tensor(CASES[case][1]))
    w = torch.ones_like(costs)
    if weighted:
        w = w * torch.tensor(WEIGHT).reshape((-1,) + (1,) * (costs.ndim - 1))
    value = (w * costs).sum() / (w.sum() if reduction == "mean" else 1.0)
    value.backward()
    return value.item(), z.grad.numpy()


def assert_close(actual, expected, tolerance):
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    assert np.max(np.abs(actual - expected)) <= tolerance * np.max(np.abs(expected))


@ALL
@REDUCTIONS
@WEIGHTED
@without_jax
def test_value_and_gradient_are_those_of_pytorch(case, reduction, weight, backend):
    expected = torch_answer(case, reduction, weight is not None)
    make, targets, _ = CASES[case]
    for dtype, tolerance in (("float64", 1e-14), ("float32", 1e-6)):
        actual = run(make(reduction=reduction), backend, OUTPUTS, targets, weight, dtype)
        for a, e in zip(actual, expected, strict=True):
            assert_close(a, e, tolerance)


@ALL
@REDUCTIONS
@WEIGHTED
def test_the_gradient_is_the_slope_of_the_value(case, reduction, weight):
    make, targets, _ = CASES[case]
    loss, z, h = make(reduction=reduction), OUTPUTS.copy(), 1e-6
    _, gradient = loss(z, targets, weight)
    slope = np.empty_like(z)
    for i in np.ndindex(z.shape):
        old = z[i]
        z[i] = old + h
        above = float(loss(z, targets, weight)[0])
        z[i] = old - h
        slope[i] = (above - float(loss(z, targets, weight)[0])) / (2 * h)
        z[i] = old
    assert_close(gradient, slope, 1e-8)


@ALL
def test_a_batch_of_sequences_costs_as_much_as_its_positions(case, portable):
    make, targets, _ = CASES[case]
    long = np.tile(OUTPUTS, (2, 1)) + np.arange(14.0)[:, None] / 9
    y = np.concat([targets, targets])
    value, gradient = run(make(), portable, long, y)
    folded = run(make(), portable, long.reshape(7, 2, 3), y.reshape(7, 2, *y.shape[1:]))
    assert_close(folded[0], value, 1e-14)
    assert_close(folded[1].reshape(14, 3), gradient, 1e-14)
    spread = run(make(), portable, long.reshape(7, 2, 3), y.reshape(7, 2, *y.shape[1:]), WEIGHT)
    flat = run(make(), portable, long, y, np.repeat(WEIGHT, 2))
    assert_close(spread[0], flat[0], 1e-14)
    assert_close(spread[1].reshape(14, 3), flat[1], 1e-14)


@ALL
def test_a_weight_of_zero_leaves_the_sample_out(case):
    make, targets, _ = CASES[case]
    keep = WEIGHT > 0
    value, gradient = make()(OUTPUTS, targets, WEIGHT)
    expected, expected_gradient = make()(OUTPUTS[keep], targets[keep], WEIGHT[keep])
    assert_close(value, expected, 1e-15)
    assert_close(gradient[keep], expected_gradient, 1e-15)
    assert not gradient[~keep].any()


@ALL
def test_equal_weights_change_nothing_whatever_their_size(case):
    make, targets, _ = CASES[case]
    for a, e in zip(make()(OUTPUTS, targets, np.full(7, 3.0)), make()(OUTPUTS, targets), strict=True):
        assert_close(a, e, 1e-14)


@ALL
@REDUCTIONS
@without_jax
def test_a_batch_without_any_weight_costs_nothing(case, reduction, backend):
    make, targets, _ = CASES[case]
    value, gradient = run(make(reduction=reduction), backend, OUTPUTS, targets, np.zeros(7))
    assert value == 0 and gradient.shape == (7, 3) and not gradient.any()


@ALL
def test_an_empty_batch_has_no_mean_but_a_sum(case, portable):
    make, targets, _ = CASES[case]
    for reduction, expected in (("mean", np.nan), ("sum", 0.0)):
        value, gradient = run(make(reduction=reduction), portable, OUTPUTS[:0], targets[:0])
        np.testing.assert_equal(float(value), expected)
        assert gradient.shape == (0, 3)
    assert run(make(), portable, OUTPUTS[:0], targets[:0], WEIGHT[:0])[0] == 0


@ALL
@WEIGHTED
def test_arguments_stay_as_they_are_and_layout_does_not_matter(case, weight):
    make, targets, _ = CASES[case]
    expected = make()(OUTPUTS, targets, weight)
    wide, tall = np.asfortranarray(OUTPUTS), np.repeat(OUTPUTS, 2, axis=0)[::2]
    for z in (wide, tall, OUTPUTS[:1], OUTPUTS):
        arguments = z, targets[: len(z)].copy(), None if weight is None else weight[: len(z)].copy()
        before = [None if a is None else a.copy() for a in arguments]
        actual = make()(*arguments)
        for a, b in zip(arguments, before, strict=True):
            np.testing.assert_array_equal(a, b)
        if len(z) == 7:
            assert_close(actual[1], expected[1], 1e-15)


@ALL
def test_nan_in_is_nan_out(case, backend):
    make, targets, _ = CASES[case]
    z = OUTPUTS.copy()
    z[3, 2] = np.nan
    assert np.isnan(run(make(), backend, z, targets)[0])


@ALL
def test_the_host_never_reads_a_value(case):
    torch = pytest.importorskip("torch")
    make, targets, _ = CASES[case]
    z = torch.empty((7, 3), device="meta")
    y = torch.empty(targets.shape, device="meta", dtype=torch.int64 if targets.dtype.kind == "i" else torch.float32)
    w = torch.empty(7, device="meta")
    for weight in (None, w):
        value, gradient = make()(z, y, weight)
        assert value.shape == () and gradient.shape == (7, 3)
    assert make().link(array_namespace(z), z).shape == (7, 3)


@ALL
def test_jax_compiles_it(case):
    jax = pytest.importorskip("jax")
    make, targets, _ = CASES[case]
    compiled = jax.jit(lambda *arguments: make()(*arguments))
    for a, e in zip(compiled(OUTPUTS, targets, WEIGHT), make()(OUTPUTS, targets, WEIGHT), strict=True):
        assert_close(a, e, 1e-14)
    single = [a.astype("float32") if a.dtype.kind == "f" else a for a in (OUTPUTS, targets, WEIGHT)]
    assert {a.dtype.name for a in jax.eval_shape(compiled, *single)} == {"float32"}  # told without a compilation


# ------------------------------------------------------------------------------------------------- against others


def test_losses_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    p = CrossEntropy().link(numpy_namespace, OUTPUTS)
    pairs = [
        (CrossEntropy()(OUTPUTS, LABELS, WEIGHT), metrics.log_loss(LABELS, p, sample_weight=WEIGHT)),
        (NegativeLogLikelihood()(np.log(p), LABELS, WEIGHT), metrics.log_loss(LABELS, p, sample_weight=WEIGHT)),
        (
            Hinge()(OUTPUTS[:, 0], BITS[:, 0], WEIGHT),
            metrics.hinge_loss(BITS[:, 0], OUTPUTS[:, 0], sample_weight=WEIGHT),
        ),
        (MeanSquaredError()(OUTPUTS, REALS, WEIGHT), metrics.mean_squared_error(REALS, OUTPUTS, sample_weight=WEIGHT)),
        (
            MeanAbsoluteError()(OUTPUTS, REALS, WEIGHT),
            metrics.mean_absolute_error(REALS, OUTPUTS, sample_weight=WEIGHT),
        ),
    ]
    q = BinaryCrossEntropy().link(numpy_namespace, OUTPUTS[:, :1])
    answer = metrics.log_loss(BITS[:, 0], q[:, 0], sample_weight=WEIGHT)
    for (value, _), expected in [*pairs, (BinaryCrossEntropy()(OUTPUTS[:, :1], BITS[:, 0], WEIGHT), answer)]:
        assert float(value) == pytest.approx(expected, rel=1e-13)


def test_log_likelihood_behind_log_softmax_is_cross_entropy():
    log_p = np.log(CrossEntropy().link(numpy_namespace, OUTPUTS))
    assert_close(NegativeLogLikelihood()(log_p, LABELS)[0], CrossEntropy()(OUTPUTS, LABELS)[0], 1e-14)


@pytest.mark.parametrize("loss, name", [(CrossEntropy, "softmax"), (BinaryCrossEntropy, "sigmoid")])
def test_links_are_those_of_pytorch(loss, name, portable):
    torch = pytest.importorskip("torch")
    far = [[1e4, -1e4, 0.0], [-700.0, -701.0, -1e300], [3.0, 3.0, 3.0], [-np.inf, 0.0, 800.0]]
    for z in (OUTPUTS, np.asarray(far), OUTPUTS.reshape(7, 1, 3)):
        expected = getattr(torch.nn, name.capitalize())(*[-1] * (name == "softmax"))(torch.tensor(z)).numpy()
        actual = portable.to_numpy(loss().link(portable.xp, portable.asarray(z, portable.xp.float64)))
        np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=0)


def test_the_link_of_log_probabilities_is_the_exponential_and_of_reals_the_identity(backend):
    x = backend.asarray(OUTPUTS, backend.xp.float64)
    exp = NegativeLogLikelihood().link(backend.xp, x)
    np.testing.assert_allclose(backend.to_numpy(exp), np.exp(OUTPUTS), rtol=1e-14)
    for loss in (MeanSquaredError(), MeanAbsoluteError(), Huber(), Hinge()):
        np.testing.assert_array_equal(backend.to_numpy(loss.link(backend.xp, x)), OUTPUTS)


# ------------------------------------------------------------------------------------------------------- the tails


@cache
def tails():
    """Logits, and the exact cost of a logit z for the answers no and yes, and its slopes, where they are normal."""
    mpmath = pytest.importorskip("mpmath")
    z = np.linspace(-100, 100, 801).astype(np.float32)
    with mpmath.workdps(60):
        exps = [mpmath.exp(mpmath.mpf(float(x))) for x in z]
        no = np.asarray([float(mpmath.log1p(e)) for e in exps])
        slope_no = np.asarray([float(e / (1 + e)) for e in exps])
        slope_yes = np.asarray([float(-1 / (1 + e)) for e in exps])
    return z, no, no[::-1], slope_no, slope_yes


def assert_relative(actual, expected, dtype):
    limit, tolerance = {"float32": (1.2e-38, 2e-7), "float64": (0.0, 1e-14)}[dtype]
    normal = np.abs(expected) > limit
    actual = actual.astype(np.float64)[normal]
    error = np.abs(actual / expected[normal] - 1)
    assert np.max(error) <= tolerance


@DTYPES
def test_binary_cross_entropy_keeps_its_digits_in_both_tails(dtype, backend):
    z, no, yes, slope_no, slope_yes = tails()
    for label, costs, slopes in ((0.0, no, slope_no), (1.0, yes, slope_yes)):
        x = backend.asarray(z, getattr(backend.xp, dtype))
        y = backend.asarray(np.full(801, label), x.dtype)
        c, d = (backend.to_numpy(a) for a in BinaryCrossEntropy().terms(backend.xp, x, y))
        assert_relative(c, costs, dtype)
        assert_relative(d, slopes, dtype)


@DTYPES
def test_cross_entropy_keeps_its_digits_in_both_tails(dtype, backend):
    z, no, yes, slope_no, slope_yes = tails()
    two = np.stack([np.zeros(801), z], axis=1)
    for label, costs, slopes in ((0, no, slope_no), (1, yes, slope_yes)):
        labels = np.full(801, label)
        for y in (labels, np.eye(2)[labels]):
            x = backend.asarray(two, getattr(backend.xp, dtype))
            y = backend.asarray(y, x.dtype if y.ndim == 2 else None)
            c, d = (backend.to_numpy(a) for a in CrossEntropy().terms(backend.xp, x, y))
            assert_relative(c, costs, dtype)
            assert_relative(d[:, 1], slopes, dtype)
            assert_relative(d[:, 0], -slopes, dtype)


def test_cross_entropy_of_many_classes_keeps_its_digits_in_float32():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(64, 5000)).astype("f4") * 3, rng.integers(0, 5000, 64)
    value, gradient = CrossEntropy()(z, y)
    t = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(t, torch.tensor(y))
    expected.backward()
    assert_close(value, expected.item(), 1e-6)
    assert_close(gradient, t.grad.numpy(), 1e-5)


INF, NAN = np.inf, np.nan

# logits, label, cost, slopes
EDGES = [
    ([1e4, 0], 0, 0, [0, 0]),
    ([1e4, 0], 1, 1e4, [1, -1]),
    ([-INF, 0], 0, INF, [-1, 1]),
    ([-INF, 0], 1, 0, [0, 0]),
    ([0, 0], 1, np.log(2), [0.5, -0.5]),
    ([88.8, 0], 1, 88.8, [1, -1]),
]
NOT_A_NUMBER = [[INF, 0], [0, INF], [INF, INF], [INF, -INF], [-INF, -INF], [NAN, 0], [0, NAN], [NAN, -INF]]


@DTYPES
@pytest.mark.parametrize("form", [lambda y: np.asarray([y]), lambda y: np.eye(2)[[y]]], ids=["label", "row"])
def test_cross_entropy_at_the_edges(form, dtype, backend):
    for z, label, cost, slopes in EDGES:
        value, gradient = run(CrossEntropy(), backend, [z], form(label), dtype=dtype)
        np.testing.assert_allclose(value, cost, rtol=1e-6)
        np.testing.assert_allclose(gradient, [slopes], rtol=1e-6, atol=1e-38)
    with np.errstate(invalid="ignore"):
        for z in NOT_A_NUMBER:
            for label in (0, 1):
                assert np.isnan(run(CrossEntropy(), backend, [z], form(label), dtype=dtype)[0])


@DTYPES
def test_binary_cross_entropy_at_the_edges(dtype, backend):
    edges = [(1e4, 1, 0, 0), (-1e4, 0, 0, 0), (1e4, 0, 1e4, 1), (-1e4, 1, 1e4, -1), (0, 1, np.log(2), -0.5)]
    edges += [(INF, 1, 0, 0), (-INF, 0, 0, 0), (INF, 0, INF, 1), (-INF, 1, INF, -1), (0, 0, np.log(2), 0.5)]
    edges += [(NAN, 0, NAN, NAN), (NAN, 1, NAN, NAN), (INF, 0.25, INF, 0.75), (-INF, 0.25, INF, -0.25)]
    for z, t, cost, slope in edges:
        value, gradient = run(BinaryCrossEntropy(), backend, [[z]], [[float(t)]], dtype=dtype)
        np.testing.assert_allclose([value, gradient[0, 0]], [cost, slope], rtol=1e-6)


@DTYPES
def test_elementwise_losses_at_the_edges(dtype, backend):
    for loss, z, t, cost, slope in [
        (MeanAbsoluteError(), 2.0, 2.0, 0.0, 0.0),
        (MeanAbsoluteError(), INF, 2.0, INF, 1.0),
        (Huber(), 3.0, 2.0, 0.5, 1.0),
        (Huber(), 1e30, 0.0, 1e30, 1.0),
        (Huber(), -INF, 0.0, INF, -1.0),
        (Hinge(), 1.0, 1.0, 0.0, 0.0),
        (Hinge(), -1.0, 0.0, 0.0, 0.0),
        (Hinge(), -INF, 1.0, INF, -1.0),
        (Hinge(), INF, 1.0, 0.0, 0.0),
    ]:
        value, gradient = run(loss, backend, [[z]], [[t]], dtype=dtype)
        np.testing.assert_allclose([value, gradient[0, 0]], [cost, slope], rtol=1e-6)


@pytest.mark.parametrize(("dtype", "least"), [("float32", -176.0), ("float64", -1418.0)])
def test_a_network_that_is_sure_and_right_costs_half_its_log_variance(dtype, least, backend):
    outputs, targets = np.asarray([[3.0, least], [3.0, -100.0]], dtype), np.asarray([[3.0], [3.0]], dtype)
    value, gradient = run(GaussianNLL(reduction="sum"), backend, outputs, targets, dtype=dtype)
    assert value == 0.5 * (least - 100.0)
    np.testing.assert_array_equal(gradient, np.asarray([[0.0, 0.5], [0.0, 0.5]]))


def test_a_small_divergence_keeps_its_digits_and_none_is_below_zero_in_float32(portable):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((2000, 5)).astype("f4")
    p = np.exp(z.astype("f8"))
    p = (p / p.sum(axis=1, keepdims=True)).astype("f4")
    for distance, tolerance in ((0.0, None), (1e-3, 5e-3), (1e-2, 1e-3), (1.0, 1e-4)):
        outputs = (z + distance * rng.standard_normal(z.shape)).astype("f4")
        costs, _ = KLDivergence().terms(portable.xp, portable.asarray(outputs), portable.asarray(p))
        costs = portable.to_numpy(costs)
        assert costs.min() >= 0.0
        exact, t = outputs.astype("f8"), p.astype("f8")
        log_q = exact - np.log(np.exp(exact).sum(axis=1, keepdims=True))
        wanted = (t * (np.log(t) - log_q) + np.exp(log_q) - t).sum(axis=1)
        if tolerance is None:
            assert costs.max() < 1e-12
        else:
            np.testing.assert_allclose(costs, wanted, rtol=tolerance)


def test_a_class_that_cannot_be_costs_nothing_where_it_is_not_wanted(backend):
    value, gradient = run(NegativeLogLikelihood(), backend, [[-INF, 0.0]], [[0.0, 1.0]])
    assert value == 0
    np.testing.assert_array_equal(gradient, [[0, -1]])
    assert run(NegativeLogLikelihood(), backend, [[-INF, 0.0]], [1])[0] == 0
    assert run(NegativeLogLikelihood(), backend, [[-INF, 0.0]], [0])[0] == INF


# ----------------------------------------------------------------------------------------------- arrays that differ


def test_one_target_per_sample_fits_one_output_per_sample(portable):
    z, t = OUTPUTS[:, :1], BITS[:, 0] * 1.0
    for loss in (MeanSquaredError(), MeanAbsoluteError(), Huber(), BinaryCrossEntropy(), Hinge()):
        expected = run(loss, portable, z, t[:, None])
        for outputs, targets in ((z, t), (z[:, 0], t), (z[:, 0], t[:, None]), (z[:, :, None], t)):
            value, gradient = run(loss, portable, outputs, targets)
            assert value == expected[0] and gradient.shape == outputs.shape
            np.testing.assert_array_equal(gradient.reshape(7, 1), expected[1])


def test_labels_in_a_column_are_labels(portable):
    for loss in (CrossEntropy(), NegativeLogLikelihood(), Hinge()):
        column, vector = run(loss, portable, OUTPUTS, LABELS[:, None]), run(loss, portable, OUTPUTS, LABELS)
        np.testing.assert_array_equal(column[1], vector[1])
        assert column[0] == vector[0]


@pytest.mark.parametrize("integer", ["uint8", "int16", "int32", "int64"])
def test_labels_may_be_integers_of_any_size(integer, portable):
    rows = np.eye(3, dtype=integer)[LABELS]
    for loss in (CrossEntropy(), NegativeLogLikelihood()):
        expected = run(loss, portable, OUTPUTS, LABELS)
        for targets in (LABELS.astype(integer), rows):
            assert_close(run(loss, portable, OUTPUTS, targets)[0], expected[0], 1e-15)
    wide = run(CrossEntropy(), portable, np.zeros((1, 300)), np.asarray([7], integer))
    assert_close(wide[0], np.log(300), 1e-15)
    assert np.argmin(wide[1]) == 7


@ALL
def test_shapes_that_would_broadcast_are_refused(case):
    make, targets, _ = CASES[case]
    for wrong in (targets[:6], targets[:1], np.stack([targets] * 2, axis=1), np.zeros((7, 2), int), np.zeros(())):
        with pytest.raises(ShapeError, match=r"^targets must have shape .*\(7, 3\), got "):
            make()(OUTPUTS, wrong)


def test_shape_errors_name_what_fits():
    for loss, outputs, targets, message in [
        (MeanSquaredError(), np.ones((4, 3)), np.ones((4, 2)), "targets must have shape (4, 3), got (4, 2)."),
        (MeanSquaredError(), np.ones((4, 3)), np.ones(4), "y must have shape (batch, 3), got (4,)."),
        (CrossEntropy(), np.ones((4, 3)), np.ones((4, 2)), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (CrossEntropy(), np.ones(4), np.ones(4), "outputs must have shape (batch, ..., classes), got (4,)."),
        (Hinge(), np.ones((4, 3)), np.ones(3, int), "targets must have shape (4,) or (4, 3), got (3,)."),
    ]:
        with pytest.raises(ShapeError) as error:
            loss(outputs, targets)
        assert str(error.value) == message


@ALL
def test_weights_of_another_length_are_refused(case):
    make, targets, _ = CASES[case]
    for wrong in (np.ones(6), np.ones(1), np.ones((7, 1)), np.asarray(1.0)):
        with pytest.raises(ShapeError) as error:
            make()(OUTPUTS, targets, wrong)
        assert str(error.value) == f"sample_weight must have shape (7,), got {wrong.shape}."


# ------------------------------------------------------------------------------------------------ checks on the host


def check(loss, targets, shape):
    return get_loss("loss", loss).check_targets(np.asarray(targets), shape)


@pytest.mark.parametrize("loss", ["focal_cross_entropy", "categorical_hinge", "multi_margin"])
def test_one_hot_rows_become_labels(loss):
    for given in (np.eye(3)[[2, 0]], np.eye(3, dtype=bool)[[2, 0]], np.eye(3, dtype=int)[[2, 0]]):
        y = check(loss, given, (3,))
        assert y.dtype == np.int64 and y.tolist() == [2, 0]
    loss = get_loss("loss", loss)
    for a, b in zip(loss(OUTPUTS, np.eye(3)[LABELS]), loss(OUTPUTS, LABELS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


LABEL_LOSSES = [
    "cross_entropy",
    "negative_log_likelihood",
    "hinge",
    "focal_cross_entropy",
    "categorical_hinge",
    "multi_margin",
]


@pytest.mark.parametrize("loss", LABEL_LOSSES)
def test_labels_of_every_kind_become_int64(loss):
    for given in (
        [2, 0, 1],
        [2.0, 0.0, 1.0],
        np.asarray([2, 0, 1], "u1"),
        np.asarray([2, 0, 1], ">i8"),
        [[2], [0], [1]],
    ):
        y = check(loss, given, (3,))
        assert y.dtype == np.int64 and y.dtype.isnative and y.tolist() == [2, 0, 1]
    assert check(loss, [True, False], (2,)).tolist() == [1, 0]
    assert check(loss, np.zeros((4, 5)), (5, 3)).shape == (4, 5)
    assert check(loss, np.zeros((4, 5, 1)), (5, 3)).shape == (4, 5)
    for kind in (bool, "u1", "i2", "i4", "u8", ">i8", "f4"):
        for zeros in (np.zeros(2, kind), np.zeros(3, kind), np.zeros(0, kind)):
            y = check(loss, zeros, (3,))
            assert y.dtype == np.int64 and y.dtype.isnative and y.tolist() == zeros.tolist()
    labels = np.asarray([2, 0, 1])
    assert check(loss, labels, (3,)) is labels


@pytest.mark.parametrize("loss", ["cross_entropy", "negative_log_likelihood"])
def test_rows_become_floats(loss):
    for given in (np.eye(3, dtype=int), np.eye(3, dtype=bool), np.eye(3, dtype="f4"), ROWS, np.zeros((0, 3))):
        y = check(loss, given, (3,))
        assert y.dtype.kind == "f"
        np.testing.assert_array_equal(y, given)


def test_reals_become_floats_of_the_shape_of_the_outputs():
    for loss in ("mse", "mae", "huber", "binary_cross_entropy", "hinge"):
        for given in (np.asarray([1, 0]), [True, False], [[1], [0]], np.asarray([1, 0], "f4"), [[[1.0]], [[0.0]]]):
            for shape in ((1,), (), (1, 1)):
                y = check(loss, given, shape)
                assert y.dtype.kind == "f" and y.shape == (2, *shape) and y.ravel().tolist() == [1, 0]
        assert check(loss, np.zeros((0, 2)), (2,)).shape == (0, 2)
    assert check("hinge", [[1, -1], [-1, -1]], (2,)).tolist() == [[1, -1], [-1, -1]]
    assert check("mse", np.asarray([1.5], "f4"), ()).dtype == np.float32


NUMBER_TEXT = "Number text with xpnn.data.encode_labels."
ONE_OUTPUT = "For a single output use loss='binary_cross_entropy'."
SEVERAL = "If a sample may be in several classes, use loss='binary_cross_entropy'."
LABELS_OF_3 = "y must hold labels from 0 to 2, got "
ROW = "y must hold rows of probabilities that sum to 1, got a row with the sum"
SIDES = "y must hold -1 and 1, or 0 and 1, got"


@pytest.mark.parametrize(
    "loss, targets, shape, message",
    [
        ("cross_entropy", [0, 3], (3,), LABELS_OF_3 + "3."),
        ("cross_entropy", [0, -1], (3,), LABELS_OF_3 + "-1."),
        ("cross_entropy", np.asarray([0, 200], "u1"), (3,), LABELS_OF_3 + "200."),
        ("cross_entropy", np.asarray([2**64 - 1], "u8"), (3,), LABELS_OF_3 + "18446744073709551615."),
        ("cross_entropy", [0.0, 0.5], (3,), LABELS_OF_3 + "0.5."),
        ("cross_entropy", [0.0, np.nan], (3,), LABELS_OF_3 + "nan."),
        ("cross_entropy", [0.0, np.inf], (3,), LABELS_OF_3 + "inf."),
        ("cross_entropy", [0.0, 3.0], (3,), LABELS_OF_3 + "3.0."),
        ("hinge", [0, 3], (3,), LABELS_OF_3 + "3."),
        ("negative_log_likelihood", [0, 3], (3,), LABELS_OF_3 + "3."),
        ("cross_entropy", ["a", "b"], (3,), f"y must hold numbers, got an array of dtype <U1. {NUMBER_TEXT}"),
        (
            "hinge",
            np.asarray(["a", 1], object),
            (3,),
            f"y must hold numbers, got an array of dtype object. {NUMBER_TEXT}",
        ),
        ("mse", ["a", "b"], (1,), f"y must hold numbers, got an array of dtype <U1. {NUMBER_TEXT}"),
        ("mse", [1j, 2], (1,), "y must hold real numbers, got an array of dtype complex128."),
        ("cross_entropy", [1j, 2], (3,), "y must hold real numbers, got an array of dtype complex128."),
        (
            "cross_entropy",
            np.zeros((4, 2)),
            (3,),
            "y must have shape (batch,) (labels) or (batch, 3) (rows), got (4, 2).",
        ),
        (
            "cross_entropy",
            np.zeros(4),
            (5, 3),
            "y must have shape (batch, 5) (labels) or (batch, 5, 3) (rows), got (4,).",
        ),
        ("cross_entropy", [[1.0, 1.0]], (2,), f"{ROW} 2. {SEVERAL}"),
        ("cross_entropy", [[0.5, 0.5], [0.1, 0.2]], (2,), f"{ROW} 0.3. {SEVERAL}"),
        ("cross_entropy", [[0.5, 0.51]], (2,), f"{ROW} 1.01. {SEVERAL}"),
        ("cross_entropy", [[1.5, -0.5]], (2,), "y must hold probabilities, got -0.5."),
        ("cross_entropy", [[np.nan, 1.0]], (2,), "y must hold probabilities, got nan."),
        ("mse", [0.0, np.nan], (1,), "y must hold finite numbers, got nan."),
        ("mse", np.asarray([0.0, -np.inf], "f4"), (1,), "y must hold finite numbers, got -inf."),
        ("huber", [np.inf], (1,), "y must hold finite numbers, got inf."),
        ("mae", np.zeros(4), (3,), "y must have shape (batch, 3), got (4,)."),
        ("mae", np.zeros((4, 3)), (), "y must have shape (batch,), got (4, 3)."),
        ("mae", np.zeros((4, 3)), (1,), "y must have shape (batch, 1), got (4, 3)."),
        ("binary_cross_entropy", [0, 2], (1,), "y must hold numbers from 0 to 1, got 2."),
        ("binary_cross_entropy", [-0.5, 1], (1,), "y must hold numbers from 0 to 1, got -0.5."),
        ("binary_cross_entropy", [np.nan], (1,), "y must hold numbers from 0 to 1, got nan."),
        ("hinge", [0, 0.5], (1,), f"{SIDES} 0.5."),
        ("hinge", [0, 2], (1,), f"{SIDES} 2."),
        ("hinge", [-1, 0, 1], (1,), f"{SIDES} -1 and 0."),
        ("hinge", [[-1, 0]], (2,), f"{SIDES} -1 and 0."),
        ("squared_hinge", [0, 2], (1,), f"{SIDES} 2."),
        ("binary_focal_cross_entropy", [-1, 0.5], (1,), f"{SIDES} 0.5."),
        ("binary_focal_cross_entropy", [0, 1.5], (1,), "y must hold numbers from 0 to 1, or -1 and 1, got 1.5."),
        ("multi_margin", [[0.5, 0.5]], (2,), "y must hold labels or one-hot rows, got 0.5."),
        ("multi_margin", [0, 3], (3,), LABELS_OF_3 + "3."),
        ("categorical_hinge", [0.5, 0], (3,), LABELS_OF_3 + "0.5."),
        ("kl_divergence", [[0.5, 0.5], [0.1, 0.2]], (2,), f"{ROW} 0.3. {SEVERAL}"),
        ("poisson", [-1], (1,), "y must hold finite numbers of at least 0, got -1."),
        ("msle", [-0.5], (1,), "y must hold finite numbers of at least 0, got -0.5."),
        ("dice", [2.0], (1,), "y must hold numbers from 0 to 1, got 2.0."),
        ("tversky", [-2.0], (1,), "y must hold numbers from 0 to 1, got -2.0."),
        ("cosine_similarity", [1.0], (), "outputs must have shape (batch, ..., features), got (batch,)."),
        ("cosine_similarity", [[1.0, np.nan]], (2,), "y must hold finite numbers, got nan."),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_one_sentence(loss, targets, shape, message):
    with pytest.raises(ArgumentError) as error:
        check(loss, targets, shape)
    assert str(error.value) == message
    assert isinstance(error.value, ShapeError) == ("shape" in message)


@pytest.mark.parametrize("shape", [(1,), (4, 1), ()])
def test_classes_need_two_outputs(shape):
    text = "(batch, 4, 1)" if len(shape) == 2 else "(batch, 1)" if shape else "(batch,)"
    for loss in ("cross_entropy", "negative_log_likelihood"):
        with pytest.raises(ShapeError) as error:
            check(loss, np.zeros(3, int), shape)
        message = f"outputs must have at least 2 classes on their last axis, got shape {text}. {ONE_OUTPUT}"
        assert str(error.value) == message


# ------------------------------------------------------------------------------------------------------------ names


def test_every_loss_has_its_name():
    named = {name: type(get_loss("loss", name)) for name in xpnn.losses._BY_NAME}
    assert named == {
        "binary_cross_entropy": BinaryCrossEntropy,
        "binary_crossentropy": BinaryCrossEntropy,
        "binary_focal_cross_entropy": BinaryFocalCrossEntropy,
        "binary_focal_crossentropy": BinaryFocalCrossEntropy,
        "categorical_crossentropy": CrossEntropy,
        "categorical_focal_crossentropy": FocalCrossEntropy,
        "categorical_hinge": CategoricalHinge,
        "contrastive": Contrastive,
        "cosine_embedding": CosineEmbedding,
        "cosine_similarity": CosineSimilarity,
        "cross_entropy": CrossEntropy,
        "ctc": CTC,
        "dice": Dice,
        "focal_cross_entropy": FocalCrossEntropy,
        "gaussian_nll": GaussianNLL,
        "hinge": Hinge,
        "huber": Huber,
        "kl_divergence": KLDivergence,
        "log_cosh": LogCosh,
        "mae": MeanAbsoluteError,
        "mape": MeanAbsolutePercentageError,
        "mean_absolute_error": MeanAbsoluteError,
        "mean_absolute_percentage_error": MeanAbsolutePercentageError,
        "mean_squared_error": MeanSquaredError,
        "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
        "mse": MeanSquaredError,
        "msle": MeanSquaredLogarithmicError,
        "multi_margin": MultiMargin,
        "negative_log_likelihood": NegativeLogLikelihood,
        "poisson": Poisson,
        "quantile": Quantile,
        "smooth_l1": SmoothL1,
        "sparse_categorical_crossentropy": CrossEntropy,
        "squared_hinge": SquaredHinge,
        "triplet_margin": TripletMargin,
        "triplet_semi_hard": TripletSemiHard,
        "tversky": Tversky,
    }
    loss = Huber(2.0)
    assert get_loss("loss", loss) is loss


def test_unknown_losses_are_refused_with_the_nearest_match():
    with pytest.raises(
        ArgumentError, match=r"^loss must be one of .*, got 'cross_entropi'\. Did you mean 'cross_entropy'\?$"
    ):
        get_loss("loss", "cross_entropi")
    for wrong in (None, 3, CrossEntropy, abs):
        with pytest.raises(
            ArgumentTypeError, match=r"^loss must be one of .* check_targets, link, value_and_gradient, got "
        ):
            get_loss("loss", wrong)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: CrossEntropy(reduction="none"), "reduction must be one of mean, sum, got 'none'."),
        (lambda: Huber(0.0), "delta must be a finite number above 0, got 0.0."),
        (lambda: Huber(reduction="avg"), "reduction must be one of mean, sum, got 'avg'."),
        (lambda: Hinge(-1), "margin must be a finite number above 0, got -1."),
        (lambda: Hinge(reduction="avg"), "reduction must be one of mean, sum, got 'avg'."),
        (lambda: SmoothL1(0), "beta must be a finite number above 0, got 0."),
        (lambda: SquaredHinge(0), "margin must be a finite number above 0, got 0."),
        (lambda: CategoricalHinge(-1), "margin must be a finite number above 0, got -1."),
        (lambda: MultiMargin(3), "p must be 1 or 2, got 3."),
        (lambda: MultiMargin(True), "p must be 1 or 2, got True."),
        (lambda: MultiMargin(np.asarray([1, 2])), "p must be 1 or 2, got array([1, 2])."),
        (lambda: MultiMargin(margin=0), "margin must be a finite number above 0, got 0."),
        (lambda: Contrastive(0), "margin must be a finite number above 0, got 0."),
        (lambda: CosineEmbedding(1.5), "margin must be a number from -1 to 1, got 1.5."),
        (lambda: TripletMargin(0), "margin must be a finite number above 0, got 0."),
        (lambda: TripletMargin(swap=1), "swap must be True or False, got 1."),
        (lambda: MeanAbsolutePercentageError(0), "eps must be a finite number above 0, got 0."),
        (lambda: Poisson(1), "log_input must be True or False, got 1."),
        (lambda: Poisson(eps=0), "eps must be a finite number above 0, got 0."),
        (lambda: Quantile(1), "levels must be a number above 0 and below 1, got 1.0."),
        (lambda: Quantile((0.5, 0)), "levels must be a number above 0 and below 1, got 0.0."),
        (lambda: Quantile(()), "levels must hold at least one number above 0 and below 1, got ()."),
        (lambda: BinaryFocalCrossEntropy(-1), "gamma must be a finite number of at least 0, got -1."),
        (lambda: BinaryFocalCrossEntropy(alpha=1), "alpha must be None or a number between 0 and 1, got 1.0."),
        (lambda: FocalCrossEntropy(-1), "gamma must be a finite number of at least 0, got -1."),
        (lambda: FocalCrossEntropy(alpha=0), "alpha must be a finite number above 0, got 0."),
        (lambda: GaussianNLL(full=1), "full must be True or False, got 1."),
        (lambda: Dice(0), "smooth must be a finite number above 0, got 0."),
        (lambda: Tversky(-1), "alpha must be a finite number of at least 0, got -1."),
        (lambda: Tversky(0, 0), "beta must be above 0 where alpha is 0, got 0.0."),
        (lambda: Tversky(smooth=0), "smooth must be a finite number above 0, got 0."),
        (lambda: CTC(-2), "blank must be an integer of at least -1, got -2."),
        (lambda: CTC(has_lengths=1), "has_lengths must be True or False, got 1."),
        (lambda: CTC(zero_infinity=1), "zero_infinity must be True or False, got 1."),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError) as error:
        make()
    assert str(error.value) == message


def test_losses_are_written_as_they_are_made():
    for loss in (
        CrossEntropy(),
        Huber(delta=2.0),
        Hinge(margin=0.5, reduction="sum"),
        MeanSquaredError(reduction="sum"),
    ):
        assert eval(repr(loss), vars(xpnn.losses)) == loss  # noqa: S307
    assert isinstance(CrossEntropy(), Loss)
    assert type(Huber(np.float32(2)).delta) is float


def test_losses_say_what_must_not_stand_before_them():
    assert CrossEntropy.wants_logits == BinaryCrossEntropy.wants_logits == ("LogSoftmax", "Sigmoid", "Softmax")
    assert NegativeLogLikelihood.wants_logits == ("Sigmoid", "Softmax") and "log_softmax" in NegativeLogLikelihood.cure
    assert MeanSquaredError.wants_logits == Hinge.wants_logits == ()
    assert (CrossEntropy.threshold, BinaryCrossEntropy.threshold, Hinge.threshold) == (0.5, 0.5, 0.0)


def test_the_list_of_names_is_sorted_and_complete():
    names = xpnn.losses.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert set(names) == {n for n, v in vars(xpnn.losses).items() if isinstance(v, type)} | {"get_loss"}


@pytest.mark.parametrize("labels", [[3, -1], [0, 5], [0.7, 1.7], [1.0, np.nan]])
def test_labels_out_of_range_are_refused_by_a_loss_alone(labels):
    y = np.asarray(labels)
    for loss in (CrossEntropy(), NegativeLogLikelihood(), Hinge(), FocalCrossEntropy(), MultiMargin()):
        for outputs, targets in (((2, 3), y), ((2, 3), y[:, None]), ((1, 2, 3), y[None, :, None])):
            with pytest.raises(ArgumentError, match=r"^y must hold labels from 0 to 2, got"):
                loss(np.zeros(outputs), targets)


X = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: CrossEntropy()(X.tolist(), LABELS[:2]), ArgumentTypeError, "outputs must be an array, got list."),
        (lambda: CrossEntropy()(X, [0, 1]), ArgumentTypeError, "targets must be an array, got list."),
        (lambda: MeanSquaredError()(X, X, [1, 1]), ArgumentTypeError, "sample_weight must be an array, got list."),
        (
            lambda: MeanSquaredError()(X, open_backend(None).asarray(X)),
            ArgumentTypeError,
            "outputs, targets must be arrays of one library, got numpy.ndarray, array_api_strict._array_object.Array.",
        ),
        (
            lambda: CrossEntropy()(X, np.asarray(["a", "b"])),
            ArgumentError,
            "y must hold numbers, got an array of dtype <U1. Number text with xpnn.data.encode_labels.",
        ),
    ],
)
def test_what_is_no_array_is_refused_by_a_loss_alone(call, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        call()


@ALL
def test_an_empty_batch_is_refused_by_the_mean_of_a_loss_alone(case):
    make, targets, _ = CASES[case]
    for weight in (None, WEIGHT[:0]):
        with pytest.raises(ArgumentError, match=r"^outputs must hold at least one sample, got none\.$"):
            make()(OUTPUTS[:0], targets[:0], weight)
        assert make(reduction="sum")(OUTPUTS[:0], targets[:0], weight)[0] == 0
