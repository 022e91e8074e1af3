"""`Conv2D`: convolution of images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._convolution import Convolution

__all__ = ["Conv2D"]


@dataclass(frozen=True, slots=True, repr=False)
class Conv2D(Convolution):
    r"""Convolution of images, channels last, and an activation.

    .. math:: y_{nhwo} = a\Big(b_o + \sum_{ijc} x_{n,\; s h + d i,\; s w + d j,\; c}\; W_{ijco}\Big)

    This is the cross-correlation that every library calls a convolution: the kernel is not flipped.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or tuple of int
        Height and width of the window.
    strides : int or tuple of int
        Way :math:`s` from one window to the next.
    padding : str, int or tuple
        ``"valid"``: none. ``"same"``: zeros around the image, so that there are ``ceil(size / stride)`` windows along
        an axis; of an odd number of zeros the greater half is at the end, as in TensorFlow and Keras. Or explicitly:
        an integer for all sides, or for each axis an integer or a pair (before, after).
    dilation : int or tuple of int
        Way :math:`d` from one element of a window to the next.
    groups : int
        The channels of input and output are cut into so many groups that do not see each other.
    activation : str or ActivationFunction, optional
        The function :math:`a`; by default there is none.
    use_bias : bool
        Whether there is a :math:`b`.
    weight_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (kernel_height, kernel_width, in_channels / groups, filters), and of
        ``bias``, shape (filters,).
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`; the axes of a filter for a constraint are (0, 1, 2).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels), its channels cannot be divided into the
        groups, or a window is greater than the padded image.

    Notes
    -----
    What the windows see is gathered into a matrix :math:`X` with a column for each window, so that with the weight as
    a matrix and :math:`G = \partial L / \partial z` of the sum :math:`z`, everything is a product: :math:`z = W^\top X
    + b`, :math:`\partial L/\partial W = X G^\top`, :math:`\partial L/\partial X = W G`. The last one is added up where
    windows overlap, by sums of shifted slices.

    References
    ----------
    .. [1] Dumoulin & Visin, A guide to convolution arithmetic for deep learning, 2016, relationships 1 to 6.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> layer = Conv2D(6, 5, padding=2, activation="relu")
    >>> params, state, output_shape = layer.init(HostRng(np.random.default_rng(0)), (28, 28, 1))
    >>> params["weight"].shape, output_shape
    ((5, 5, 1, 6), (28, 28, 6))
    """

    n_axes: ClassVar[int] = 2
