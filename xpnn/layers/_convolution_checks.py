"""`check_convolution`: the arguments that all convolutions share, checked and brought into one form."""

from typing import Any

from xpnn import _check
from xpnn.activations import get_activation
from xpnn.initializers import get_initializer
from xpnn.layers._rules import check_rules
from xpnn.layers._sizes import check_pads, check_sizes

__all__ = ["check_convolution"]


def check_convolution(layer: Any, n_axes: int) -> None:
    """Normalise the fields of a frozen record inside its ``__post_init__``."""
    for argument in ("filters", "groups", "depth_multiplier"):
        if hasattr(layer, argument):
            layer._set(argument, _check.integer(argument, getattr(layer, argument)))
    for argument in ("kernel_size", "strides", "dilation"):
        layer._set(argument, check_sizes(argument, getattr(layer, argument), n_axes))
    layer._set("padding", check_pads("padding", layer.padding, n_axes, ("valid", "same")))
    if layer.activation is not None:
        layer._set("activation", get_activation("activation", layer.activation))
    layer._set("use_bias", _check.boolean("use_bias", layer.use_bias))
    for argument in ("weight_initializer", "bias_initializer"):
        layer._set(argument, get_initializer(argument, getattr(layer, argument)))
    check_rules(layer)
