"""Dense layers, compared with PyTorch."""

from agreement.case import layer_case
from xpnn.layers import Dense

__all__ = ["FAMILIES"]


def dense(rng):
    use_bias, shape = bool(rng.integers(2)), tuple(rng.integers(1, 8, size=rng.integers(1, 4)).tolist())

    def oracle(x, params, state):
        return x @ params["weight"] + (params["bias"] if use_bias else 0.0)

    return layer_case(rng, Dense(int(rng.integers(1, 9)), use_bias=use_bias), shape, oracle)


FAMILIES = {"Dense": dense}
