"""Every loss at 10,000 points of [-100, 100] against 40 digits: cost and slope of one output, in both types."""

from functools import cache

import numpy as np
import pytest

import xpnn.losses
from xpnn import losses

# name: the loss, what stands beside the output z (the first column is z unless said otherwise), the target, the column
# of z, the cost and its slope; a third function, if any, gives the size of the parts that cancel near a root
POINTS = 10_000


def _cases(mp):
    def sigmoid(z):
        return 1 / (1 + mp.exp(-z))

    def soft(z):
        return mp.log1p(mp.exp(z))

    def clip(x, low, high):
        return min(max(x, low), high)

    def focal(gamma, alpha):
        return (
            lambda z: alpha * sigmoid(-z) ** gamma * soft(-z),
            lambda z: -alpha * sigmoid(-z) ** gamma * (sigmoid(-z) + gamma * sigmoid(z) * soft(-z)),
        )

    def above(x):
        return mp.mpf(x > 0)

    quarter, two = mp.mpf(1) / 4, mp.log(2)
    kl_parts = quarter * mp.log(quarter) + 3 * quarter * mp.log(3 * quarter)
    pull = mp.sqrt(5)
    return {
        "BinaryCrossEntropy": (losses.BinaryCrossEntropy(), [], [1.0], 0, lambda z: soft(-z), lambda z: -sigmoid(-z)),
        "BinaryFocalCrossEntropy": (losses.BinaryFocalCrossEntropy(), [], [1.0], 0, *focal(2, quarter)),
        "BinaryFocalCrossEntropy, gamma 1.5": (
            losses.BinaryFocalCrossEntropy(1.5, None), [], [1.0], 0, *focal(mp.mpf(1.5), 1),
        ),
        "CategoricalHinge": (
            losses.CategoricalHinge(), [0.0, 0.5], 0, 0, lambda z: max(mp.mpf(1.5) - z, 0), lambda z: -above(1.5 - z),
        ),
        "Contrastive": (
            losses.Contrastive(150.0), "pair", 0, 0,
            lambda z: (150 - abs(z - 0.5)) ** 2 / 2, lambda z: -(150 - abs(z - 0.5)) * mp.sign(z - 0.5),
        ),
        "CosineEmbedding": (
            losses.CosineEmbedding(-1.0), "planes", 0, 0,
            lambda z: (2 * z - 1) / (mp.sqrt(z * z + 1) * pull) + 1,
            lambda z: (2 + z) / (mp.sqrt(z * z + 1) ** 3 * pull),
            lambda z: 1, lambda z: (2 + abs(z)) / (mp.sqrt(z * z + 1) ** 3 * pull) + mp.mpf("0.2") / (1 + abs(z)),
        ),
        "CosineSimilarity": (
            losses.CosineSimilarity(), [1.0], [2.0, -1.0], 0,
            lambda z: -(2 * z - 1) / (mp.sqrt(z * z + 1) * pull),
            lambda z: -(2 + z) / (mp.sqrt(z * z + 1) ** 3 * pull),
            lambda z: 1, lambda z: (2 + abs(z)) / (mp.sqrt(z * z + 1) ** 3 * pull) + mp.mpf("0.2") / (1 + abs(z)),
        ),
        "CrossEntropy": (losses.CrossEntropy(), [0.0], 0, 0, lambda z: soft(-z), lambda z: -sigmoid(-z)),
        "CTC": (
            losses.CTC(), "steps", [1], 1,
            lambda z: two - mp.log1p(sigmoid(z)), lambda z: -sigmoid(z) * sigmoid(-z) / (1 + sigmoid(z)),
            lambda z: 1, lambda z: 1,
        ),
        "Dice": (
            losses.Dice(), [], [1.0], 0,
            lambda z: sigmoid(-z) / (2 + sigmoid(z)),
            lambda z: -3 * sigmoid(z) * sigmoid(-z) / (2 + sigmoid(z)) ** 2,
        ),
        "FocalCrossEntropy": (losses.FocalCrossEntropy(1.5, 1.0), [0.0], 0, 0, *focal(mp.mpf(1.5), 1)),
        "GaussianNLL": (
            losses.GaussianNLL(), "log variance", [3.0], 1,
            lambda z: (z + 4 * mp.exp(-z)) / 2, lambda z: (1 - 4 * mp.exp(-z)) / 2,
            lambda z: (abs(z) + 4 * mp.exp(-z)) / 2, lambda z: (1 + 4 * mp.exp(-z)) / 2,
        ),
        "Hinge": (losses.Hinge(), [], [1.0], 0, lambda z: max(1 - z, 0), lambda z: -above(1 - z)),
        "Huber": (
            losses.Huber(2.0), [], [1.5], 0,
            lambda z: (z - 1.5) ** 2 / 2 if abs(z - 1.5) <= 2 else 2 * (abs(z - 1.5) - 1),
            lambda z: clip(z - 1.5, -2, 2),
        ),
        "KLDivergence": (
            losses.KLDivergence(), [0.0], [0.75, 0.25], 0,
            lambda z: kl_parts + quarter * soft(z) + 3 * quarter * soft(-z), lambda z: sigmoid(z) - 3 * quarter,
            lambda z: 1 + abs(z), lambda z: 1,
        ),
        "LogCosh": (
            losses.LogCosh(), [], [1.5], 0, lambda z: mp.log(mp.cosh(z - 1.5)), lambda z: mp.tanh(z - 1.5),
        ),
        "MeanAbsoluteError": (
            losses.MeanAbsoluteError(), [], [1.5], 0, lambda z: abs(z - 1.5), lambda z: mp.sign(z - 1.5),
        ),
        "MeanAbsolutePercentageError": (
            losses.MeanAbsolutePercentageError(), [], [-2.5], 0,
            lambda z: 40 * abs(z + 2.5), lambda z: 40 * mp.sign(z + 2.5),
        ),
        "MeanSquaredError": (
            losses.MeanSquaredError(), [], [1.5], 0, lambda z: (z - 1.5) ** 2, lambda z: 2 * (z - 1.5),
        ),
        "MeanSquaredLogarithmicError": (
            losses.MeanSquaredLogarithmicError(), [], [1.5], 0,
            lambda z: (mp.log1p(max(z, 0)) - mp.log(mp.mpf(2.5))) ** 2,
            lambda z: 2 * (mp.log1p(z) - mp.log(mp.mpf(2.5))) / (1 + z) if z > 0 else mp.mpf(0),
        ),
        "MultiMargin": (
            losses.MultiMargin(2), [0.5], 0, 0,
            lambda z: max(1.5 - z, 0) ** 2 / 2, lambda z: -max(1.5 - z, 0),
        ),
        "NegativeLogLikelihood": (losses.NegativeLogLikelihood(), [0.0], 0, 0, lambda z: -z, lambda z: mp.mpf(-1)),
        "Poisson": (
            losses.Poisson(), [], [3.0], 0,
            lambda z: mp.exp(z) - 3 * z, lambda z: mp.exp(z) - 3,
            lambda z: mp.exp(z) + 3 * abs(z), lambda z: mp.exp(z) + 3,
        ),
        "Quantile": (
            losses.Quantile(0.25), [], [1.5], 0,
            lambda z: max((1.5 - z) / 4, -3 * (1.5 - z) / 4), lambda z: 3 * quarter if z > 1.5 else -quarter,
        ),
        "SmoothL1": (
            losses.SmoothL1(2.0), [], [1.5], 0,
            lambda z: (z - 1.5) ** 2 / 4 if abs(z - 1.5) <= 2 else abs(z - 1.5) - 1,
            lambda z: clip(z - 1.5, -2, 2) / 2,
        ),
        "SquaredHinge": (
            losses.SquaredHinge(), [], [1.0], 0, lambda z: max(1 - z, 0) ** 2, lambda z: -2 * max(1 - z, 0),
        ),
        "TripletMargin": (
            losses.TripletMargin(300.0), "triple", 0, 0,
            lambda z: abs(z) - abs(z - 120) + 300, lambda z: mp.sign(z) + 1,
        ),
        "Tversky": (
            losses.Tversky(0.25, 0.75), [], [1.0], 0,
            lambda z: 3 * sigmoid(-z) / 4 / (sigmoid(z) + 3 * sigmoid(-z) / 4 + 1),
            lambda z: -sigmoid(z) * sigmoid(-z) * mp.mpf(1.5) / (sigmoid(z) + 3 * sigmoid(-z) / 4 + 1) ** 2,
        ),
    }  # fmt: skip


NAMES = (
    "BinaryCrossEntropy", "BinaryFocalCrossEntropy", "BinaryFocalCrossEntropy, gamma 1.5", "CTC", "CategoricalHinge",
    "Contrastive", "CosineEmbedding", "CosineSimilarity", "CrossEntropy", "Dice", "FocalCrossEntropy", "GaussianNLL",
    "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "MultiMargin", "NegativeLogLikelihood", "Poisson", "Quantile",
    "SmoothL1", "SquaredHinge", "TripletMargin", "Tversky",
)  # fmt: skip
OVERFLOWS = ("GaussianNLL", "Poisson")


@cache
def _reference(name):
    """Points, the loss, the costs and slopes there, and the sizes to which their errors are relative."""
    mp = pytest.importorskip("mpmath")
    x = np.random.default_rng(3).uniform(-100, 100, POINTS)
    x[::2] *= 0.1
    x = (x * (0.85 if name in OVERFLOWS else 1.0)).astype(np.float32).astype(np.float64)
    with mp.workdps(40):
        exact = [[float(f(mp.mpf(v))) for v in x.tolist()] for f in _cases(mp)[name][4:]]
    costs, slopes, *sizes = (np.asarray(row) for row in exact)
    return x, costs, slopes, *(np.abs(row) for row in sizes or (costs, slopes))


def _outputs(beside, z):
    n = len(z)
    if beside == "pair":
        return np.stack([z, np.full(n, 0.5)], axis=1)[..., None]
    if beside == "planes":
        return np.stack([np.stack([z, np.ones(n)], axis=1), np.tile([2.0, -1.0], (n, 1))], axis=1)
    if beside == "triple":
        return np.stack([z, np.zeros(n), np.full(n, 120.0)], axis=1)[..., None]
    if beside == "steps":
        return np.stack([np.stack([np.zeros(n), z], axis=1), np.zeros((n, 2))], axis=1)
    if beside == "log variance":
        return np.stack([np.ones(n), z], axis=1)
    return np.concatenate([z[:, None], np.tile(beside, (n, 1))], axis=1)


def _targets(target, n):
    return np.full(n, target) if isinstance(target, int) else np.tile(target, (n, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
def test_costs_and_slopes_are_right_to_the_last_digits_in_the_tails_too(name, dtype, tolerance, backend):
    z, costs, slopes, cost_sizes, slope_sizes = _reference(name)
    loss, beside, target, column, *_ = _cases(pytest.importorskip("mpmath"))[name]
    outputs, targets = _outputs(beside, z).astype(dtype), _targets(target, len(z))
    y = backend.asarray(targets.astype(dtype) if targets.dtype.kind == "f" else targets)
    given = [backend.to_numpy(a) for a in loss.terms(backend.xp, backend.asarray(outputs), y)]
    columns = given[1].reshape(POINTS, -1)[:, column]
    least = 256 * np.finfo(dtype).tiny
    for what, values, exact, sizes in (
        ("cost", given[0].reshape(POINTS), costs, cost_sizes),
        ("slope", columns, slopes, slope_sizes),
    ):
        is_normal = sizes >= least
        error = np.abs(values.astype(np.float64) - exact)[is_normal] / sizes[is_normal]
        assert error.size >= 0.3 * POINTS and error.max() < (3 if what == "slope" else 1) * tolerance, what
        assert np.abs(values[~is_normal]).max(initial=0.0) <= 2 * least, what


def test_every_loss_has_a_row():
    public = {name for name in xpnn.losses.__all__ if isinstance(getattr(xpnn.losses, name), type)}
    others = {"ElementwiseLoss", "Loss", "TripletSemiHard", "WeightedLosses"}  # no costs of single samples
    assert {name.partition(",")[0] for name in NAMES} == public - others
    assert set(NAMES) == set(_cases(pytest.importorskip("mpmath")))
