"""Losses whose outputs are masks, vectors, distributions or sequences: by hand, by differences, edges, and messages."""

import itertools

import numpy as np
import pytest
from array_api_compat import array_namespace, device
from conftest import without_jax
from strict_backend import open_backend

from xpnn import Network
from xpnn.backend import get_backend
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import Dense, Flatten, Reshape
from xpnn.losses import (
    CTC,
    Contrastive,
    CosineEmbedding,
    CosineSimilarity,
    Dice,
    FocalCrossEntropy,
    GaussianNLL,
    Poisson,
    Quantile,
    TripletMargin,
    Tversky,
    get_loss,
)

RNG = np.random.default_rng(12)
SIDES = np.asarray([1, -1, -1, 1, -1, 1])
WEIGHT = np.asarray([0.5, 2.0, 0.0, 1.0, 3.0, 0.25])

# name: the loss, outputs, targets
CASES = {
    "dice": (Dice, RNG.normal(size=(6, 2, 4)), RNG.integers(0, 2, (6, 2, 4)) * 1.0),
    "tversky": (lambda **kw: Tversky(0.3, 0.9, 0.2, **kw), RNG.normal(size=(6, 5)), RNG.random((6, 5))),
    "quantiles": (lambda **kw: Quantile((0.1, 0.5, 0.8), **kw), RNG.normal(size=(6, 2, 3)), RNG.normal(size=(6, 2))),
    "gaussian_nll": (GaussianNLL, RNG.normal(size=(6, 3, 4)), RNG.normal(size=(6, 3, 2))),
    "gaussian_nll_full": (lambda **kw: GaussianNLL(full=True, **kw), RNG.normal(size=(6, 2)), RNG.normal(size=6)),
    "cosine_similarity": (CosineSimilarity, RNG.normal(size=(6, 2, 3)), RNG.normal(size=(6, 2, 3))),
    "contrastive": (lambda **kw: Contrastive(3.0, **kw), RNG.normal(size=(6, 2, 4)), (SIDES + 1) / 2),
    "cosine_embedding": (lambda **kw: CosineEmbedding(-0.4, **kw), RNG.normal(size=(6, 2, 4)), SIDES * 1.0),
    "triplet_margin": (TripletMargin, RNG.normal(size=(6, 3, 4)), np.zeros(6)),
    "triplet_margin_swap": (lambda **kw: TripletMargin(2.0, swap=True, **kw), RNG.normal(size=(6, 3, 2)), np.zeros(6)),
    "poisson_rates": (
        lambda **kw: Poisson(log_input=False, **kw),
        RNG.random((6, 3)) + 0.1,
        RNG.integers(0, 4, (6, 3)) * 1.0,
    ),
    "ctc": (
        CTC,
        RNG.normal(size=(6, 7, 4)),
        np.asarray([[1, 2, 2], [3, 0, 0], [0, 0, 0], [1, 1, 1], [2, 3, 0], [3, 2, -1]]),
    ),
    "ctc_lengths": (
        lambda **kw: CTC(blank=-1, has_lengths=True, **kw),
        RNG.normal(size=(6, 5, 4)),
        np.asarray([[5, 1, 2, 2], [3, 0, 0, 3], [1, 3, 3, 3], [4, 1, 3, -1], [2, 2, 0, 3], [5, 2, 3, 3]]),
    ),
}
ALL = pytest.mark.parametrize("case", list(CASES))
REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum"])
WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])


@pytest.fixture(params=["numpy", "strict", "strict:device1"])
def portable(request):
    """Backends for what depends on shapes alone, which JAX would compile one by one."""
    return get_backend("numpy") if request.param == "numpy" else open_backend(request.param.partition(":")[2] or None)


def run(loss, backend, outputs, targets, weight=None, dtype="float64"):
    dtype = getattr(backend.xp, dtype)
    y = backend.asarray(targets.copy(), dtype if targets.dtype.kind == "f" else None)
    w = None if weight is None else backend.asarray(np.asarray(weight), dtype)
    results = loss.value_and_gradient(backend.xp, backend.asarray(np.asarray(outputs), dtype), y, w)
    assert all(x.dtype == dtype and device(x) == backend.device for x in results)
    assert results[0].shape == () and tuple(results[1].shape) == np.shape(outputs)
    return [backend.to_numpy(x) for x in results]


def assert_close(actual, expected, tolerance):
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    assert np.max(np.abs(actual - expected), initial=0.0) <= tolerance * np.max(np.abs(expected), initial=1e-3)


# ------------------------------------------------------------------------------------------- what every loss owes


@ALL
@REDUCTIONS
@WEIGHTED
def test_the_gradient_is_the_slope_of_the_value(case, reduction, weight):
    make, z, targets = CASES[case]
    loss, z, h = make(reduction=reduction), z.copy(), 1e-6
    _, gradient = loss(z, targets, weight)
    slope = np.empty_like(z)
    for i in np.ndindex(z.shape):
        old = z[i]
        z[i] = old + h
        above = float(loss(z, targets, weight)[0])
        z[i] = old - h
        slope[i] = (above - float(loss(z, targets, weight)[0])) / (2 * h)
        z[i] = old
    assert_close(gradient, slope, 2e-8)


@ALL
@WEIGHTED
@without_jax
def test_every_backend_gives_the_numbers_of_numpy(case, weight, backend):
    make, z, targets = CASES[case]
    wanted = run(make(), get_backend("numpy"), z, targets, weight)
    for dtype, tolerance in (("float64", 1e-14), ("float32", 2e-6)):
        for a, b in zip(run(make(), backend, z, targets, weight, dtype), wanted, strict=True):
            assert_close(a, b, tolerance)


@ALL
def test_jax_compiles_it(case):
    jax = pytest.importorskip("jax")
    make, z, targets = CASES[case]
    compiled = jax.jit(lambda *arrays: make()(*arrays))
    weight = np.asarray(WEIGHT, np.float64)
    for a, b in zip(compiled(z, targets, weight), run(make(), get_backend("numpy"), z, targets, weight), strict=True):
        assert_close(a, b, 1e-14)
    single = [np.asarray(a, "float32") if np.asarray(a).dtype.kind == "f" else a for a in (z, targets, weight)]
    assert {a.dtype.name for a in jax.eval_shape(compiled, *single)} == {"float32"}  # told without a compilation


@ALL
def test_weights_are_shares_of_their_samples(case):
    make, z, targets = CASES[case]
    value, gradient = make()(z, targets, WEIGHT)
    keep = WEIGHT > 0
    expected, expected_gradient = make()(z[keep], targets[keep], WEIGHT[keep])
    assert_close(value, expected, 1e-14)
    assert_close(gradient[keep], expected_gradient, 1e-14)
    assert not gradient[~keep].any()
    singles = [float(make()(z[i : i + 1], targets[i : i + 1])[0]) for i in range(6)]
    assert_close(value, np.average(singles, weights=WEIGHT), 1e-14)
    assert_close(make()(z, targets)[0], np.mean(singles), 1e-14)


@ALL
def test_an_empty_batch_has_no_mean_but_a_sum(case, portable):
    make, z, targets = CASES[case]
    for reduction, expected in (("mean", np.nan), ("sum", 0.0)):
        value, gradient = run(make(reduction=reduction), portable, z[:0], targets[:0])
        np.testing.assert_equal(float(value), expected)
        assert gradient.shape == (0, *z.shape[1:])
    with pytest.raises(ArgumentError, match=r"^outputs must hold at least one sample, got none\.$"):
        make()(z[:0], targets[:0])


@ALL
def test_arguments_stay_as_they_are_and_layout_does_not_matter(case):
    make, outputs, targets = CASES[case]
    expected = make()(outputs, targets, WEIGHT)
    for z in (np.asfortranarray(outputs), np.repeat(outputs, 2, axis=0)[::2], outputs):
        arguments = z, targets.copy(), WEIGHT.copy()
        before = [a.copy() for a in arguments]
        actual = make()(*arguments)
        for a, b in zip(arguments, before, strict=True):
            np.testing.assert_array_equal(a, b)
        assert_close(actual[1], expected[1], 1e-14)


@ALL
@without_jax
def test_nan_in_is_nan_out(case, backend):
    make, z, targets = CASES[case]
    z = z.copy()
    z[3, 0] = np.nan
    value, gradient = run(make(), backend, z, targets)
    assert np.isnan(value)
    assert np.isfinite(gradient[[0, 1, 2, 4, 5]]).all()


@ALL
def test_the_host_never_reads_a_value(case):
    torch = pytest.importorskip("torch")
    make, outputs, targets = CASES[case]
    z = torch.empty(outputs.shape, device="meta")
    kind = torch.int64 if targets.dtype.kind == "i" else torch.float32
    y, w = torch.empty(targets.shape, device="meta", dtype=kind), torch.empty(6, device="meta")
    for weight in (None, w):
        value, gradient = make()(z, y, weight)
        assert value.shape == () and gradient.shape == outputs.shape
    assert make().link(array_namespace(z), z).shape == outputs.shape


# -------------------------------------------------------------------------------------------------------- by hand


def test_dice_and_tversky_of_half_sure_outputs():
    z, t = np.zeros((1, 4)), np.asarray([[1.0, 1.0, 1.0, 0.0]])  # three hits of 1/2, three misses, one false alarm
    assert float(Dice()(z, t)[0]) == pytest.approx(1 - (2 * 1.5 + 1) / (2 + 3 + 1))
    assert float(Tversky(0.2, 0.8)(z, t)[0]) == pytest.approx(1 - 2.5 / (1.5 + 0.2 * 0.5 + 0.8 * 1.5 + 1))
    for a, b in zip(Dice(3.0)(z, t), Tversky(0.5, 0.5, 1.5)(z, t), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("loss", [Dice(), Tversky(0.3, 0.9)], ids=repr)
@without_jax
def test_great_logits_cost_what_their_limits_cost(loss, backend):
    for z, t, cost in (([[1e4, -1e4]], [[1.0, 0.0]], 0.0), ([[-1e4, -1e4]], [[0.0, 0.0]], 0.0)):
        value, gradient = run(loss, backend, z, np.asarray(t))
        assert value == cost and not gradient.any()
    assert 0 < run(loss, backend, [[1e4, -1e4]], np.asarray([[0.0, 1.0]]))[0] < 1


@without_jax
def test_vectors_of_zeros_have_no_direction(backend):
    value, gradient = run(CosineSimilarity(), backend, np.zeros((2, 3)), np.ones((2, 3)))
    assert value == 0 and not gradient.any()
    value, gradient = run(CosineEmbedding(), backend, np.zeros((1, 2, 3)), np.ones(1))
    assert value == 1 and not gradient.any()
    for loss in (Contrastive(), TripletMargin(), TripletMargin(swap=True)):
        value, gradient = run(loss, backend, np.ones((1, 3 if isinstance(loss, TripletMargin) else 2, 3)), np.zeros(1))
        assert value == (1 if isinstance(loss, TripletMargin) else 0.5) and not gradient.any()


def test_vectors_too_short_for_an_inverse_length_count_as_zeros(backend):
    short = np.asarray([[1e-40, 0.0, -3e-39]])
    value, gradient = run(CosineSimilarity(), backend, short, np.ones((1, 3)), dtype="float32")
    assert value == 0 and not gradient.any()
    value, gradient = run(
        CosineEmbedding(), backend, np.stack([short, np.ones((1, 3))], 1), np.ones(1), dtype="float32"
    )
    assert value == 1 and not gradient.any()
    pair, triple = np.stack([short, -short], 1), np.stack([short, 2 * short, -short], 1)
    for loss, outputs in ((Contrastive(), pair), (TripletMargin(), triple), (TripletMargin(swap=True), triple)):
        assert np.isfinite(run(loss, backend, outputs, np.zeros(1), dtype="float32")[1]).all()
    least = 1.2e-38
    value, gradient = run(CosineSimilarity(), backend, [[least, least]], np.asarray([[1.0, 0.0]]), dtype="float32")
    assert value == pytest.approx(-(0.5**0.5))
    np.testing.assert_allclose(gradient * least, [[-(0.125**0.5), 0.125**0.5]], rtol=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1e30])
@without_jax
def test_directions_know_no_size(size, backend):
    y, t = np.asarray([[3.0, 4.0]]), np.asarray([[4.0, 3.0]])
    value, gradient = run(CosineSimilarity(), backend, y * size, t / size, dtype="float32")
    assert value == pytest.approx(-0.96, rel=1e-6)
    wanted = CosineSimilarity()(y, t)[1] / size
    np.testing.assert_allclose(gradient, wanted, rtol=1e-5)


def test_a_pair_costs_half_the_square_of_its_distance_or_of_what_lacks():
    pairs = np.asarray([[[0.0, 3.0], [4.0, 0.0]]])
    assert float(Contrastive(7.0)(pairs, np.asarray([1]))[0]) == 12.5
    assert float(Contrastive(7.0)(pairs, np.asarray([0]))[0]) == 2.0
    assert float(Contrastive(4.0)(pairs, np.asarray([-1]))[0]) == 0.0


def test_swap_takes_the_nearer_negative():
    triple = np.asarray([[[0.0], [2.0], [3.0]]])  # from a to n it is 3, from p to n 1
    assert float(TripletMargin()(triple, np.zeros(1))[0]) == 0.0
    value, gradient = TripletMargin(swap=True)(triple, np.zeros(1))
    assert float(value) == 2.0
    assert gradient.tolist() == [[[-1.0], [2.0], [-1.0]]]


def test_gaussian_costs_are_those_of_the_density():
    z, t = np.asarray([[1.0, np.log(4.0)]]), np.asarray([3.0])
    density = np.exp(-((3.0 - 1.0) ** 2) / (2 * 4.0)) / np.sqrt(2 * np.pi * 4.0)
    assert float(GaussianNLL(full=True)(z, t)[0]) == pytest.approx(-np.log(density), rel=1e-14)


def test_the_best_constant_output_is_the_quantile():
    targets = np.arange(1.0, 11.0)
    costs = [float(Quantile(0.75)(np.full(10, y), targets)[0]) for y in range(12)]
    assert np.argmin(costs) == 8
    np.testing.assert_array_equal(Quantile(0.75)(np.asarray([1.0]), np.asarray([1.0]))[1], [-0.25])


def test_one_level_in_a_tuple_is_one_level():
    z, t = CASES["quantiles"][1][..., :1], CASES["quantiles"][2]
    for a, b in zip(Quantile((0.3,))(z, t), Quantile(0.3)(z, t[..., None]), strict=True):
        np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------------------------------------------------ CTC


def paths_that_say(labels, steps, classes, blank):
    for path in itertools.product(range(classes), repeat=steps):
        merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
        if [c for c in merged if c != blank] == labels:
            yield path


@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_sums_over_all_paths(blank, portable):
    z = np.random.default_rng(3).normal(size=(1, 5, 3))
    p = np.exp(z[0]) / np.exp(z[0]).sum(-1, keepdims=True)
    a, b = (c for c in range(3) if c != blank)
    for labels in ([], [a], [a, a], [a, b], [b, a, b], [a, a, b], [a, a, a]):
        chance = sum(np.prod(p[range(5), path]) for path in paths_that_say(labels, 5, 3, blank))
        value, _ = run(CTC(blank), portable, z, np.asarray([labels], dtype=np.int64).reshape(1, -1))
        np.testing.assert_allclose(value, -np.log(chance), rtol=1e-13)


@without_jax
def test_labels_that_do_not_fit_cost_infinitely_much_or_nothing(backend):
    z, y = np.zeros((2, 2, 3)), np.asarray([[1, 1], [1, 2]])  # 1, 1 takes three steps: a blank stands between
    value, gradient = run(CTC(), backend, z, y)
    assert value == np.inf
    assert not gradient[0].any() and gradient[1].any()
    value, gradient = run(CTC(zero_infinity=True, reduction="sum"), backend, z, y)
    assert value == pytest.approx(np.log(9.0)) and not gradient[0].any()


@without_jax
def test_steps_behind_the_length_of_a_sample_do_not_count(backend):
    rng = np.random.default_rng(4)
    z = rng.normal(size=(3, 6, 4))
    y = np.asarray([[4, 1, 2], [6, 3, 3], [1, 2, 0]])
    value, gradient = run(CTC(has_lengths=True, reduction="sum"), backend, z, y)
    alone = [run(CTC(), backend, z[i : i + 1, : y[i, 0]], y[i : i + 1, 1:]) for i in range(3)]
    assert_close(value, sum(v for v, _ in alone), 1e-14)
    for i in range(3):
        assert_close(gradient[i, : y[i, 0]], alone[i][1][0], 1e-13)
        assert not gradient[i, y[i, 0] :].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@without_jax
def test_ctc_takes_great_logits_and_impossible_classes(dtype, backend):
    y = np.asarray([[1, 2]])
    z = np.full((1, 3, 3), -1e4)
    for t, c in enumerate((1, 0, 2)):
        z[0, t, c] = 1e4
    value, gradient = run(CTC(), backend, z, y, dtype=dtype)
    assert value == 0 and not gradient.any()
    z = np.zeros((1, 2, 3))
    z[0, 0, 0] = -np.inf
    value, gradient = run(CTC(), backend, z, y, dtype=dtype)
    assert value == pytest.approx(np.log(6.0), rel=1e-6) and np.isfinite(gradient).all()


def test_ctc_over_many_steps_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    z, y = rng.normal(size=(4, 200, 20)), rng.integers(1, 20, (4, 30))
    leaf = torch.tensor(z, requires_grad=True)
    log_p = leaf.log_softmax(-1).transpose(0, 1)
    counts = torch.full((4,), 30)
    wanted = torch.nn.functional.ctc_loss(log_p, torch.tensor(y), torch.full((4,), 200), counts, reduction="sum")
    wanted.backward()
    for dtype, tolerance in (("float64", 1e-12), ("float32", 5e-5)):
        value, gradient = CTC(reduction="sum")(z.astype(dtype), y)
        assert_close(value, wanted.item(), tolerance)
        assert_close(gradient, leaf.grad.numpy(), tolerance)


# ------------------------------------------------------------------------------------------- messages of the host


def check(loss, targets, shape):
    return get_loss("loss", loss).check_targets(np.asarray(targets), shape)


PAIRS = "outputs must have shape (batch, 2, features), got"
TRIPLES = "outputs must have shape (batch, 3, features), got"
HALVES = "outputs must hold means and log-variances, an even number, got shape"
SEQUENCES = "outputs must have shape (batch, time, classes), got"


@pytest.mark.parametrize(
    ("loss", "targets", "shape", "message"),
    [
        ("contrastive", [0, 1], (3, 4), f"{PAIRS} (batch, 3, 4)."),
        ("contrastive", [0, 2], (2, 4), "y must hold -1 and 1, or 0 and 1, got 2."),
        ("cosine_embedding", [0, 1], (2,), f"{PAIRS} (batch, 2)."),
        ("cosine_embedding", [0.5], (2, 4), "y must hold -1 and 1, or 0 and 1, got 0.5."),
        ("triplet_margin", [0], (2, 4), f"{TRIPLES} (batch, 2, 4)."),
        (
            "triplet_margin",
            ["a"],
            (3, 4),
            "y must hold one number per triple, of any value, got an array of shape (1,) and dtype <U1.",
        ),
        ("gaussian_nll", [0.0], (3,), f"{HALVES} (batch, 3)."),
        ("gaussian_nll", [[0.0]], (4,), "y must have shape (batch, 2), got (1, 1)."),
        (Quantile((0.1, 0.9)), [0.0], (3,), "outputs must have 2 levels on their last axis, got (batch, 3)."),
        (Quantile((0.1, 0.9)), [[0.0, 1.0]], (2,), "y must have shape (batch, 1), got (1, 2)."),
        ("ctc", [[1]], (5,), f"{SEQUENCES} (batch, 5)."),
        ("ctc", [[1]], (5, 1), f"{SEQUENCES} (batch, 5, 1)."),
        ("ctc", [1], (5, 3), "y must hold integers of shape (batch, labels), got int64 of shape (1,)."),
        ("ctc", [[1.0]], (5, 3), "y must hold integers of shape (batch, labels), got float64 of shape (1, 1)."),
        ("ctc", [[1, 3]], (5, 3), "y must hold labels from 0 to 2, got 3."),
        ("ctc", [[-2, 1]], (5, 3), "y must hold labels from 0 to 2, got -2."),
        ("ctc", [[0, 1]], (5, 3), "y must hold its padding at the end, got a label behind a blank."),
        (CTC(3), [[0, 1]], (5, 3), "blank must be one of 3 classes, got 3."),
        (CTC(has_lengths=True), [[6, 1]], (5, 3), "y must hold lengths from 1 to 5 in its first column, got 6."),
        (CTC(has_lengths=True), [[0, 1]], (5, 3), "y must hold lengths from 1 to 5 in its first column, got 0."),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_one_sentence(loss, targets, shape, message):
    with pytest.raises(ArgumentError) as caught:
        check(loss, targets, shape)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "message"),
    [
        (TripletMargin(), np.ones((4, 3, 2)), np.ones(3), "targets must have shape (4, ...), got (3,)."),
        (TripletMargin(), np.ones((4, 2, 2)), np.ones(4), f"{TRIPLES} (batch, 2, 2)."),
        (Contrastive(), np.ones((4, 2, 2)), np.ones(3), "targets must have shape (4,), got (3,)."),
        (Contrastive(), np.ones((4, 2, 0)), np.ones(4), f"{PAIRS} (batch, 2, 0)."),
        (CosineEmbedding(), np.ones((4, 6)), np.ones(4), f"{PAIRS} (batch, 6)."),
        (CosineSimilarity(), np.ones(4), np.ones(4), "outputs must have shape (batch, ..., features), got (4,)."),
        (Quantile((0.1, 0.9)), np.ones((4, 2)), np.ones(3), "targets must have shape (4,) or (4, 1), got (3,)."),
        (GaussianNLL(), np.ones((4, 2)), np.ones(3), "targets must have shape (4, 1), got (3,)."),
        (CTC(), np.ones((4, 5, 3)), np.ones((3, 2)), "targets must have shape (4, labels), got (3, 2)."),
        (
            CTC(has_lengths=True),
            np.ones((4, 5, 3)),
            np.ones((4, 0)),
            "y must hold integers of shape (batch, 1 + labels), got float64 of shape (4, 0).",
        ),
        (
            CTC(),
            np.ones((4, 5, 3)),
            np.full((4, 1), 1.7),
            "y must hold integers of shape (batch, labels), got float64 of shape (4, 1).",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(loss, outputs, targets, message):
    with pytest.raises(ShapeError) as caught:
        loss(outputs, targets)
    assert str(caught.value) == message


@pytest.mark.parametrize("loss", [Contrastive(), CosineEmbedding()])
def test_numbers_between_the_sides_are_refused_by_a_loss_alone(loss):
    with pytest.raises(ArgumentError, match=r"^y must hold -1 and 1, or 0 and 1, got 0\.7\.$"):
        loss(np.ones((2, 2, 3)), np.asarray([0.7, 1.0]))


def test_padding_becomes_the_blank():
    assert check(CTC(-1), [[1, -1], [0, 2]], (4, 3)).tolist() == [[1, 2], [0, 2]]
    assert check(CTC(has_lengths=True), [[4, 1, -1]], (4, 3)).tolist() == [[4, 1, 0]]


# ------------------------------------------------------------------------------------------------------- networks


def test_networks_learn_from_pairs_triples_and_sequences():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(40, 3, 5))
    shared = [Dense(8, activation="tanh"), Dense(2)]
    problems = [
        ("triplet_margin", shared, x, np.zeros(40)),
        (Contrastive(2.0), shared, x[:, :2], rng.integers(0, 2, 40)),
        ("cosine_embedding", shared, x[:, :2], rng.integers(0, 2, 40)),
        ("ctc", [Dense(8, activation="tanh"), Dense(3)], x, rng.integers(1, 3, (40, 2))),
        ("dice", [Flatten(), Dense(6), Reshape((2, 3))], x, rng.integers(0, 2, (40, 2, 3))),
        (Quantile((0.1, 0.9)), [Flatten(), Dense(2)], x, rng.normal(size=40)),
        ("gaussian_nll", [Flatten(), Dense(2)], x, rng.normal(size=40)),
        (FocalCrossEntropy(), [Flatten(), Dense(3)], x, rng.integers(0, 3, 40)),
    ]
    for loss, layers, inputs, targets in problems:
        if loss == "ctc":
            targets = np.where(targets[:, :1] == targets[:, 1:], [[1, 2]], targets)
        net = Network(layers, loss=loss, seed=0)
        history = net.fit(inputs, targets, epochs=15, batch_size=10, verbose=0)
        assert history["loss"][-1] < 0.98 * history["loss"][0], loss
