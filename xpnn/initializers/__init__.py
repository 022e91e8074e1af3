"""Initial values of parameters, by name or as objects."""

from xpnn import _check
from xpnn.initializers.constant import Constant, Ones, Zeros
from xpnn.initializers.initializer import Initializer
from xpnn.initializers.normal import Normal, Uniform
from xpnn.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
    LeCunUniform,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LeCunNormal",
    "LeCunUniform",
    "Normal",
    "Ones",
    "Uniform",
    "Zeros",
    "get_initializer",
]

_BY_NAME: dict[str, type[Initializer]] = {
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "lecun_normal": LeCunNormal,
    "lecun_uniform": LeCunUniform,
    "normal": Normal,
    "ones": Ones,
    "uniform": Uniform,
    "zeros": Zeros,
}


def get_initializer(argument: str, value: str | Initializer) -> Initializer:
    """Turn a name into its initializer; an initializer is returned as it is. `argument` is named in the error."""
    return _check.look_up(argument, value, _BY_NAME, ("draw",))
