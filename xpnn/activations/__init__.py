"""Activations, by name or as objects."""

from collections.abc import Callable
from functools import partial

from xpnn import _check
from xpnn.activations.activation import ActivationFunction
from xpnn.activations.celu import CELU
from xpnn.activations.elu import ELU
from xpnn.activations.exponential import Exponential
from xpnn.activations.gelu import GELU
from xpnn.activations.glu import GLU
from xpnn.activations.hard_shrink import HardShrink
from xpnn.activations.hard_sigmoid import HardSigmoid
from xpnn.activations.hard_swish import HardSwish
from xpnn.activations.hard_tanh import HardTanh
from xpnn.activations.identity import Identity
from xpnn.activations.leaky_relu import LeakyReLU
from xpnn.activations.log_sigmoid import LogSigmoid
from xpnn.activations.log_softmax import LogSoftmax
from xpnn.activations.mish import Mish
from xpnn.activations.relu import ReLU
from xpnn.activations.relu6 import ReLU6
from xpnn.activations.selu import SELU
from xpnn.activations.sigmoid import Sigmoid
from xpnn.activations.silu import SiLU
from xpnn.activations.soft_shrink import SoftShrink
from xpnn.activations.softmax import Softmax
from xpnn.activations.softplus import Softplus
from xpnn.activations.softsign import Softsign
from xpnn.activations.sparse_plus import SparsePlus
from xpnn.activations.sparse_sigmoid import SparseSigmoid
from xpnn.activations.sparsemax import Sparsemax
from xpnn.activations.squareplus import Squareplus
from xpnn.activations.tanh import Tanh
from xpnn.activations.tanh_shrink import TanhShrink
from xpnn.activations.threshold import Threshold
from xpnn.typing import Shape

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "ActivationFunction",
    "Exponential",
    "HardShrink",
    "HardSigmoid",
    "HardSwish",
    "HardTanh",
    "Identity",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "SoftShrink",
    "Softmax",
    "Softplus",
    "Softsign",
    "SparsePlus",
    "SparseSigmoid",
    "Sparsemax",
    "Squareplus",
    "Tanh",
    "TanhShrink",
    "Threshold",
    "get_activation",
    "output_shape",
]

_BY_NAME: dict[str, Callable[[], ActivationFunction]] = {
    "celu": CELU,
    "elu": ELU,
    "exponential": Exponential,
    "gelu": GELU,
    "gelu_tanh": partial(GELU, approximate=True),
    "glu": GLU,
    "hard_shrink": HardShrink,
    "hard_sigmoid": HardSigmoid,
    "hard_silu": HardSwish,
    "hard_swish": HardSwish,
    "hard_tanh": HardTanh,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "log_sigmoid": LogSigmoid,
    "log_softmax": LogSoftmax,
    "mish": Mish,
    "relu": ReLU,
    "relu6": ReLU6,
    "selu": SELU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "soft_shrink": SoftShrink,
    "softmax": Softmax,
    "softplus": Softplus,
    "softsign": Softsign,
    "sparse_plus": SparsePlus,
    "sparse_sigmoid": SparseSigmoid,
    "sparsemax": Sparsemax,
    "squareplus": Squareplus,
    "swish": SiLU,
    "tanh": Tanh,
    "tanh_shrink": TanhShrink,
}


def get_activation(argument: str, value: str | ActivationFunction) -> ActivationFunction:
    """Turn a name into its activation; an activation is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("forward", "backward"))


def output_shape(function: ActivationFunction | None, input_shape: Shape) -> Shape:
    """Shape of one sample behind `function`, None for none: that before it, but for the few with ``output_shape``."""
    shape_of = getattr(function, "output_shape", None)
    return input_shape if shape_of is None else tuple(shape_of(input_shape))
