"""Label smoothing, compared with PyTorch."""

import numpy as np

from agreement.case import Case, compute, value_and_gradient
from xpnn.losses import BinaryCrossEntropy, CrossEntropy

__all__ = ["FAMILIES"]


def cross_entropy(rng):
    loss, shape = CrossEntropy(**_options(rng)), _shape(rng)
    z, is_rows = 3.0 * rng.standard_normal(shape), bool(rng.integers(2))
    y = rng.dirichlet(np.ones(shape[-1]), shape[:-1]) if is_rows else rng.integers(shape[-1], size=shape[:-1])

    def oracle(z, y):
        import torch

        y = torch.movedim(y, -1, 1) if is_rows else y
        options = {"label_smoothing": loss.label_smoothing, "reduction": loss.reduction}
        return torch.nn.functional.cross_entropy(torch.movedim(z, -1, 1), y, **options)

    return _case(loss, z, y, oracle)


def binary_cross_entropy(rng):
    loss, shape = BinaryCrossEntropy(**_options(rng)), _shape(rng)
    z, y = 3.0 * rng.standard_normal(shape), rng.integers(2, size=shape) * 1.0

    def oracle(z, y):
        import torch

        smooth = (1.0 - loss.label_smoothing) * y + 0.5 * loss.label_smoothing
        return torch.nn.functional.binary_cross_entropy_with_logits(z, smooth, reduction=loss.reduction)

    return _case(loss, z, y, oracle)


def _options(rng):
    return {"label_smoothing": float(rng.random() * 0.9), "reduction": str(rng.choice(["mean", "sum"]))}


def _shape(rng):
    return (int(rng.integers(1, 6)), *rng.integers(1, 5, size=rng.integers(0, 3)).tolist(), int(rng.integers(2, 7)))


def _case(loss, z, y, oracle):
    def run(backend, dtype):
        targets = backend.asarray(np.array(y), dtype if y.dtype.kind == "f" else None)
        return compute(backend, value_and_gradient(loss), backend.asarray(np.array(z), dtype), targets)

    def reference(dtype):
        import torch

        outputs = torch.tensor(z.astype(dtype).astype("float64"), requires_grad=True)
        targets = torch.tensor(y.astype(dtype).astype("float64") if y.dtype.kind == "f" else y)
        value = oracle(outputs, targets)
        value.backward()
        return {"value": value.detach().numpy(), "gradient": outputs.grad.numpy()}

    return Case(f"{loss!r} on {z.shape}", run, reference)


FAMILIES = {"smoothed BinaryCrossEntropy": binary_cross_entropy, "smoothed CrossEntropy": cross_entropy}
