"""`DepthwiseConv2D`: a convolution of each channel of images by itself."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from xpnn._record import Record
from xpnn.initializers import GlorotUniform, Zeros
from xpnn.layers._convolution_checks import check_convolution
from xpnn.layers._sizes import check_image, each
from xpnn.layers.conv2d import Conv2D
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["DepthwiseConv2D"]


@dataclass(frozen=True, slots=True, repr=False)
class DepthwiseConv2D(Record):
    """Convolution of each channel by itself, and an activation: a `Conv2D` with a group for each channel.

    Parameters
    ----------
    kernel_size, strides, padding, dilation
        As of `Conv2D`.
    depth_multiplier : int
        Number of channels of the output for each one of the input.
    activation, use_bias, bias_initializer
        As of `Conv2D`.
    weight_initializer : str or Initializer
        Initial values of ``weight``, shape (kernel_height, kernel_width, in_channels, depth_multiplier).
    weight_regularizer, bias_regularizer, weight_constraint, bias_constraint
        As of `Dense`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels), or a window is greater than the padded image.

    Notes
    -----
    Channel ``c * depth_multiplier + m`` of the output is made of channel c of the input, as in Keras and PyTorch. One
    stack of products over the channels takes half of the time, on NumPy, of a sum of slices times weights. Where
    strides and `depth_multiplier` are 1, the gradient of the input is such a convolution too, with the kernel turned.

    References
    ----------
    .. [1] Chollet, Xception, CVPR 2017, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> layer = DepthwiseConv2D(3, depth_multiplier=2)
    >>> params, state, output_shape = layer.init(HostRng(np.random.default_rng(0)), (8, 8, 4))
    >>> params["weight"].shape, output_shape
    ((3, 3, 4, 2), (6, 6, 8))
    """

    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    dilation: Any = 1
    depth_multiplier: int = 1
    activation: Named = None
    use_bias: bool = True
    weight_initializer: Named = GlorotUniform()
    bias_initializer: Named = Zeros()
    weight_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_convolution(self, 2)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw weight and bias for samples of `input_shape`, (height, width, channels)."""
        check_image(input_shape, 2)
        channels = input_shape[-1]
        _, state, output_shape = _grouped(self, channels).init(rng, input_shape)
        shape = (*each(self.kernel_size, 2), channels, self.depth_multiplier)
        params = {"weight": self.weight_initializer.draw(rng, shape)}
        if self.use_bias:
            params["bias"] = self.bias_initializer.draw(rng, (channels * self.depth_multiplier,))
        return params, state, output_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x`, shape (batch, height, width, channels)."""
        return _grouped(self, x.shape[-1]).forward(_regrouped(params, ctx), state, x, ctx)

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input and the parameters."""
        shape = params["weight"].shape
        dx, grads = _grouped(self, shape[2]).backward(_regrouped(params, ctx), saved, dy, ctx)
        return dx, {**grads, "weight": ctx.xp.reshape(grads["weight"], shape)}


@lru_cache(maxsize=256)
def _grouped(layer: DepthwiseConv2D, channels: int) -> Conv2D:
    """Return the convolution with a group for each channel; it draws no weights."""
    return Conv2D(
        channels * layer.depth_multiplier,
        layer.kernel_size,
        layer.strides,
        layer.padding,
        layer.dilation,
        channels,
        layer.activation,
        layer.use_bias,
        "zeros",
        "zeros",
    )


def _regrouped(params: Params, ctx: Context) -> Params:
    """Return the weight in the shape of that convolution."""
    height, width, channels, multiplier = params["weight"].shape
    return {**params, "weight": ctx.xp.reshape(params["weight"], (height, width, 1, channels * multiplier))}
