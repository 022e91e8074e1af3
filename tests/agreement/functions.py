"""Activations compared with PyTorch, each as a layer, with random settings and shapes."""

from agreement.case import layer_case
from xpnn import activations as a
from xpnn.layers import Activation, PReLU, RReLU

__all__ = ["FAMILIES"]


def _activation(draw, oracle):
    def family(rng):
        import torch

        function = draw(rng)
        shape = tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())
        shape = (*shape[:-1], 2 * shape[-1]) if isinstance(function, a.GLU) else shape

        def apply(x, params, state):
            return oracle(function, torch.nn.functional, x)

        return layer_case(rng, Activation(function), shape, apply)

    return family


def _uniform(make, low, high):
    return lambda rng: make(float(rng.uniform(low, high)))


def _sparsemax(function, f, x):
    """Martins & Astudillo, ICML 2016, algorithm 1."""
    import torch

    ranked = x.sort(-1, descending=True).values
    counts = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    sums = ranked.cumsum(-1)
    size = (1 + counts * ranked > sums).sum(-1, keepdim=True)
    return (x - (sums.gather(-1, size - 1) - 1) / size).clip(0)


def prelu(rng):
    import torch

    shape = tuple(rng.integers(1, 6, size=rng.integers(1, 4)).tolist())
    shared = tuple(axis for axis in range(1, len(shape) + 1) if rng.integers(2))
    return layer_case(rng, PReLU(shared), shape, lambda x, params, state: torch.where(x > 0, x, params["weight"] * x))


def rrelu(rng):
    """Outside of training, where the slope is the mean."""
    import torch

    layer, shape = RReLU(*sorted(rng.uniform(-0.5, 1.5, size=2))), tuple(rng.integers(1, 5, size=rng.integers(3)))

    def oracle(x, params, state):
        return torch.nn.functional.rrelu(x, layer.lower, layer.upper, training=False)

    return layer_case(rng, layer, shape, oracle, training=False)


FAMILIES = {
    "CELU": _activation(
        _uniform(a.CELU, 0.2, 3.0), lambda g, f, x: x.clip(0) + g.alpha * (x.clip(max=0) / g.alpha).expm1()
    ),
    "ELU": _activation(_uniform(a.ELU, 0.2, 3.0), lambda g, f, x: f.elu(x, g.alpha)),
    "Exponential": _activation(lambda rng: a.Exponential(), lambda g, f, x: x.exp()),
    "GELU": _activation(
        lambda rng: a.GELU(bool(rng.integers(2))),
        lambda g, f, x: f.gelu(x, approximate="tanh" if g.approximate else "none"),
    ),
    "GLU": _activation(lambda rng: a.GLU(), lambda g, f, x: f.glu(x)),
    "HardShrink": _activation(_uniform(a.HardShrink, 0.0, 1.5), lambda g, f, x: f.hardshrink(x, g.threshold)),
    "HardSigmoid": _activation(lambda rng: a.HardSigmoid(), lambda g, f, x: f.relu6(x + 3) / 6),
    "HardSwish": _activation(lambda rng: a.HardSwish(), lambda g, f, x: f.hardswish(x)),
    "HardTanh": _activation(
        lambda rng: a.HardTanh(float(rng.uniform(-1.5, 0.0)), float(rng.uniform(0.1, 1.5))),
        lambda g, f, x: f.hardtanh(x, g.low, g.high),
    ),
    "LeakyReLU": _activation(_uniform(a.LeakyReLU, 0.01, 0.9), lambda g, f, x: f.leaky_relu(x, g.negative_slope)),
    "LogSigmoid": _activation(lambda rng: a.LogSigmoid(), lambda g, f, x: f.logsigmoid(x)),
    "LogSoftmax": _activation(lambda rng: a.LogSoftmax(), lambda g, f, x: f.log_softmax(x, -1)),
    "Mish": _activation(lambda rng: a.Mish(), lambda g, f, x: f.mish(x)),
    "PReLU": prelu,
    "RReLU": rrelu,
    "ReLU": _activation(lambda rng: a.ReLU(), lambda g, f, x: f.relu(x)),
    "ReLU6": _activation(lambda rng: a.ReLU6(), lambda g, f, x: f.relu6(x)),
    "SELU": _activation(lambda rng: a.SELU(), lambda g, f, x: f.selu(x)),
    "SiLU": _activation(lambda rng: a.SiLU(), lambda g, f, x: f.silu(x)),
    "Sigmoid": _activation(lambda rng: a.Sigmoid(), lambda g, f, x: f.sigmoid(x)),
    "SoftShrink": _activation(_uniform(a.SoftShrink, 0.0, 1.5), lambda g, f, x: f.softshrink(x, g.threshold)),
    "Softmax": _activation(lambda rng: a.Softmax(), lambda g, f, x: f.softmax(x, -1)),
    "Softplus": _activation(lambda rng: a.Softplus(), lambda g, f, x: f.softplus(x, threshold=40)),
    "Softsign": _activation(lambda rng: a.Softsign(), lambda g, f, x: f.softsign(x)),
    "SparsePlus": _activation(
        lambda rng: a.SparsePlus(), lambda g, f, x: ((x.clip(-1, 1) + 1) / 2) ** 2 + (x - 1).clip(0)
    ),
    "SparseSigmoid": _activation(lambda rng: a.SparseSigmoid(), lambda g, f, x: (x.clip(-1, 1) + 1) / 2),
    "Sparsemax": _activation(lambda rng: a.Sparsemax(), _sparsemax),
    "Squareplus": _activation(_uniform(a.Squareplus, 0.1, 5.0), lambda g, f, x: (x + (x * x + g.b).sqrt()) / 2),
    "Tanh": _activation(lambda rng: a.Tanh(), lambda g, f, x: x.tanh()),
    "TanhShrink": _activation(lambda rng: a.TanhShrink(), lambda g, f, x: f.tanhshrink(x)),
    "Threshold": _activation(
        lambda rng: a.Threshold(*rng.normal(size=2).tolist()), lambda g, f, x: f.threshold(x, g.threshold, g.value)
    ),
}
