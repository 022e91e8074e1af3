"""Losses, by name or as objects."""

from xpnn import _check
from xpnn.losses.binary_cross_entropy import BinaryCrossEntropy
from xpnn.losses.binary_focal_cross_entropy import BinaryFocalCrossEntropy
from xpnn.losses.categorical_hinge import CategoricalHinge
from xpnn.losses.contrastive import Contrastive
from xpnn.losses.cosine_embedding import CosineEmbedding
from xpnn.losses.cosine_similarity import CosineSimilarity
from xpnn.losses.cross_entropy import CrossEntropy
from xpnn.losses.ctc import CTC
from xpnn.losses.dice import Dice
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.losses.focal_cross_entropy import FocalCrossEntropy
from xpnn.losses.gaussian_nll import GaussianNLL
from xpnn.losses.hinge import Hinge
from xpnn.losses.huber import Huber
from xpnn.losses.kl_divergence import KLDivergence
from xpnn.losses.log_cosh import LogCosh
from xpnn.losses.loss import Loss
from xpnn.losses.mean_absolute_error import MeanAbsoluteError
from xpnn.losses.mean_absolute_percentage_error import MeanAbsolutePercentageError
from xpnn.losses.mean_squared_error import MeanSquaredError
from xpnn.losses.mean_squared_logarithmic_error import MeanSquaredLogarithmicError
from xpnn.losses.multi_margin import MultiMargin
from xpnn.losses.negative_log_likelihood import NegativeLogLikelihood
from xpnn.losses.poisson import Poisson
from xpnn.losses.quantile import Quantile
from xpnn.losses.smooth_l1 import SmoothL1
from xpnn.losses.squared_hinge import SquaredHinge
from xpnn.losses.triplet_margin import TripletMargin
from xpnn.losses.triplet_semi_hard import TripletSemiHard
from xpnn.losses.tversky import Tversky
from xpnn.losses.weighted_losses import WeightedLosses

__all__ = [
    "CTC",
    "BinaryCrossEntropy",
    "BinaryFocalCrossEntropy",
    "CategoricalHinge",
    "Contrastive",
    "CosineEmbedding",
    "CosineSimilarity",
    "CrossEntropy",
    "Dice",
    "ElementwiseLoss",
    "FocalCrossEntropy",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MultiMargin",
    "NegativeLogLikelihood",
    "Poisson",
    "Quantile",
    "SmoothL1",
    "SquaredHinge",
    "TripletMargin",
    "TripletSemiHard",
    "Tversky",
    "WeightedLosses",
    "get_loss",
]

_BY_NAME: dict[str, type[Loss]] = {
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


def get_loss(argument: str, value: str | Loss) -> Loss:
    """Turn a name into its loss; a loss is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("check_targets", "link", "value_and_gradient"))
