"""A few random configurations of every family agree with its oracle; ``bench/bench_agreement.py`` draws hundreds."""

import zlib

import numpy as np
import pytest
from agreement import FAMILIES, Case, errors
from agreement.case import relative

pytest.importorskip("torch")

CASES = {"numpy": 10, "torch": 5, "strict": 2, "jax": 1}
"""How many configurations are drawn, by the name of the backend: as many as a short test allows."""

IN_FLOAT32 = ("numpy", "torch")
"""Backends on which they are computed in float32 too."""


@pytest.mark.parametrize("family", FAMILIES)
def test_random_configurations_agree_with_the_oracle(family, backend):
    rng = np.random.default_rng(zlib.crc32(family.encode()))
    for _ in range(CASES.get(backend.name, 2)):
        case = FAMILIES[family](rng)
        for name, found in errors(case, backend).items():
            assert found.max(initial=0.0) <= 1e-12, f"{case.description}: {name}"
        in_float32 = errors(case, backend, "float32") if backend.name in IN_FLOAT32 else {}
        for name, found in in_float32.items():
            assert found.max(initial=0.0) <= 1e-4, f"{case.description} in float32: {name}"


def test_the_comparison_sees_what_is_wrong():
    from xpnn.backend import get_backend

    good = {"y": np.asarray([1.0, -4.0, np.inf, np.nan])}

    def case(**changed):
        return Case("case", lambda backend, dtype: {**good, **changed}, lambda dtype: good)

    def worst(**changed):
        return errors(case(**changed), get_backend("numpy"))["y"].max()

    assert worst() == 0.0
    assert worst(y=np.asarray([1.0, -4.0 + 1e-9, np.inf, np.nan])) == pytest.approx(2.5e-10)
    for wrong in ([1.0, -4.0, -np.inf, np.nan], [np.nan, -4.0, np.inf, np.nan], [1.0, -4.0, np.inf, 0.0]):
        assert worst(y=np.asarray(wrong)) == np.inf
    with pytest.raises(AssertionError, match="shape"):
        worst(y=np.zeros(3))
    with pytest.raises(AssertionError, match="against"):
        worst(dx=np.zeros(3))
    assert relative(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]
