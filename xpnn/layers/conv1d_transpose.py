"""`Conv1DTranspose`: the adjoint of the convolution of sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._convolution_transpose import ConvolutionTranspose

__all__ = ["Conv1DTranspose"]


@dataclass(frozen=True, slots=True, repr=False)
class Conv1DTranspose(ConvolutionTranspose):
    """Transposed convolution of sequences, channels last, and an activation.

    Parameters
    ----------
    filters, kernel_size, strides, padding, dilation, output_padding
        As of `Conv2DTranspose`, along one axis; an explicit padding is an integer for both sides or a pair.
    activation, use_bias, weight_initializer, bias_initializer
        As of `Conv2DTranspose`; the shape of ``weight`` is (kernel_size, in_channels, filters).
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, time, channels), or padding cuts everything off.

    References
    ----------
    .. [1] Dumoulin & Visin, A guide to convolution arithmetic for deep learning, 2016, relationships 8 to 14.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> layer = Conv1DTranspose(4, 3, strides=2)
    >>> params, state, output_shape = layer.init(HostRng(np.random.default_rng(0)), (5, 2))
    >>> params["weight"].shape, output_shape
    ((3, 2, 4), (11, 4))
    """

    n_axes: ClassVar[int] = 1
