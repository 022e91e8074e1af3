"""Initial values of parameters, by name or as objects."""

from collections.abc import Callable
from functools import partial

from xpnn import _check
from xpnn.initializers.constant import Constant, Ones, Zeros
from xpnn.initializers.identity_matrix import IdentityMatrix
from xpnn.initializers.initializer import Initializer
from xpnn.initializers.normal import Normal, TruncatedNormal, Uniform
from xpnn.initializers.orthogonal import Orthogonal
from xpnn.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
    LeCunUniform,
)
from xpnn.initializers.sparse import Sparse
from xpnn.initializers.variance_scaling import VarianceScaling

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "IdentityMatrix",
    "Initializer",
    "LeCunNormal",
    "LeCunUniform",
    "Normal",
    "Ones",
    "Orthogonal",
    "Sparse",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "Zeros",
    "get_initializer",
]

_BY_NAME: dict[str, Callable[[], Initializer]] = {
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "identity": IdentityMatrix,
    "lecun_normal": LeCunNormal,
    "lecun_uniform": LeCunUniform,
    "normal": Normal,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": partial(Normal, std=0.05),
    "random_uniform": Uniform,
    "sparse": Sparse,
    "truncated_normal": TruncatedNormal,
    "uniform": Uniform,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
}


def get_initializer(argument: str, value: str | Initializer) -> Initializer:
    """Turn a name into its initializer; an initializer is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("draw",))
