"""Convolutions, pooling, borders and up-sampling, compared with PyTorch's, whose layout is channels-first."""

from agreement.case import layer_case
from xpnn import layers

__all__ = ["FAMILIES"]


# ---------------------------------------------------------------------------------------------------------- geometry


def _sizes(rng, n, low, high):
    return tuple(rng.integers(low, high, size=n).tolist())


def _same(sizes, kernel, strides, dilation):
    """Padding by Keras' rule: `ceil(size / stride)` windows, the greater half of the padding at the end."""
    pairs = []
    for size, k, s, d in zip(sizes, kernel, strides, dilation, strict=True):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def _draw_windows(rng, n, stride=3):
    """Random sizes, kernel, strides, dilation and padding for which there is a window; `pairs` says it in numbers.

    No stride is above `stride`.
    """
    while True:
        sizes, kernel = _sizes(rng, n, 1, 8 if n < 3 else 5), _sizes(rng, n, 1, 5 if n < 3 else 4)
        strides, dilation = _sizes(rng, n, 1, stride + 1), _sizes(rng, n, 1, 4)
        word = rng.choice(["valid", "same", "number", "numbers", "pairs"])
        pairs = [(0, 0)] * n
        padding = str(word)
        if word == "same":
            pairs = _same(sizes, kernel, strides, dilation)
        elif word == "number":
            padding = int(rng.integers(4))
            pairs = [(padding, padding)] * n
        elif word != "valid":
            pairs = [tuple(rng.integers(0, 4, size=2).tolist()) for _ in range(n)]
            if word == "numbers" and n > 1:
                pairs = [(before, before) for before, _ in pairs]
            padding = tuple(pairs) if word == "pairs" or n == 1 else tuple(before for before, _ in pairs)
        extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        if all(size + sum(pair) >= extent for size, pair, extent in zip(sizes, pairs, extents, strict=True)):
            return sizes, kernel, strides, dilation, padding, pairs


def _first(x):
    """Channels-first."""
    return x.movedim(-1, 1)


def _last(y):
    """Channels-last."""
    return y.movedim(1, -1)


def _padded(x, pairs, value=0.0):
    import torch

    return torch.nn.functional.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)


def _weight(weight):
    """(..., in, out) as (out, in, ...)."""
    return weight.movedim((-1, -2), (0, 1)).contiguous()


# ------------------------------------------------------------------------------------------------------- convolutions


def _convolution(n):
    def family(rng):
        import torch

        sizes, kernel, strides, dilation, padding, pairs = _draw_windows(rng, n)
        groups, use_bias = int(rng.integers(1, 4)), bool(rng.integers(2))
        channels, filters = (groups * int(rng.integers(1, 4)) for _ in range(2))
        correlate = getattr(torch.nn.functional, f"conv{n}d")

        def oracle(x, params, state):
            x = _padded(_first(x), pairs)
            weight, bias = _weight(params["weight"]), params.get("bias")
            return _last(correlate(x, weight, bias, stride=strides, dilation=dilation, groups=groups))

        layer = getattr(layers, f"Conv{n}D")
        layer = layer(filters, kernel, strides, padding, dilation, groups, use_bias=use_bias)
        return layer_case(rng, layer, (*sizes, channels), oracle)

    return family


def _transpose(n):
    def family(rng):
        import torch

        sizes, kernel = _sizes(rng, n, 1, 6), _sizes(rng, n, 1, 5)
        strides, dilation = _sizes(rng, n, 1, 4), _sizes(rng, n, 1, 4)
        channels, filters = _sizes(rng, 2, 1, 4)
        extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        full = [(size - 1) * s + extent for size, s, extent in zip(sizes, strides, extents, strict=True)]
        padding, more = rng.choice(["valid", "same", "pairs", "more"]), None
        ends = [(0, max(s - extent, 0)) for s, extent in zip(strides, extents, strict=True)]
        if padding == "same":
            cut = [max(extent - s, 0) for s, extent in zip(strides, extents, strict=True)]
            ends = [(-(c // 2), max(s - e, 0) - (c - c // 2)) for c, s, e in zip(cut, strides, extents, strict=True)]
        elif padding != "valid":
            more = tuple(int(rng.integers(s)) for s in strides) if padding == "more" else None
            extra = more or (0,) * n
            room = [max(size + e - 1, 0) for size, e in zip(full, extra, strict=True)]
            cuts = [int(rng.integers(0, min(r, 6) + 1)) for r in room]
            pairs = [(c // 2, c - c // 2) for c in cuts]
            ends = [(-before, e - after) for (before, after), e in zip(pairs, extra, strict=True)]
            padding = tuple(pairs)
        transpose = getattr(torch.nn.functional, f"conv_transpose{n}d")

        def oracle(x, params, state):
            weight = params["weight"].movedim((-2, -1), (0, 1)).contiguous()
            y = transpose(_first(x), weight, None, stride=strides, dilation=dilation)
            y = _last(_padded(y, ends))
            return y + params["bias"] if "bias" in params else y

        if not isinstance(padding, tuple):
            padding = str(padding)
        layer = getattr(layers, f"Conv{n}DTranspose")
        layer = layer(filters, kernel, strides, padding, dilation, more, use_bias=bool(rng.integers(2)))
        return layer_case(rng, layer, (*sizes, channels), oracle)

    return family


def _depthwise(x, weight, pairs, strides, dilation):
    import torch

    height, width, channels, multiplier = weight.shape
    kernel = weight.reshape(height, width, 1, channels * multiplier)
    x = _padded(_first(x), pairs)
    options = {"stride": strides, "dilation": dilation, "groups": channels}
    return _last(torch.nn.functional.conv2d(x, _weight(kernel), **options))


def depthwise_conv2d(rng):
    """Half of them with strides and multiplier 1, which go back in a way of their own."""
    is_plain = bool(rng.integers(2))
    sizes, kernel, strides, dilation, padding, pairs = _draw_windows(rng, 2, 1 if is_plain else 3)
    multiplier, channels = _sizes(rng, 2, 1, 4)
    multiplier = 1 if is_plain else multiplier

    def oracle(x, params, state):
        y = _depthwise(x, params["weight"], pairs, strides, dilation)
        return y + params["bias"] if "bias" in params else y

    use_bias = bool(rng.integers(2))
    layer = layers.DepthwiseConv2D(kernel, strides, padding, dilation, multiplier, use_bias=use_bias)
    return layer_case(rng, layer, (*sizes, channels), oracle)


def separable_conv2d(rng):
    sizes, kernel, strides, dilation, padding, pairs = _draw_windows(rng, 2)
    multiplier, channels, filters = _sizes(rng, 3, 1, 4)

    def oracle(x, params, state):
        y = _depthwise(x, params["depthwise_weight"], pairs, strides, dilation) @ params["pointwise_weight"][0, 0]
        return y + params["bias"] if "bias" in params else y

    use_bias = bool(rng.integers(2))
    layer = layers.SeparableConv2D(filters, kernel, strides, padding, dilation, multiplier, use_bias=use_bias)
    return layer_case(rng, layer, (*sizes, channels), oracle)


# ------------------------------------------------------------------------------------------------------------- pooling


def _draw_pool(rng, n):
    while True:
        sizes, pool = _sizes(rng, n, 1, 9), _sizes(rng, n, 1, 5)
        strides = None if rng.integers(3) == 0 else _sizes(rng, n, 1, 4)
        padding = str(rng.choice(["valid", "same"]))
        steps = strides or pool
        pairs = _same(sizes, pool, steps, (1,) * n) if padding == "same" else [(0, 0)] * n
        if padding == "same" or all(size >= k for size, k in zip(sizes, pool, strict=True)):
            return sizes, pool, strides, padding, pairs, steps


def _max_pool(n):
    def family(rng):
        import torch

        sizes, pool, strides, padding, pairs, steps = _draw_pool(rng, n)
        reduce = getattr(torch.nn.functional, f"max_pool{n}d")

        def oracle(x, params, state):
            return _last(reduce(_padded(_first(x), pairs, -float("inf")), pool, steps))

        layer = getattr(layers, f"MaxPool{n}D")(pool, strides, padding)
        return layer_case(rng, layer, (*sizes, int(rng.integers(1, 4))), oracle)

    return family


def _average_pool(n):
    def family(rng):
        import torch

        sizes, pool, strides, padding, pairs, steps = _draw_pool(rng, n)
        reduce = getattr(torch.nn.functional, f"avg_pool{n}d")

        def oracle(x, params, state):
            x = _first(x)
            inside = torch.ones_like(x.detach())
            sums, counts = (reduce(_padded(a, pairs), pool, steps) for a in (x, inside))
            return _last(sums / counts)

        layer = getattr(layers, f"AveragePool{n}D")(pool, strides, padding)
        return layer_case(rng, layer, (*sizes, int(rng.integers(1, 4))), oracle)

    return family


def _global(n, kind):
    def family(rng):
        import torch

        word = {"Max": "max", "Average": "avg"}[kind]
        reduce = getattr(torch.nn.functional, f"adaptive_{word}_pool{n}d")

        def oracle(x, params, state):
            return (
                x.amax(tuple(range(1, n + 1)))
                if not x.numel()
                else reduce(_first(x), (1,) * n).reshape(x.shape[0], x.shape[-1])
            )

        shape = (*_sizes(rng, n, 1, 8), int(rng.integers(1, 5)))
        return layer_case(rng, getattr(layers, f"Global{kind}Pool{n}D")(), shape, oracle)

    return family


def _zero_padding(n):
    def family(rng):
        pairs = [tuple(rng.integers(0, 4, size=2).tolist()) for _ in range(n)]
        shape = (*_sizes(rng, n, 1, 6), int(rng.integers(1, 4)))

        def oracle(x, params, state):
            return _last(_padded(_first(x), pairs))

        layer = getattr(layers, f"ZeroPadding{n}D")(tuple(pairs))
        return layer_case(rng, layer, shape, oracle)

    return family


def _cropping(n):
    def family(rng):
        pairs = [tuple(rng.integers(0, 4, size=2).tolist()) for _ in range(n)]
        sizes = [sum(pair) + int(rng.integers(1, 5)) for pair in pairs]

        def oracle(x, params, state):
            return _last(_padded(_first(x), [(-before, -after) for before, after in pairs]))

        layer = getattr(layers, f"Cropping{n}D")(tuple(pairs))
        return layer_case(rng, layer, (*sizes, int(rng.integers(1, 4))), oracle)

    return family


def _up_sampling(n):
    def family(rng):
        factors = _sizes(rng, n, 1, 5)

        def oracle(x, params, state):
            for axis, factor in enumerate(factors, start=1):
                x = x.repeat_interleave(factor, axis)
            return x

        shape = (*_sizes(rng, n, 1, 6), int(rng.integers(1, 4)))
        return layer_case(rng, getattr(layers, f"UpSampling{n}D")(factors), shape, oracle)

    return family


FAMILIES = {
    **{f"Conv{n}D": _convolution(n) for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _transpose(n) for n in (1, 2)},
    "DepthwiseConv2D": depthwise_conv2d,
    "SeparableConv2D": separable_conv2d,
    **{f"MaxPool{n}D": _max_pool(n) for n in (1, 2)},
    **{f"AveragePool{n}D": _average_pool(n) for n in (1, 2)},
    **{f"Global{kind}Pool{n}D": _global(n, kind) for kind in ("Average", "Max") for n in (1, 2)},
    **{f"ZeroPadding{n}D": _zero_padding(n) for n in (1, 2)},
    **{f"Cropping{n}D": _cropping(n) for n in (1, 2)},
    **{f"UpSampling{n}D": _up_sampling(n) for n in (1, 2)},
}
