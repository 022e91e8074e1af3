"""Layers: frozen records with three pure functions, `init`, `forward` and `backward`.

Over 150 lines: a line for each layer.
"""

from typing import TYPE_CHECKING

from xpnn._lazy import lazy_names

if TYPE_CHECKING:
    from xpnn.layers.activation import Activation
    from xpnn.layers.add import Add
    from xpnn.layers.alpha_dropout import AlphaDropout
    from xpnn.layers.average import Average
    from xpnn.layers.average_pool1d import AveragePool1D
    from xpnn.layers.average_pool2d import AveragePool2D
    from xpnn.layers.batch_norm import BatchNorm
    from xpnn.layers.bidirectional import Bidirectional
    from xpnn.layers.concatenate import Concatenate
    from xpnn.layers.conv1d import Conv1D
    from xpnn.layers.conv1d_transpose import Conv1DTranspose
    from xpnn.layers.conv2d import Conv2D
    from xpnn.layers.conv2d_transpose import Conv2DTranspose
    from xpnn.layers.conv3d import Conv3D
    from xpnn.layers.cropping1d import Cropping1D
    from xpnn.layers.cropping2d import Cropping2D
    from xpnn.layers.dense import Dense
    from xpnn.layers.depthwise_conv2d import DepthwiseConv2D
    from xpnn.layers.dot import Dot
    from xpnn.layers.dropout import Dropout
    from xpnn.layers.embedding import Embedding
    from xpnn.layers.flatten import Flatten
    from xpnn.layers.gaussian_dropout import GaussianDropout
    from xpnn.layers.gaussian_noise import GaussianNoise
    from xpnn.layers.global_average_pool1d import GlobalAveragePool1D
    from xpnn.layers.global_average_pool2d import GlobalAveragePool2D
    from xpnn.layers.global_max_pool1d import GlobalMaxPool1D
    from xpnn.layers.global_max_pool2d import GlobalMaxPool2D
    from xpnn.layers.graph import Graph
    from xpnn.layers.group_norm import GroupNorm
    from xpnn.layers.gru import GRU
    from xpnn.layers.identity import Identity
    from xpnn.layers.instance_norm import InstanceNorm
    from xpnn.layers.lambda_ import Lambda
    from xpnn.layers.layer_norm import LayerNorm
    from xpnn.layers.learned_positional_embedding import LearnedPositionalEmbedding
    from xpnn.layers.lstm import LSTM
    from xpnn.layers.max_pool1d import MaxPool1D
    from xpnn.layers.max_pool2d import MaxPool2D
    from xpnn.layers.maximum import Maximum
    from xpnn.layers.minimum import Minimum
    from xpnn.layers.multi_head_attention import MultiHeadAttention
    from xpnn.layers.multiply import Multiply
    from xpnn.layers.parallel import Parallel
    from xpnn.layers.permute import Permute
    from xpnn.layers.positional_encoding import PositionalEncoding
    from xpnn.layers.prelu import PReLU
    from xpnn.layers.random_brightness import RandomBrightness
    from xpnn.layers.random_contrast import RandomContrast
    from xpnn.layers.random_crop import RandomCrop
    from xpnn.layers.random_erasing import RandomErasing
    from xpnn.layers.random_flip import RandomFlip
    from xpnn.layers.random_translation import RandomTranslation
    from xpnn.layers.repeat_vector import RepeatVector
    from xpnn.layers.reshape import Reshape
    from xpnn.layers.residual import Residual
    from xpnn.layers.rms_norm import RMSNorm
    from xpnn.layers.rrelu import RReLU
    from xpnn.layers.separable_conv2d import SeparableConv2D
    from xpnn.layers.sequential import Sequential
    from xpnn.layers.simple_rnn import SimpleRNN
    from xpnn.layers.spatial_dropout import SpatialDropout1D, SpatialDropout2D
    from xpnn.layers.split import Split
    from xpnn.layers.standardize import Standardize
    from xpnn.layers.subtract import Subtract
    from xpnn.layers.transformer_encoder import TransformerEncoder
    from xpnn.layers.up_sampling1d import UpSampling1D
    from xpnn.layers.up_sampling2d import UpSampling2D
    from xpnn.layers.zero_padding1d import ZeroPadding1D
    from xpnn.layers.zero_padding2d import ZeroPadding2D

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "Add",
    "AlphaDropout",
    "Average",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePool1D",
    "GlobalAveragePool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "Graph",
    "GroupNorm",
    "Identity",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "LearnedPositionalEmbedding",
    "MaxPool1D",
    "MaxPool2D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "PReLU",
    "Parallel",
    "Permute",
    "PositionalEncoding",
    "RMSNorm",
    "RReLU",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomTranslation",
    "RepeatVector",
    "Reshape",
    "Residual",
    "SeparableConv2D",
    "Sequential",
    "SimpleRNN",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "Split",
    "Standardize",
    "Subtract",
    "TransformerEncoder",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
]

__getattr__, __dir__ = lazy_names(
    __name__, __all__, {"SpatialDropout1D": "spatial_dropout", "SpatialDropout2D": "spatial_dropout"}
)
