"""Losses compared with PyTorch and optax: reductions, sample weights, and gradients by automatic differentiation."""

import numpy as np

from agreement.case import Case, compute, value_and_gradient
from xpnn import losses

__all__ = ["FAMILIES"]


def loss_case(rng, loss, outputs, targets, oracle):
    """Compare value and gradient of a loss.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws whether there are sample weights, and which.
    loss : Loss
        What xpnn computes.
    outputs, targets : array
        Targets of integers stay integers.
    oracle : callable
        Takes ``torch.nn.functional``, outputs and targets as tensors (reals in float64), and returns the cost of each
        term, shape (batch, ...).
    """
    weight = rng.random(len(outputs)) + 0.1 if rng.integers(2) else None

    def run(backend, dtype):
        y = backend.asarray(targets.copy(), dtype if targets.dtype.kind == "f" else None)
        w = None if weight is None else backend.asarray(weight.copy(), dtype)
        return compute(backend, value_and_gradient(loss), backend.asarray(outputs.copy(), dtype), y, w)

    def reference(dtype):
        import torch

        def tensor(a):
            return torch.tensor(a.astype(dtype).astype("float64") if a.dtype.kind == "f" else a)

        z = tensor(outputs).requires_grad_(True)
        costs = oracle(torch.nn.functional, z, tensor(targets))
        w = torch.ones_like(costs)
        if weight is not None:
            w = w * tensor(weight).reshape((-1,) + (1,) * (costs.ndim - 1))
        value = (w * costs).sum() / (w.sum() if loss.reduction == "mean" else 1.0)
        value.backward()
        return {"value": value.detach().numpy(), "gradient": z.grad.numpy()}

    weighted = "" if weight is None else " with weights"
    return Case(f"{loss!r} on {outputs.shape}, targets {targets.shape}{weighted}", run, reference)


def _reduction(rng):
    return {"reduction": str(rng.choice(["mean", "sum"]))}


def _shape(rng, least=1, most=4):
    """Shape of outputs with a batch of 1 to 5, axes of size 1 among the others."""
    inner = rng.integers(1, 6, size=rng.integers(least, most)).tolist()
    return (int(rng.choice([1, 2, 3, 5])), *inner)


def _elementwise(make, oracle, targets="reals", scale=2.0):
    def family(rng):
        shape, loss = _shape(rng), make(rng)
        t = {
            "reals": rng.standard_normal(shape),
            "bits": rng.integers(0, 2, shape) * 1.0,
            "sides": rng.integers(0, 2, shape) * 2.0 - 1.0,
            "counts": rng.integers(0, 6, shape) * 1.0,
            "sizes": np.abs(rng.standard_normal(shape)) + 0.1,
            "shares": rng.random(shape),
        }[targets]
        z = scale * rng.standard_normal(shape)
        return loss_case(rng, loss, z, t, lambda f, z, t: oracle(loss, f, z, t))

    return family


def _classes(make, oracle, rows=False):
    def family(rng):
        n_classes = int(rng.integers(2, 8))
        shape, loss = (*_shape(rng, 0, 3), n_classes), make(rng)
        z = 2.0 * rng.standard_normal(shape)
        t = rng.dirichlet(np.ones(n_classes), shape[:-1]) if rows else rng.integers(0, n_classes, shape[:-1])
        return loss_case(rng, loss, z, t, lambda f, z, t: oracle(loss, f, z, t))

    return family


def _labels_first(f, z, t):
    """Rows of scores and labels."""
    return z.reshape(-1, z.shape[-1]), t.reshape(-1)


def _focal(loss, f, z, t):
    yes = (1 - loss.label_smoothing) * t.clip(min=0) + loss.label_smoothing / 2
    p = z.sigmoid()
    cost = f.binary_cross_entropy_with_logits(z, yes, reduction="none")
    alpha = 1.0 if loss.alpha is None else loss.alpha * yes + (1 - loss.alpha) * (1 - yes)
    return alpha * (p * (1 - yes) + (1 - p) * yes) ** loss.gamma * cost


def _focal_classes(loss, f, z, t):
    log_p = -f.cross_entropy(*_labels_first(f, z, t), reduction="none").reshape(t.shape)
    return -loss.alpha * (1 - log_p.exp()) ** loss.gamma * log_p


def _focal_rows(loss, f, z, t):
    log_p, t = f.log_softmax(z, -1), (1 - loss.label_smoothing) * t + loss.label_smoothing / z.shape[-1]
    return -(loss.alpha * t * (1 - log_p.exp()) ** loss.gamma * log_p).sum(-1)


def _categorical_hinge(loss, f, z, t):
    is_class = f.one_hot(t, z.shape[-1]) == 1
    own = z.masked_select(is_class).reshape(t.shape)
    return (loss.margin - own + z.masked_fill(is_class, -np.inf).max(-1).values).clip(0)


def _multi_margin(loss, f, z, t):
    costs = f.multi_margin_loss(*_labels_first(f, z, t), loss.p, loss.margin, reduction="none")
    return costs.reshape(t.shape)


def _tversky(alpha, beta, smooth, z, t):
    p, axes = z.sigmoid().reshape(len(z), -1), 1
    t = t.reshape(len(t), -1)
    hits = (p * t).sum(axes) + smooth
    return 1 - hits / (hits + alpha * (p * (1 - t)).sum(axes) + beta * ((1 - p) * t).sum(axes))


def quantiles(rng):
    levels = tuple(rng.uniform(0.05, 0.95, rng.integers(1, 5)).tolist())
    shape = (*_shape(rng, 0, 3), len(levels))
    t = rng.standard_normal(shape[:-1] if rng.integers(2) else (*shape[:-1], 1))

    def oracle(f, z, t):
        import torch

        missing, q = t.reshape(*z.shape[:-1], 1) - z, torch.tensor(levels, dtype=torch.float64)
        return torch.maximum(q * missing, (q - 1) * missing)

    return loss_case(rng, losses.Quantile(levels, **_reduction(rng)), rng.standard_normal(shape), t, oracle)


def gaussian_nll(rng):
    full, n = bool(rng.integers(2)), int(rng.integers(1, 4))
    shape = (*_shape(rng, 0, 3), 2 * n)

    def oracle(f, z, t):
        costs = f.gaussian_nll_loss(z[..., :n], t, z[..., n:].exp(), full=full, eps=1e-300, reduction="none")
        return costs.reshape(t.shape)

    t = rng.standard_normal((*shape[:-1], n))
    return loss_case(rng, losses.GaussianNLL(full, **_reduction(rng)), rng.standard_normal(shape), t, oracle)


def _vectors(rng, count):
    return rng.standard_normal((int(rng.choice([1, 2, 3, 5])), count, int(rng.integers(2, 7))))


def contrastive(rng):
    loss, z = losses.Contrastive(float(rng.uniform(0.5, 4.0)), **_reduction(rng)), _vectors(rng, 2)

    def oracle(f, z, t):
        distance = f.pairwise_distance(z[:, 0], z[:, 1], eps=0.0)
        return 0.5 * (t * distance**2 + (1 - t) * (loss.margin - distance).clip(0) ** 2)

    return loss_case(rng, loss, z, rng.integers(0, 2, len(z)) * 1.0, oracle)


def cosine_embedding(rng):
    loss, z = losses.CosineEmbedding(float(rng.uniform(-0.5, 0.5)), **_reduction(rng)), _vectors(rng, 2)

    def oracle(f, z, t):
        cosine = f.cosine_similarity(z[:, 0], z[:, 1], -1, 1e-300)  # cosine_embedding_loss adds 1e-12 to the squares
        return (1 - cosine) * (t > 0) + (cosine - loss.margin).clip(0) * (t < 0)

    return loss_case(rng, loss, z, rng.integers(0, 2, len(z)) * 2.0 - 1.0, oracle)


def triplet_margin(rng):
    loss = losses.TripletMargin(float(rng.uniform(0.5, 3.0)), bool(rng.integers(2)), **_reduction(rng))
    z = _vectors(rng, 3)

    def oracle(f, z, t):
        return f.triplet_margin_loss(*z.unbind(1), loss.margin, eps=0.0, swap=loss.swap, reduction="none")

    return loss_case(rng, loss, z, np.zeros(len(z)), oracle)


def ctc(rng):
    batch, steps, classes = int(rng.choice([1, 2, 3, 5])), int(rng.integers(1, 9)), int(rng.integers(2, 6))
    blank, has_lengths = int(rng.choice([0, -1, classes // 2])), bool(rng.integers(2))
    loss = losses.CTC(blank, has_lengths, zero_infinity=True, **_reduction(rng))
    blank = blank % classes
    kinds = np.delete(np.arange(classes), blank)
    counts = rng.integers(0, 5, batch)
    labels = np.full((batch, int(counts.max())), blank if rng.integers(2) else -1)
    for row, count in zip(labels, counts, strict=True):
        row[:count] = rng.choice(kinds, count)
    lengths = rng.integers(1, steps + 1, batch) if has_lengths else np.full(batch, steps)
    targets = np.concatenate([lengths[:, None], labels], axis=1) if has_lengths else labels

    def oracle(f, z, t):
        import torch

        given = torch.tensor(np.where(labels < 0, blank, labels))
        log_p = f.log_softmax(z, -1).transpose(0, 1)
        return f.ctc_loss(
            log_p, given, torch.tensor(lengths), torch.tensor(counts), blank, reduction="none", zero_infinity=True
        )

    return loss_case(rng, loss, 2.0 * rng.standard_normal((batch, steps, classes)), targets, oracle)


_OPTAX_SHAPES = ((3, 4), (1, 5), (2, 3, 2))
"""A few, since JAX compiles every operation for each shape."""


def _optax(make, function, targets):
    """A loss that optax has and PyTorch lacks; its gradient by JAX."""

    def family(rng):
        loss, shape = make(rng), _OPTAX_SHAPES[rng.integers(len(_OPTAX_SHAPES))]
        z = 2.0 * rng.standard_normal(shape)
        t = {"reals": rng.standard_normal(shape), "bits": rng.integers(0, 2, shape) * 1.0}[targets]

        def run(backend, dtype):
            return compute(
                backend, value_and_gradient(loss), backend.asarray(z.copy(), dtype), backend.asarray(t.copy(), dtype)
            )

        def reference(dtype):
            import jax

            a, b = (v.astype(dtype).astype("float64") for v in (z, t))

            def total(v):
                return getattr(jax.numpy, loss.reduction)(function(loss, v, b))

            with jax.disable_jit():
                value, gradient = jax.value_and_grad(total)(a)
            return {"value": np.asarray(value), "gradient": np.asarray(gradient)}

        return Case(f"{loss!r} on {shape} (optax)", run, reference)

    return family


def _optax_log_cosh(loss, z, t):
    import optax

    return optax.losses.log_cosh(z, t)


def _optax_focal(loss, z, t):
    import optax

    return optax.losses.sigmoid_focal_loss(z, t, alpha=loss.alpha, gamma=loss.gamma)


def _optax_cosine(loss, z, t):
    import optax

    return -optax.losses.cosine_similarity(z, t, epsilon=0.0)


FAMILIES = {
    "BinaryCrossEntropy": _elementwise(
        lambda rng: losses.BinaryCrossEntropy(**_reduction(rng)),
        lambda loss, f, z, t: f.binary_cross_entropy_with_logits(z, t, reduction="none"),
        "shares",
    ),
    "BinaryFocalCrossEntropy": _elementwise(
        lambda rng: losses.BinaryFocalCrossEntropy(
            float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.5])), rng.choice([None, 0.25, 0.8]), **_reduction(rng)
        ),
        _focal,
        "bits",
    ),
    "BinaryFocalCrossEntropy of shares": _elementwise(
        lambda rng: losses.BinaryFocalCrossEntropy(
            float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.5])),
            rng.choice([None, 0.25, 0.8]),
            label_smoothing=float(rng.choice([0.0, 0.3])),
            **_reduction(rng),
        ),
        _focal,
        "shares",
    ),
    "BinaryFocalCrossEntropy of optax": _optax(
        lambda rng: losses.BinaryFocalCrossEntropy(float(rng.uniform(1.0, 4.0)), 0.25, **_reduction(rng)),
        _optax_focal,
        "bits",
    ),
    "CTC": ctc,
    "CategoricalHinge": _classes(
        lambda rng: losses.CategoricalHinge(float(rng.uniform(0.1, 2.0)), **_reduction(rng)), _categorical_hinge
    ),
    "Contrastive": contrastive,
    "CosineEmbedding": cosine_embedding,
    "CosineSimilarity": _elementwise(
        lambda rng: losses.CosineSimilarity(**_reduction(rng)),
        lambda loss, f, z, t: -f.cosine_similarity(z, t, -1, 1e-300),
    ),
    "CosineSimilarity of optax": _optax(lambda rng: losses.CosineSimilarity(**_reduction(rng)), _optax_cosine, "reals"),
    "CrossEntropy": _classes(
        lambda rng: losses.CrossEntropy(**_reduction(rng)),
        lambda loss, f, z, t: f.cross_entropy(*_labels_first(f, z, t), reduction="none").reshape(t.shape),
    ),
    "CrossEntropy of rows": _classes(
        lambda rng: losses.CrossEntropy(**_reduction(rng)),
        lambda loss, f, z, t: -(t * f.log_softmax(z, -1)).sum(-1),
        rows=True,
    ),
    "Dice": _elementwise(
        lambda rng: losses.Dice(float(rng.uniform(0.1, 2.0)), **_reduction(rng)),
        lambda loss, f, z, t: _tversky(0.5, 0.5, 0.5 * loss.smooth, z, t),
        "shares",
    ),
    "FocalCrossEntropy": _classes(
        lambda rng: losses.FocalCrossEntropy(
            float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.5])), float(rng.uniform(0.1, 2.0)), **_reduction(rng)
        ),
        _focal_classes,
    ),
    "FocalCrossEntropy of rows": _classes(
        lambda rng: losses.FocalCrossEntropy(
            float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.5])),
            float(rng.uniform(0.1, 2.0)),
            label_smoothing=float(rng.choice([0.0, 0.3])),
            **_reduction(rng),
        ),
        _focal_rows,
        rows=True,
    ),
    "GaussianNLL": gaussian_nll,
    "Hinge": _elementwise(
        lambda rng: losses.Hinge(float(rng.uniform(0.1, 2.0)), **_reduction(rng)),
        lambda loss, f, z, t: f.margin_ranking_loss(z, 0 * z, t, margin=loss.margin, reduction="none"),
        "sides",
    ),
    "Huber": _elementwise(
        lambda rng: losses.Huber(float(rng.uniform(0.1, 3.0)), **_reduction(rng)),
        lambda loss, f, z, t: f.huber_loss(z, t, reduction="none", delta=loss.delta),
    ),
    "KLDivergence": _classes(
        lambda rng: losses.KLDivergence(**_reduction(rng)),
        lambda loss, f, z, t: f.kl_div(f.log_softmax(z, -1), t, reduction="none").sum(-1),
        rows=True,
    ),
    "LogCosh": _elementwise(lambda rng: losses.LogCosh(**_reduction(rng)), lambda loss, f, z, t: (z - t).cosh().log()),
    "LogCosh of optax": _optax(lambda rng: losses.LogCosh(**_reduction(rng)), _optax_log_cosh, "reals"),
    "MeanAbsoluteError": _elementwise(
        lambda rng: losses.MeanAbsoluteError(**_reduction(rng)),
        lambda loss, f, z, t: f.l1_loss(z, t, reduction="none"),
    ),
    "MeanAbsolutePercentageError": _elementwise(
        lambda rng: losses.MeanAbsolutePercentageError(**_reduction(rng)),
        lambda loss, f, z, t: 100 * (z - t).abs() / t,
        "sizes",
    ),
    "MeanSquaredError": _elementwise(
        lambda rng: losses.MeanSquaredError(**_reduction(rng)),
        lambda loss, f, z, t: f.mse_loss(z, t, reduction="none"),
    ),
    "MeanSquaredLogarithmicError": _elementwise(
        lambda rng: losses.MeanSquaredLogarithmicError(**_reduction(rng)),
        lambda loss, f, z, t: (z.clip(0).log1p() - t.log1p()) ** 2,
        "sizes",
    ),
    "MultiMargin": _classes(
        lambda rng: losses.MultiMargin(int(rng.integers(1, 3)), float(rng.uniform(0.1, 2.0)), **_reduction(rng)),
        _multi_margin,
    ),
    "NegativeLogLikelihood": _classes(
        lambda rng: losses.NegativeLogLikelihood(**_reduction(rng)),
        lambda loss, f, z, t: f.nll_loss(*_labels_first(f, z, t), reduction="none").reshape(t.shape),
    ),
    "Poisson": _elementwise(
        lambda rng: losses.Poisson(**_reduction(rng)),
        lambda loss, f, z, t: f.poisson_nll_loss(z, t, reduction="none"),
        "counts",
        scale=1.0,
    ),
    "Quantile": _elementwise(
        lambda rng: losses.Quantile(float(rng.uniform(0.05, 0.95)), **_reduction(rng)),
        lambda loss, f, z, t: ((t - z) * loss.levels).maximum((t - z) * (loss.levels - 1)),
    ),
    "Quantile of several levels": quantiles,
    "SmoothL1": _elementwise(
        lambda rng: losses.SmoothL1(float(rng.uniform(0.1, 3.0)), **_reduction(rng)),
        lambda loss, f, z, t: f.smooth_l1_loss(z, t, reduction="none", beta=loss.beta),
    ),
    "SquaredHinge": _elementwise(
        lambda rng: losses.SquaredHinge(float(rng.uniform(0.1, 2.0)), **_reduction(rng)),
        lambda loss, f, z, t: f.margin_ranking_loss(z, 0 * z, t, margin=loss.margin, reduction="none") ** 2,
        "sides",
    ),
    "TripletMargin": triplet_margin,
    "Tversky": _elementwise(
        lambda rng: losses.Tversky(*rng.uniform(0.1, 1.0, 2).tolist(), float(rng.uniform(0.1, 2.0)), **_reduction(rng)),
        lambda loss, f, z, t: _tversky(loss.alpha, loss.beta, loss.smooth, z, t),
        "shares",
    ),
}
