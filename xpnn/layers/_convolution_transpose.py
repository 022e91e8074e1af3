"""`ConvolutionTranspose`: what Conv1DTranspose and Conv2DTranspose share."""

from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.activations import output_shape
from xpnn.errors import ShapeError
from xpnn.initializers import GlorotUniform, Zeros
from xpnn.layers._convolution_checks import check_convolution
from xpnn.layers._products import channel_sums, contract, expand
from xpnn.layers._sizes import check_image, check_sizes, each, pads
from xpnn.layers._windows import Windows, windows
from xpnn.typing import Array, Context, Named, Params, Rng, Shape, State

__all__ = ["ConvolutionTranspose"]


@dataclass(frozen=True, slots=True, repr=False)
class ConvolutionTranspose(Record):
    """Base of the adjoints of convolutions: their windows lie over the *output*; see `xpnn.layers.Conv2DTranspose`."""

    filters: int
    kernel_size: Any
    strides: Any = 1
    padding: Any = "valid"
    dilation: Any = 1
    output_padding: Any = None
    activation: Named = None
    use_bias: bool = True
    weight_initializer: Named = GlorotUniform()
    bias_initializer: Named = Zeros()
    weight_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]

    def __post_init__(self) -> None:
        check_convolution(self, self.n_axes)
        if self.output_padding is None:
            return
        self._set("output_padding", check_sizes("output_padding", self.output_padding, self.n_axes, 0))
        if self.padding == "same":
            _check.refuse("output_padding", "be None with padding 'same'", self.output_padding)
        pairs = zip(each(self.output_padding, self.n_axes), each(self.strides, self.n_axes), strict=True)
        if any(n >= stride for n, stride in pairs):
            _check.refuse("output_padding", f"be less than strides, {self.strides}", self.output_padding)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Draw weight and bias for samples of `input_shape`, (..., channels)."""
        check_image(input_shape, self.n_axes)
        shape = (*each(self.kernel_size, self.n_axes), input_shape[-1], self.filters)
        params = {"weight": self.weight_initializer.draw(rng, shape)}
        if self.use_bias:
            params["bias"] = self.bias_initializer.draw(rng, (self.filters,))
        return params, {}, output_shape(self.activation, (*self._sizes(input_shape[:-1]), self.filters))

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x`, shape (batch, ..., channels), to `y`, shape (batch, ..., filters)."""
        xp, windows = ctx.xp, self._windows(x.shape)
        y = windows.spread(expand(self._rows(params, ctx), windows.matrix(x, xp)), x.shape[0], xp)
        if self.use_bias:
            y += params["bias"]
        if self.activation is None:
            return y, (x, None), state
        y, saved = self.activation.forward(y, ctx)
        return y, (x, saved), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to the input and the parameters."""
        x, saved_activation = saved
        if self.activation is not None:
            dy = self.activation.backward(saved_activation, dy, ctx)
        xp, windows = ctx.xp, self._windows(x.shape)
        columns = windows.columns(dy, xp)
        rows = contract(columns, windows.matrix(x, xp), windows.lead, xp)
        *kernel_size, channels, filters = params["weight"].shape
        rows = xp.reshape(rows, (prod(kernel_size), filters, channels))
        grads = {"weight": xp.reshape(xp.permute_dims(rows, (0, 2, 1)), params["weight"].shape)}
        if self.use_bias:
            grads["bias"] = channel_sums(windows.matrix(dy, xp), windows.lead, xp)
        return windows.image(self._rows(params, ctx).mT @ columns, x.shape[0], xp) if ctx.wants_dx else None, grads

    def _rows(self, params: Params, ctx: Context) -> Array:
        """The weight with a row for each element of a window, its place and then its channel of the output."""
        *kernel_size, channels, filters = params["weight"].shape
        entries = prod(kernel_size)
        weight = ctx.xp.reshape(params["weight"], (entries, channels, filters))
        return ctx.xp.reshape(ctx.xp.permute_dims(weight, (0, 2, 1)), (entries * filters, channels))

    def _sizes(self, sizes: Shape) -> Shape:
        """Size of the output along each axis: what a convolution would bring to `sizes`."""
        n = self.n_axes
        axes = zip(
            sizes,
            *(each(size, n) for size in (self.kernel_size, self.strides, self.dilation, self.output_padding or 0)),
            pads(0 if isinstance(self.padding, str) else self.padding, n),
            strict=True,
        )
        result = tuple(self._size(*axis) for axis in axes)
        if min(result) < 1:
            raise ShapeError(f"input must be larger than what padding cuts off, got {sizes}.")
        return result

    def _size(self, size: int, kernel: int, stride: int, dilation: int, more: int, pad: tuple[int, int]) -> int:
        if self.padding == "same":
            return size * stride
        extent = (kernel - 1) * dilation + 1
        if self.padding == "valid" and self.output_padding is None:
            more = max(stride - extent, 0)
        return (size - 1) * stride + extent - sum(pad) + more

    def _windows(self, shape: Shape) -> Windows:
        """Windows over the output."""
        n = self.n_axes
        around = (each(size, n) for size in (self.kernel_size, self.strides, self.dilation))
        output = (shape[0], *self._sizes(tuple(shape[1:-1])), self.filters)
        return windows(output, *around, pads(self.padding, n), 1, shape[-1])
