"""Fixtures of all tests: every backend that runs here, its namespace, and the context around a layer."""

import os
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

os.environ["XPNN_CACHE"] = str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "xpnn")  # not the user's

import pytest  # noqa: E402

from xpnn.backend import get_backend  # noqa: E402

ALL = "numpy strict strict:device1 torch torch:cuda:0 jax cupy"
WORDS = tuple(os.environ.get("XPNN_TEST_BACKENDS", ALL).split())  # fewer, for a machine that is lent by the minute


def _open(word):
    name, _, device = word.partition(":")
    if name != "strict":
        return get_backend(word)
    from strict_backend import open_backend

    return open_backend(device or None)


def _available():
    tested, missing = {}, {}
    for word in WORDS:
        try:
            tested[word] = _open(word)
        except (ImportError, RuntimeError) as error:
            missing[word] = str(error)
    return tested, missing


TESTED, MISSING = _available()


without_jax = pytest.mark.parametrize("backend", [word for word in TESTED if word != "jax"], indirect=True)
"""For tests of many shapes or many networks whose formulas others run on JAX.

JAX compiles every operation that it runs alone, for every shape, in about 30 ms, where others need microseconds.
"""


@pytest.fixture(params=list(TESTED))
def backend(request):
    """Each backend that runs on this machine."""
    return TESTED[request.param]


@pytest.fixture
def xp(backend):
    """Namespace of the backend."""
    return backend.xp


@pytest.fixture
def ctx(backend):
    """What surrounds a layer in a training step."""
    from xpnn.context import RunContext
    from xpnn.random import Streams

    return RunContext(backend, training=True, streams=Streams(0))


@pytest.fixture(scope="session")
def mnist():
    """The four IDX files of MNIST: ((x, y), (x_test, y_test))."""
    folder = os.environ.get("XPNN_MNIST_DIR")
    if not folder:
        pytest.skip("XPNN_MNIST_DIR names no folder with the IDX files of MNIST")
    from xpnn.data import load_mnist

    return tuple(tuple(load_mnist(folder, split=split)) for split in ("train", "test"))


def pytest_terminal_summary(terminalreporter):
    """Say at the end which backends were tested, and which were not and why."""
    terminalreporter.section("backends")
    terminalreporter.line("tested: " + ", ".join(TESTED))
    for word, reason in MISSING.items():
        terminalreporter.line(f"not tested: {word}: {reason}")
