"""Layers: frozen records with three pure functions, `init`, `forward` and `backward`."""

from xpnn.layers.activation import Activation
from xpnn.layers.batch_norm import BatchNorm
from xpnn.layers.bidirectional import Bidirectional
from xpnn.layers.dense import Dense
from xpnn.layers.dropout import Dropout
from xpnn.layers.flatten import Flatten
from xpnn.layers.gru import GRU
from xpnn.layers.layer_norm import LayerNorm
from xpnn.layers.lstm import LSTM
from xpnn.layers.reshape import Reshape
from xpnn.layers.residual import Residual
from xpnn.layers.sequential import Sequential
from xpnn.layers.simple_rnn import SimpleRNN
from xpnn.layers.standardize import Standardize

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "BatchNorm",
    "Bidirectional",
    "Dense",
    "Dropout",
    "Flatten",
    "LayerNorm",
    "Reshape",
    "Residual",
    "Sequential",
    "SimpleRNN",
    "Standardize",
]
