"""Normalisations, compared with PyTorch.

Two equal numbers have the variance 0, and the gradient of a norm is then 1 / sqrt(eps) times a difference of numbers
that are almost equal. So eps is drawn from 0.01 on, which bounds the condition of the problem.
"""

from agreement.case import layer_case
from xpnn.layers import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm

__all__ = ["FAMILIES"]


def batch_norm(rng):
    import torch

    options, training = _options(rng), bool(rng.integers(2))
    shape = tuple(rng.integers(1, 6, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        norm = torch.nn.BatchNorm1d(shape[-1], eps=options["eps"], affine=False, dtype=torch.float64).train(training)
        norm.running_mean[...], norm.running_var[...] = state["running_mean"], state["running_var"]
        return _affine(norm(x.reshape(-1, shape[-1])).reshape(x.shape), params)

    return layer_case(rng, BatchNorm(**options), shape, oracle, batch=int(rng.integers(2, 6)), training=training)


def batch_norm_of_images(rng):
    import torch

    options, shape = _options(rng), tuple(rng.integers(1, 6, size=3).tolist())

    def oracle(x, params, state):
        norm = torch.nn.BatchNorm2d(shape[-1], eps=options["eps"], affine=False, dtype=torch.float64)
        return _affine(norm(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), params)

    return layer_case(rng, BatchNorm(**options), shape, oracle, batch=int(rng.integers(2, 6)))


def layer_norm(rng):
    import torch

    options, shape = _options(rng), tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        return _affine(torch.nn.functional.layer_norm(x, shape[-1:], eps=options["eps"]), params)

    return layer_case(rng, LayerNorm(**options), shape, oracle)


def group_norm(rng):
    import torch

    options, groups = _options(rng), int(rng.integers(1, 5))
    shape = (*rng.integers(1, 6, size=rng.integers(3)).tolist(), groups * int(rng.integers(1, 4)))

    def oracle(x, params, state):
        first = torch.movedim(x, -1, 1)
        if first[0:1].numel() == first.shape[1]:  # PyTorch refuses a single value per group: let it see the value twice
            first = torch.stack([first, first], -1)
        rows = torch.nn.functional.group_norm(first, groups, eps=options["eps"])
        rows = rows if rows.ndim == x.ndim else rows[..., 0]
        return _affine(torch.movedim(rows, 1, -1), params)

    return layer_case(rng, GroupNorm(groups, **options), shape, oracle)


def instance_norm(rng):
    import torch

    options, shape = _options(rng), tuple(rng.integers(1, 6, size=rng.integers(2, 4)).tolist())
    shape = (shape[0] + 1, *shape[1:])  # PyTorch refuses a single position

    def oracle(x, params, state):
        first = torch.movedim(
            torch.cat([x, x]), -1, 1
        )  # twice: PyTorch 2.13 pulls channels-last gradients of 1 image wrongly
        rows = torch.nn.functional.instance_norm(first, eps=options["eps"])
        return _affine(torch.movedim(rows, 1, -1)[: x.shape[0]], params)

    return layer_case(rng, InstanceNorm(**options), shape, oracle, batch=int(rng.choice([1, 2, 3, 5])))


def rms_norm(rng):
    import torch

    options, shape = _options(rng), tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())
    options.pop("center")

    def oracle(x, params, state):
        return _affine(torch.nn.functional.rms_norm(x, shape[-1:], eps=options["eps"]), params)

    return layer_case(rng, RMSNorm(**options), shape, oracle)


def _options(rng):
    scale, center = rng.random(2) < 0.8
    return {"eps": float(10 ** rng.uniform(-2, 0)), "scale": bool(scale), "center": bool(center)}


def _affine(rows, params):
    if "weight" in params:
        rows = rows * params["weight"]
    return rows + params["bias"] if "bias" in params else rows


FAMILIES = {
    "BatchNorm": batch_norm,
    "BatchNorm of images": batch_norm_of_images,
    "GroupNorm": group_norm,
    "InstanceNorm": instance_norm,
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
}
