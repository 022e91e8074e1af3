"""Dense layers and the first norms, compared with PyTorch."""

from agreement.case import layer_case
from xpnn.layers import BatchNorm, Dense, LayerNorm

__all__ = ["FAMILIES"]


def dense(rng):
    use_bias, shape = bool(rng.integers(2)), tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        return x @ params["weight"] + (params["bias"] if use_bias else 0.0)

    return layer_case(rng, Dense(int(rng.integers(1, 9)), use_bias=use_bias), shape, oracle)


def batch_norm(rng):
    import torch

    eps, training = float(10 ** rng.uniform(-5, -1)), bool(rng.integers(2))
    shape = tuple(rng.integers(1, 6, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        rows = torch.nn.functional.batch_norm(
            x.reshape(-1, shape[-1]),
            state["running_mean"],
            state["running_var"],
            params["weight"],
            params["bias"],
            training,
            eps=eps,
        )
        return rows.reshape(x.shape)

    return layer_case(rng, BatchNorm(eps=eps), shape, oracle, batch=int(rng.integers(2, 6)), training=training)


def layer_norm(rng):
    import torch

    eps, shape = float(10 ** rng.uniform(-5, -1)), tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        return torch.nn.functional.layer_norm(x, shape[-1:], params["weight"], params["bias"], eps)

    return layer_case(rng, LayerNorm(eps=eps), shape, oracle)


FAMILIES = {"Dense": dense, "BatchNorm": batch_norm, "LayerNorm": layer_norm}
