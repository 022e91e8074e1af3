"""Optimizers on a noisy bowl, compared with PyTorch and, where it lacks them, with optax."""

import numpy as np

from agreement.case import Case, compute
from xpnn import optimizers as ours

__all__ = ["FAMILIES"]

STEPS = 20
SHAPES = ((1,), (6,), (4, 3), (2, 5), (1, 4))
MATRICES = ((4, 3), (2, 5), (1, 4))


def _case(rng, optimizer, oracle, shapes=SHAPES):
    """Compare the last parameters; `oracle` takes the first ones and a function of parameters and step."""
    shape = shapes[rng.integers(len(shapes))]
    first, bottom = rng.standard_normal((2, *shape))
    noise, curvature = 0.3 * rng.standard_normal((STEPS, *shape)), rng.uniform(0.3, 3.0, shape)

    def walk(ctx, p, center, curve, noises):
        state = optimizer.init(p)
        for step in range(STEPS):
            p, state = optimizer.update(p, lambda q: curve * (q - center) + noises[step, ...], state)  # noqa: B023
        return {"p": p}

    def run(backend, dtype):
        return compute(backend, walk, *(backend.asarray(np.array(a), dtype) for a in (first, bottom, curvature, noise)))

    def reference(dtype):
        start, center, curve, noises = (
            np.asarray(a, dtype).astype("float64") for a in (first, bottom, curvature, noise)
        )
        return {"p": oracle(start, lambda p, step: curve * (p - center) + noises[step])}

    return Case(f"{optimizer!r} on {shape}", run, reference)


def _torch(kind, arguments, result=None):
    """The parameters in the end, or the entry `result` of the state."""

    def oracle(p, gradient):
        import torch

        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            parameter = torch.nn.Parameter(torch.asarray(p.copy()))
            optimizer = getattr(torch.optim, kind)([parameter], **arguments)
            for step in range(STEPS):
                parameter.grad = torch.asarray(gradient(parameter.detach().numpy(), step))
                optimizer.step()
        finally:
            torch.set_default_dtype(before)
        return (optimizer.state[parameter][result] if result else parameter.detach()).numpy()

    return oracle


def _optax(kind, arguments):
    def oracle(p, gradient):
        import jax.numpy as jnp
        import optax

        optimizer, p = getattr(optax, kind)(**arguments), jnp.asarray(p)
        state = optimizer.init(p)
        for step in range(STEPS):
            updates, state = optimizer.update(jnp.asarray(gradient(np.asarray(p), step)), state, p)
            p = optax.apply_updates(p, updates)
        return np.asarray(p)

    return oracle


def _rates(rng):
    rate, eps, decay = 10 ** rng.uniform(-3, -1), 10 ** rng.uniform(-4, -1), rng.choice([0.0, rng.uniform(0.0, 0.5)])
    return float(rate), float(rng.uniform(0.0, 0.95)), float(rng.uniform(0.5, 0.999)), float(eps), float(decay)


def _like_adam(kind, theirs, **extra):
    """Family of an optimizer with the arguments of Adam."""

    def family(rng):
        rate, beta1, beta2, eps, decay = _rates(rng)
        arguments = {"lr": rate, "betas": (beta1, beta2), "eps": eps, "weight_decay": decay, **extra}
        return _case(rng, kind(rate, beta1, beta2, eps, weight_decay=decay, **extra), _torch(theirs, arguments))

    return family


def sgd(rng):
    rate, momentum, _, _, decay = _rates(rng)
    nesterov = bool(rng.integers(2))
    arguments = {"lr": rate, "momentum": momentum, "nesterov": nesterov, "weight_decay": decay}
    return _case(rng, ours.SGD(rate, momentum, nesterov, decay), _torch("SGD", arguments))


def rmsprop(rng):
    rate, momentum, rho, eps, decay = _rates(rng)
    centered = bool(rng.integers(2))
    arguments = {"lr": rate, "alpha": rho, "eps": eps, "momentum": momentum, "centered": centered}
    optimizer = ours.RMSprop(rate, rho, eps, momentum, centered, decay)
    return _case(rng, optimizer, _torch("RMSprop", arguments | {"weight_decay": decay}))


def adagrad(rng):
    rate, start, _, eps, decay = _rates(rng)
    arguments = {"lr": rate, "initial_accumulator_value": start, "eps": eps, "weight_decay": decay}
    return _case(rng, ours.Adagrad(rate, start, eps, decay), _torch("Adagrad", arguments))


def adadelta(rng):
    rate, rho, _, eps, decay = _rates(rng)
    arguments = {"lr": 10 * rate, "rho": rho, "eps": eps, "weight_decay": decay}
    return _case(rng, ours.Adadelta(10 * rate, rho, eps, decay), _torch("Adadelta", arguments))


def asgd(rng):
    """The average, which is what a network predicts with."""
    rate, alpha, lambd, _, decay = _rates(rng)
    t0 = float(rng.integers(STEPS))
    arguments = {"lr": rate, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": decay}
    return _case(rng, ours.ASGD(rate, lambd, alpha, t0, decay), _torch("ASGD", arguments, "ax"))


def rprop(rng):
    rate, minus, plus = float(10 ** rng.uniform(-3, -1)), float(rng.uniform(0.2, 0.9)), float(rng.uniform(1.1, 2.0))
    arguments = {"lr": rate, "etas": (minus, plus), "step_sizes": (rate / 3, 5 * rate)}
    return _case(rng, ours.Rprop(rate, minus, plus, rate / 3, 5 * rate), _torch("Rprop", arguments))


def adafactor(rng):
    rate, power, _, eps, decay = _rates(rng)
    power, threshold = 0.1 + power, float(rng.uniform(1.0, 2.0))
    arguments = {"lr": rate, "beta2_decay": -power, "eps": (eps, 0.01), "d": threshold, "weight_decay": decay}
    return _case(rng, ours.Adafactor(rate, power, eps, 0.01, threshold, decay), _torch("Adafactor", arguments))


def lion(rng):
    rate, beta1, beta2, _, decay = _rates(rng)
    arguments = {"learning_rate": rate, "b1": beta1, "b2": beta2, "weight_decay": decay}
    return _case(rng, ours.Lion(rate, beta1, beta2, decay), _optax("lion", arguments))


def lamb(rng):
    rate, beta1, beta2, eps, decay = _rates(rng)
    arguments = {"learning_rate": rate, "b1": beta1, "b2": beta2, "eps": eps, "weight_decay": decay}
    return _case(rng, ours.Lamb(rate, beta1, beta2, eps, decay), _optax("lamb", arguments))


def muon(rng):
    rate, momentum, _, _, decay = _rates(rng)
    nesterov, scale = bool(rng.integers(2)), ("original", "match_rms_adamw")[rng.integers(2)]
    arguments = {"lr": rate, "momentum": momentum, "nesterov": nesterov, "weight_decay": decay, "adjust_lr_fn": scale}

    def oracle(p, gradient):
        """PyTorch's weights are transposed, and rounded to bfloat16 unless that is taken away."""
        import torch

        rounding, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, torch.Tensor.clone
        try:
            turned = _torch("Muon", arguments)(p.T.copy(), lambda q, step: np.ascontiguousarray(gradient(q.T, step).T))
        finally:
            torch.Tensor.bfloat16 = rounding
        return turned.T

    return _case(rng, ours.Muon(rate, momentum, nesterov, decay, scale=scale), oracle, MATRICES)


FAMILIES = {
    "SGD": sgd,
    "RMSprop": rmsprop,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "Adam": _like_adam(ours.Adam, "Adam"),
    "AdamW": _like_adam(ours.AdamW, "AdamW"),
    "AMSGrad": _like_adam(ours.Adam, "Adam", amsgrad=True),
    "Adamax": _like_adam(ours.Adamax, "Adamax"),
    "Nadam": _like_adam(ours.Nadam, "NAdam"),
    "RAdam": _like_adam(ours.RAdam, "RAdam"),
    "ASGD": asgd,
    "Rprop": rprop,
    "Adafactor": adafactor,
    "Lion": lion,
    "Lamb": lamb,
    "Muon": muon,
}
