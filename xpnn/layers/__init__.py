"""Layers: frozen records with three pure functions, `init`, `forward` and `backward`."""

from xpnn.layers.activation import Activation
from xpnn.layers.batch_norm import BatchNorm
from xpnn.layers.dense import Dense
from xpnn.layers.dropout import Dropout
from xpnn.layers.embedding import Embedding
from xpnn.layers.flatten import Flatten
from xpnn.layers.layer_norm import LayerNorm
from xpnn.layers.learned_positional_embedding import LearnedPositionalEmbedding
from xpnn.layers.multi_head_attention import MultiHeadAttention
from xpnn.layers.positional_encoding import PositionalEncoding
from xpnn.layers.reshape import Reshape
from xpnn.layers.residual import Residual
from xpnn.layers.sequential import Sequential
from xpnn.layers.standardize import Standardize
from xpnn.layers.transformer_encoder import TransformerEncoder

__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "LayerNorm",
    "LearnedPositionalEmbedding",
    "MultiHeadAttention",
    "PositionalEncoding",
    "Reshape",
    "Residual",
    "Sequential",
    "Standardize",
    "TransformerEncoder",
]
