"""`Conv2DTranspose`: the adjoint of the convolution of images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._convolution_transpose import ConvolutionTranspose

__all__ = ["Conv2DTranspose"]


@dataclass(frozen=True, slots=True, repr=False)
class Conv2DTranspose(ConvolutionTranspose):
    r"""Transposed convolution of images, channels last, and an activation.

    Each element of the input adds a multiple of the kernel to the output; so strides make the output larger. This is
    the gradient with respect to its input of a `Conv2D` that maps `filters` channels to those of the input.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size, strides, dilation : int or tuple of int
        As of that convolution, along height and width: `strides` are the way in the output.
    padding : str, int or tuple
        What is cut off from the output. ``"valid"``: nothing; an axis has ``size * stride + max(kernel - stride, 0)``
        elements. ``"same"``: as much as makes it ``size * stride``, as in Keras. Or explicitly, as in PyTorch: an
        integer for all sides, or for each axis an integer or a pair (before, after).
    output_padding : int or tuple of int, optional
        Elements that are added at the end of each axis to ``(size - 1) * stride + kernel - before - after``, where
        several sizes would give the input; less than `strides`. By default 0, or with ``"valid"`` what it says there.
    activation : str or ActivationFunction, optional
        Applied to the sum; by default there is none.
    use_bias : bool
        Whether a bias is added.
    weight_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (kernel_height, kernel_width, in_channels, filters), and of ``bias``, shape
        (filters,).
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels), or padding cuts everything off.

    Notes
    -----
    With the matrices of `Conv2D`, where :math:`X` stands for what its windows see of the *output* here and :math:`Z`
    for the input: :math:`X = W Z`, added up where windows overlap; :math:`\partial L/\partial Z = W^\top X` and
    :math:`\partial L/\partial W = X Z^\top` with the gradients of the output in place of :math:`X`.

    References
    ----------
    .. [1] Dumoulin & Visin, A guide to convolution arithmetic for deep learning, 2016, relationships 8 to 14.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> layer = Conv2DTranspose(4, 3, strides=2, padding="same")
    >>> params, state, output_shape = layer.init(HostRng(np.random.default_rng(0)), (5, 6, 2))
    >>> params["weight"].shape, output_shape
    ((3, 3, 2, 4), (10, 12, 4))
    """

    n_axes: ClassVar[int] = 2
