"""`Conv1D`: convolution of sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._convolution import Convolution

__all__ = ["Conv1D"]


@dataclass(frozen=True, slots=True, repr=False)
class Conv1D(Convolution):
    r"""Convolution of sequences, channels last, and an activation.

    .. math:: y_{nto} = a\Big(b_o + \sum_{ic} x_{n,\; s t + d i,\; c}\; W_{ico}\Big)

    Parameters
    ----------
    filters, kernel_size, strides, padding, dilation, groups, activation, use_bias, weight_initializer, bias_initializer
        As of `Conv2D`, along one axis; an explicit padding is an integer for both sides or a pair (before, after).
        The shape of ``weight`` is (kernel_size, in_channels / groups, filters). For a causal convolution, which sees
        the past alone, write ``padding=((kernel_size - 1) * dilation, 0)``.
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`; the axes of a filter for a constraint are (0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, time, channels), its channels cannot be divided into the groups, or a
        window is longer than the padded sequence.

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
    >>> params, state, output_shape = Conv1D(4, 3, strides=2).init(HostRng(np.random.default_rng(0)), (9, 2))
    >>> params["weight"].shape, output_shape
    ((3, 2, 4), (4, 4))
    """

    n_axes: ClassVar[int] = 1
