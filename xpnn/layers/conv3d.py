"""`Conv3D`: convolution of volumes."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._convolution import Convolution

__all__ = ["Conv3D"]


@dataclass(frozen=True, slots=True, repr=False)
class Conv3D(Convolution):
    """Convolution of volumes or films, channels last, and an activation.

    Parameters
    ----------
    filters, kernel_size, strides, padding, dilation, groups, activation, use_bias, weight_initializer, bias_initializer
        As of `Conv2D`, along three axes. The shape of ``weight`` is (kernel_depth, kernel_height, kernel_width,
        in_channels / groups, filters).
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`; the axes of a filter for a constraint are (0, 1, 2, 3).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, depth, height, width, channels), its channels cannot be divided into
        the groups, or a window is greater than the padded volume.

    Notes
    -----
    The gradients are those of `Conv2D`.

    References
    ----------
    .. [1] Dumoulin & Visin, A guide to convolution arithmetic for deep learning, 2016, relationships 1 to 6.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, state, output_shape = Conv3D(4, 3).init(HostRng(np.random.default_rng(0)), (5, 6, 7, 2))
    >>> params["weight"].shape, output_shape
    ((3, 3, 3, 2, 4), (3, 4, 5, 4))
    """

    n_axes: ClassVar[int] = 3
