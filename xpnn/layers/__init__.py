"""Layers: frozen records with three pure functions, `init`, `forward` and `backward`."""

from xpnn.layers.activation import Activation
from xpnn.layers.alpha_dropout import AlphaDropout
from xpnn.layers.batch_norm import BatchNorm
from xpnn.layers.dense import Dense
from xpnn.layers.dropout import Dropout
from xpnn.layers.flatten import Flatten
from xpnn.layers.gaussian_dropout import GaussianDropout
from xpnn.layers.gaussian_noise import GaussianNoise
from xpnn.layers.group_norm import GroupNorm
from xpnn.layers.instance_norm import InstanceNorm
from xpnn.layers.layer_norm import LayerNorm
from xpnn.layers.random_brightness import RandomBrightness
from xpnn.layers.random_contrast import RandomContrast
from xpnn.layers.random_crop import RandomCrop
from xpnn.layers.random_erasing import RandomErasing
from xpnn.layers.random_flip import RandomFlip
from xpnn.layers.random_translation import RandomTranslation
from xpnn.layers.reshape import Reshape
from xpnn.layers.residual import Residual
from xpnn.layers.rms_norm import RMSNorm
from xpnn.layers.sequential import Sequential
from xpnn.layers.spatial_dropout import SpatialDropout1D, SpatialDropout2D
from xpnn.layers.standardize import Standardize

__all__ = [
    "Activation",
    "AlphaDropout",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "RMSNorm",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomTranslation",
    "Reshape",
    "Residual",
    "Sequential",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "Standardize",
]
