"""The conformance kit: what it asks for, and that it catches each broken backend."""

import math
import types
import warnings
from contextlib import contextmanager

import array_api_compat.numpy
import numpy as np
import pytest

from xpnn.backend import (
    get_backend,
)
from xpnn.testing._functions import functions_in_use, names_of_namespace
from xpnn.testing.backend import check_backend


def test_the_functions_in_use_are_read_from_the_sources():
    assert {"exp", "sum", "maximum"} <= functions_in_use()
    source = "def f(xp, ctx):\n    return ctx.xp.sum(xp.linalg.qr(x.xp.exp)), xp, np.log, self.xp.take(x)[0].shape"
    assert names_of_namespace(source) == {"sum", "linalg.qr", "exp", "take"}


def test_every_function_in_use_exists_in_cupy():
    pytest.importorskip("cupy")
    import array_api_compat.cupy

    backend = types.SimpleNamespace(xp=array_api_compat.cupy)
    assert [f for f in check_backend(backend).failures if f.startswith("functions")] == []


def test_every_function_in_use_is_in_the_standard_of_2024():
    strict = pytest.importorskip("array_api_strict")
    with strict.ArrayAPIStrictFlags(api_version="2024.12"):
        for name in sorted(functions_in_use()):
            function = strict
            for part in name.split("."):
                function = getattr(function, part)
            if callable(function):
                with pytest.raises(TypeError):
                    function()


class Broken(type(get_backend("numpy"))):
    """NumPy with one flaw."""


def _namespace(**changes):
    return types.SimpleNamespace(**{**vars(array_api_compat.numpy), **changes})


def _without(name):
    names = dict(vars(array_api_compat.numpy))
    del names[name]
    return types.SimpleNamespace(**names)


class HalfArray(np.ndarray):
    """An array whose products round their arguments to 10 bits, as TF32 does."""

    def __matmul__(self, other):
        a, b = (np.asarray(v).astype(np.float16).astype(self.dtype) for v in (self, other))
        return (a @ b).view(HalfArray)


def _plain(self, values, dtype=None):
    return np.asarray(values, dtype=dtype)


def _warn(self, values, dtype=None):
    warnings.warn("slow path", stacklevel=1)
    return np.asarray(values, dtype=dtype)


def _refuse_sequences(self, values, dtype=None):
    if not isinstance(values, np.ndarray):
        raise TypeError("arrays only")
    return np.asarray(values, dtype=dtype)


class NoReshapeView:
    """A namespace whose reshape copies."""

    def __getattr__(self, name):
        return getattr(array_api_compat.numpy, name)

    def reshape(self, x, shape):
        return np.array(x).reshape(shape)


MUTANTS = {
    "views promised in vain": ({"xp": NoReshapeView()}, "writes must be seen through slices in both directions"),
    "no name": ({"name": ""}, "name must be a word, got ''"),
    "block of nothing": ({"block_size": 0}, "block_size must be"),
    "block of half": ({"block_size": 1.5}, "block_size must be"),
    "numbers in explain": ({"explain": lambda self: {"threads": 2}}, "explain() must return"),
    "synchronize returns": ({"synchronize": lambda self: 1}, "synchronize must return None"),
    "synchronize raises": ({"synchronize": lambda self: 1 / 0}, "members: raised ZeroDivisionError"),
    "no device": ({"device": property(lambda self: self.nothing)}, "raised AttributeError"),
    "no exp": ({"xp": _without("exp")}, "xp.exp is missing"),
    "no sign": ({"xp": _without("sign")}, "xp.sign is missing"),
    "dtype ignored": ({"asarray": lambda self, v, dtype=None: np.asarray(v)}, "asarray must return dtype"),
    "always float64": (
        {"asarray": lambda self, v, dtype=None: np.asarray(v, dtype=float)},
        "asarray of bool must keep the kind",
    ),
    "flattened": ({"asarray": lambda self, v, dtype=None: np.atleast_1d(_plain(self, v, dtype))}, "must come back as"),
    "strides lost": (
        {"asarray": lambda self, v, dtype=None: _plain(self, v, dtype).ravel("K").reshape(np.shape(v))},
        "must come back with its values",
    ),
    "half way": (
        {"to_numpy": lambda self, x: np.round(x, 1) if x.dtype.kind == "f" else x},
        "must come back with its values",
    ),
    "NaN lost": ({"to_numpy": lambda self, x: np.nan_to_num(x)}, "asarray of NaN and infinities"),
    "list back": ({"to_numpy": lambda self, x: x.tolist()}, "must return a NumPy array, got list"),
    "to_numpy copies nothing": ({"to_numpy": lambda self, x: np.zeros_like(x)}, "must come back with its values"),
    "warns": ({"asarray": _warn}, "raised UserWarning: slow path"),
    "refuses sequences": ({"asarray": _refuse_sequences}, "raised TypeError: arrays only"),
    "sum promotes": ({"xp": _namespace(sum=lambda x, **k: np.sum(x, dtype=float, **k))}, "sum(x) must stay"),
    "mean promotes": ({"xp": _namespace(mean=lambda x: np.mean(x, dtype=float))}, "mean(x) must stay"),
    "maximum promotes": (
        {"xp": _namespace(maximum=lambda a, b: np.maximum(a, np.float64(b)))},
        "maximum(x, 0.0) must stay",
    ),
    "where promotes": (
        {"xp": _namespace(where=lambda c, a, b: np.where(c, a, np.asarray(b, dtype=float)))},
        "where(x > 1.0, x, 0.0) must stay",
    ),
    "maximum hides NaN": ({"xp": _namespace(maximum=np.fmax)}, "maximum must keep NaN"),
    "minimum hides NaN": ({"xp": _namespace(minimum=np.fmin)}, "minimum must keep NaN"),
    "sign hides NaN": ({"xp": _namespace(sign=lambda x: np.nan_to_num(np.sign(x)))}, "sign must keep NaN"),
    "sign of zero": ({"xp": _namespace(sign=lambda x: np.where(x > 0, x, -x) * 0 + 1)}, "sign(x) must be exact"),
    "sum over the wrong axis": (
        {"xp": _namespace(sum=lambda x, axis=None: np.sum(x, axis=None if axis is None else -1))},
        "sum(x, axis=0) must be exact",
    ),
    "exp is rough": ({"xp": _namespace(exp=lambda x: np.exp(x) * x.dtype.type(1.001))}, "exp(x) must be exact"),
    "TF32": (
        {"asarray": lambda self, v, dtype=None: _plain(self, v, dtype).view(HalfArray)},
        "x @ y must be exact to rounding in float32",
    ),
    "erfc cancels": (
        {"erfc": lambda self, x: x.dtype.type(1) - np.vectorize(math.erf, otypes=[x.dtype])(x)},
        "erfc must be right in its tail",
    ),
    "erfc is rough": (
        {"erfc": lambda self, x: np.vectorize(math.erfc, otypes=[x.dtype])(x) * x.dtype.type(1 + 1e-9)},
        "erfc must be right in its tail",
    ),
    "to_numpy promotes": (
        {"to_numpy": lambda self, x: np.asarray(x, dtype=float)},
        "must come back as float32 (4, 6), got float64 (4, 6)",
    ),
    "erfc of -x": (
        {"erfc": lambda self, x: np.vectorize(math.erfc, otypes=[x.dtype])(-x)},
        "erfc must be right in its tail",
    ),
}


@pytest.mark.parametrize("flaw", MUTANTS)
def test_the_kit_catches_a_backend_with_a_flaw(flaw):
    members, sentence = MUTANTS[flaw]
    mutant = type("Mutant", (Broken,), {})
    backend = mutant("mutant")
    for name, value in members.items():
        if callable(value) or isinstance(value, property):
            setattr(mutant, name, value)
        else:
            object.__setattr__(backend, name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_backend(backend)
    assert not report.passed
    assert any(sentence in failure for failure in report.failures), report.failures


def test_the_kit_works_inside_the_context_that_a_backend_asks_for():
    class Inside(Broken):
        depth = 0

        @contextmanager
        def using(self):
            Inside.depth += 1
            yield
            Inside.depth -= 1

        def asarray(self, values, dtype=None):
            assert Inside.depth == 1
            return np.asarray(values, dtype=dtype)

    assert check_backend(Inside("inside")).failures == ()


def test_the_kit_catches_a_backend_on_the_wrong_device():
    pytest.importorskip("array_api_strict")
    from strict_backend import StrictBackend, open_backend

    class Astray(StrictBackend):
        def asarray(self, values, dtype=None):
            return open_backend(None).asarray(values, dtype)

    report = check_backend(Astray("astray", open_backend("device1").device))
    assert any("asarray must be on" in failure for failure in report.failures)


def test_the_kit_raises_nothing_whatever_it_is_given():
    for nonsense in (None, object(), np):
        report = check_backend(nonsense)
        assert "members: a backend must have name, xp, device, asarray, to_numpy and synchronize." in report.failures
        assert all("raised" in failure or "must" in failure or "missing" in failure for failure in report.failures)
