"""Activations, by name or as objects."""

from collections.abc import Callable
from functools import partial

from xpnn import _check
from xpnn.activations.activation import ActivationFunction
from xpnn.activations.elu import ELU
from xpnn.activations.gelu import GELU
from xpnn.activations.identity import Identity
from xpnn.activations.leaky_relu import LeakyReLU
from xpnn.activations.log_softmax import LogSoftmax
from xpnn.activations.relu import ReLU
from xpnn.activations.selu import SELU
from xpnn.activations.sigmoid import Sigmoid
from xpnn.activations.silu import SiLU
from xpnn.activations.softmax import Softmax
from xpnn.activations.softplus import Softplus
from xpnn.activations.softsign import Softsign
from xpnn.activations.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "ActivationFunction",
    "Identity",
    "LeakyReLU",
    "LogSoftmax",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "get_activation",
]

_BY_NAME: dict[str, Callable[[], ActivationFunction]] = {
    "elu": ELU,
    "gelu": GELU,
    "gelu_tanh": partial(GELU, approximate=True),
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "log_softmax": LogSoftmax,
    "relu": ReLU,
    "selu": SELU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "softmax": Softmax,
    "softplus": Softplus,
    "softsign": Softsign,
    "swish": SiLU,
    "tanh": Tanh,
}


def get_activation(argument: str, value: str | ActivationFunction) -> ActivationFunction:
    """Turn a name into its activation; an activation is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("forward", "backward"))
