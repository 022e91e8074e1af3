"""`SeparableConv2D`: a convolution of each channel by itself, then a mixture of the channels."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from xpnn._record import Record
from xpnn.initializers import GlorotUniform, Zeros
from xpnn.layers._convolution_checks import check_convolution
from xpnn.layers.conv2d import Conv2D
from xpnn.layers.depthwise_conv2d import DepthwiseConv2D
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["SeparableConv2D"]


@dataclass(frozen=True, slots=True, repr=False)
class SeparableConv2D(Record):
    """A `DepthwiseConv2D` without bias, then a `Conv2D` of 1 x 1, and an activation.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size, strides, padding, dilation, depth_multiplier
        As of `DepthwiseConv2D`.
    activation, use_bias, bias_initializer
        As of `Conv2D`.
    weight_initializer : str or Initializer
        Initial values of ``depthwise_weight``, shape (kernel_height, kernel_width, in_channels, depth_multiplier), and
        of ``pointwise_weight``, shape (1, 1, in_channels * depth_multiplier, filters).
    depthwise_weight_regularizer, pointwise_weight_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of the parameter, part of the loss; see `xpnn.regularizers`.
    depthwise_weight_constraint, pointwise_weight_constraint, bias_constraint : str or Constraint, optional
        Where the parameter must be after each step; see `xpnn.constraints`. The axes of a filter are (0, 1) in the
        depthwise part and 2 in the pointwise one.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels), or a window is greater than the padded image.

    References
    ----------
    .. [1] Chollet, Xception, CVPR 2017, section 2; there is no activation between the two parts, as in section 4.7.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> params, state, output_shape = SeparableConv2D(16, 3).init(HostRng(np.random.default_rng(0)), (8, 8, 4))
    >>> params["depthwise_weight"].shape, params["pointwise_weight"].shape, output_shape
    ((3, 3, 4, 1), (1, 1, 4, 16), (6, 6, 16))
    """

    filters: int
    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    dilation: Any = 1
    depth_multiplier: int = 1
    activation: Named = None
    use_bias: bool = True
    weight_initializer: Named = GlorotUniform()
    bias_initializer: Named = Zeros()
    depthwise_weight_regularizer: Named = field(default=None, kw_only=True)
    pointwise_weight_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    depthwise_weight_constraint: Named = field(default=None, kw_only=True)
    pointwise_weight_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_convolution(self, 2)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw weights and bias for samples of `input_shape`, (height, width, channels)."""
        depthwise, pointwise = _parts(self)
        first, _, shape = depthwise.init(rng, input_shape)
        second, _, shape = pointwise.init(rng, shape)
        return {**_named("depthwise_weight", first), **_named("pointwise_weight", second)}, {}, shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x`, shape (batch, height, width, channels), to `y`, shape (batch, height, width, filters)."""
        depthwise, pointwise = _parts(self)
        x, first, _ = depthwise.forward({"weight": params["depthwise_weight"]}, {}, x, ctx)
        y, second, _ = pointwise.forward(_pointwise(params), {}, x, ctx)
        return y, (first, second), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through both parts."""
        depthwise, pointwise = _parts(self)
        dy, second = pointwise.backward(_pointwise(params), saved[1], dy, ctx.child("pointwise"))
        dx, first = depthwise.backward({"weight": params["depthwise_weight"]}, saved[0], dy, ctx)
        return dx, {**_named("depthwise_weight", first), **_named("pointwise_weight", second)}


@lru_cache(maxsize=256)
def _parts(layer: SeparableConv2D) -> tuple[DepthwiseConv2D, Conv2D]:
    weight = layer.weight_initializer
    window = layer.kernel_size, layer.strides, layer.padding, layer.dilation
    depthwise = DepthwiseConv2D(*window, layer.depth_multiplier, None, False, weight)
    ends = layer.activation, layer.use_bias, weight, layer.bias_initializer
    return depthwise, Conv2D(layer.filters, 1, 1, "valid", 1, 1, *ends)


def _pointwise(params: Params) -> Params:
    rest = {"bias": params["bias"]} if "bias" in params else {}
    return {"weight": params["pointwise_weight"], **rest}


def _named(name: str, params: Params) -> dict[str, Any]:
    return {name if key == "weight" else key: value for key, value in params.items()}
