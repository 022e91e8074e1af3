"""Backends: words, devices, reasons, packages that add their own, data types, conformance."""

import dataclasses
import importlib.metadata
import subprocess
import sys
import types
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from xpnn import _opening
from xpnn.backend import (
    BackendStatus,
    available_backends,
    choose_backend,
    float_dtype,
    get_backend,
    using,
)
from xpnn.errors import ArgumentError, ArgumentTypeError, BackendError
from xpnn.testing.backend import check_backend
from xpnn.typing import Backend

STRANGER = EntryPoint(name="strict", value="strict_backend:open_backend", group="xpnn.backends")
NUMPY_ALONE = pytest.mark.skipif(get_backend("auto").name != "numpy", reason="a GPU runs here")


@pytest.fixture
def fresh(monkeypatch):
    """Forget what was opened, and let a test say which packages offer backends."""
    monkeypatch.setattr(_opening, "_OPENED", {})
    offered = []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [p for p in offered if p.group == group])
    return offered


# Words


def test_a_word_gives_a_backend_of_that_name_and_always_the_same_object():
    for word in ("numpy", "numpy:cpu"):
        assert isinstance(get_backend(word), Backend)
        assert get_backend(word) is get_backend(word)
        assert get_backend(word).name == word


def test_a_backend_is_opened_once(fresh, monkeypatch):
    opened = []
    monkeypatch.setattr(_opening, "_opener", lambda name, points: lambda device: opened.append(name))
    assert get_backend("numpy") is get_backend("numpy")
    assert opened == ["numpy"]


def test_a_backend_is_let_through(backend):
    assert get_backend(backend) is backend


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nump", "backend must be one of auto, cupy, jax, numpy, torch, got 'nump'. Did you mean 'numpy'?"),
        ("", "backend must be one of auto, cupy, jax, numpy, torch, got ''."),
        ("cuda:0", "backend must be one of auto, cupy, jax, numpy, torch, got 'cuda'. Did you mean 'cupy'?"),
        ("cupy:", "backend must be a name, or a name and a device such as 'cupy:1', got 'cupy:'."),
        ("auto:1", "backend must be a name, or a name and a device such as 'cupy:1', got 'auto:1'."),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_match_and_the_list(fresh, word, message):
    with pytest.raises(ArgumentError) as caught:
        get_backend(word)
    assert str(caught.value) == message


class NotOpened:
    """A class with all members of a backend, where an instance is meant."""

    name, xp, device = "numpy", np, "cpu"
    asarray = to_numpy = synchronize = print


@pytest.mark.parametrize("value", [3, None, np, NotOpened])
def test_what_is_neither_a_word_nor_a_backend_is_refused(value):
    with pytest.raises(ArgumentTypeError) as caught:
        get_backend(value)
    assert str(caught.value) == f"backend must be a word such as 'numpy' or a Backend, got {value!r}."


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("numpy:1", "Backend 'numpy:1' cannot run: NumPy has no device '1'. Write 'numpy'."),
        (
            "torch:gpu",
            "Backend 'torch:gpu' cannot run: PyTorch knows no device 'gpu'. "
            "Devices are written 'torch:cpu', 'torch:cuda:0', 'torch:mps'.",
        ),
        (
            "jax:cpu:x",
            "Backend 'jax:cpu:x' cannot run: JAX knows no device 'cpu:x'. "
            "Devices are written 'jax:cpu', 'jax:gpu:0', 'jax:1'.",
        ),
        (
            "jax:cpu:1",
            "Backend 'jax:cpu:1' cannot run: no device 'cpu:1' among 1. "
            "Devices are written 'jax:cpu', 'jax:gpu:0', 'jax:1'.",
        ),
    ],
)
def test_a_device_that_does_not_exist_is_named_together_with_how_devices_are_written(word, message):
    pytest.importorskip(word.partition(":")[0])
    with pytest.raises(BackendError) as caught:
        get_backend(word)
    assert str(caught.value) == message


def test_torch_without_a_gpu_says_so_and_how_to_install_one_with():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("a GPU runs here")
    with pytest.raises(BackendError, match=r"^Backend 'torch:cuda:0' cannot run: .+\. Install: pip install 'xpnn"):
        get_backend("torch:cuda:0")


def test_jax_without_a_gpu_says_so_and_how_to_install_one_with():
    jax = pytest.importorskip("jax")
    if jax.default_backend() != "cpu":
        pytest.skip("a GPU runs here")
    with pytest.raises(BackendError, match=r"Unknown backend: 'gpu'.* Install: pip install 'jax\[cuda13\]'\."):
        get_backend("jax:gpu:0")


def test_devices_are_chosen_by_the_word():
    torch = pytest.importorskip("torch")
    assert get_backend("torch:meta").device == torch.device("meta")
    assert get_backend("torch").device == get_backend("torch:cpu").device == torch.device("cpu")
    jax = pytest.importorskip("jax")
    for word in ("jax:0", "jax:cpu", "jax:cpu:0"):
        assert get_backend(word).device in jax.devices()


# What is there and what is not


def test_importing_the_words_loads_no_array_library_but_numpy():
    code = "import sys, xpnn.backend; print([m for m in ('torch', 'jax', 'cupy') if m in sys.modules])"
    environment = {"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout == "[]\n"


def test_every_backend_has_a_status_that_agrees_with_get_backend(recwarn):
    statuses = available_backends()
    assert {"cupy", "jax", "numpy", "torch"} <= statuses.keys()
    for name, status in statuses.items():
        if status.available:
            assert get_backend(name).name == name
            assert status == BackendStatus(available=True, device=status.device, version=status.version)
            assert status.device
        else:
            assert status.reason
            assert status.device is None
            with pytest.raises(BackendError, match=f"^Backend '{name}' cannot run: "):
                get_backend(name)
    assert statuses["numpy"] == BackendStatus(available=True, device="cpu", version=np.__version__)
    assert not recwarn.list


@pytest.mark.parametrize(
    "error", [RuntimeError("broken build\nlong story"), SystemExit(3), OSError(), ValueError("a.")]
)
def test_a_library_whose_import_raises_anything_is_reported_and_not_fatal(fresh, monkeypatch, error):
    def fail(name):
        raise error

    monkeypatch.setattr(_opening, "import_module", fail)
    status = available_backends()["jax"]
    reason = {RuntimeError: "broken build", SystemExit: "3", OSError: "OSError", ValueError: "a"}[type(error)]
    assert (status.available, status.reason, status.install) == (False, reason, "pip install 'xpnn[jax]'")


def test_warnings_of_an_import_are_not_passed_on_by_the_survey(fresh, monkeypatch, recwarn):
    import warnings

    def warn(name):
        warnings.warn("two builds are installed", stacklevel=1)
        raise ImportError("no")

    monkeypatch.setattr(_opening, "import_module", warn)
    assert available_backends()["cupy"].reason == "no"
    assert not recwarn.list


def test_a_missing_library_is_called_not_installed(fresh, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("xpnn_backends._torch", "xpnn_backends._jax"))]:
        monkeypatch.delitem(sys.modules, module)
    for library in ("torch", "jax"):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(BackendError) as caught:
            get_backend(library)
        wanted = f"Backend '{library}' cannot run: {library} is not installed. Install: pip install 'xpnn[{library}]'."
        assert str(caught.value) == wanted


@NUMPY_ALONE
def test_auto_is_numpy_where_no_gpu_runs_and_says_why():
    word, reason = choose_backend()
    assert word == "numpy"
    assert reason.startswith("No GPU backend runs here (cupy: ")
    assert "; torch:cuda:0: " in reason
    assert reason.endswith("). 'xpnn bench' would measure which backend is the fastest here.")
    assert get_backend("auto") is get_backend("numpy")


@pytest.mark.parametrize("winner", ["cupy", "torch:cuda:0"])
def test_auto_is_the_first_gpu_that_runs(fresh, monkeypatch, winner):
    gpu = types.SimpleNamespace(**vars(get_backend("numpy")), explain=lambda: {"gpu": "Fake 1"})

    def open_word(word):
        if word == winner:
            return gpu
        raise BackendError("no")

    monkeypatch.setattr(_opening, "open_word", open_word)
    advice = "'xpnn bench' would measure which backend is the fastest here."
    assert choose_backend() == (winner, f"{winner} runs on Fake 1. {advice}")
    assert get_backend("auto") is gpu


# Backends of other packages


def test_another_package_adds_a_backend_by_an_entry_point(fresh):
    pytest.importorskip("array_api_strict")
    fresh.append(STRANGER)
    stranger = get_backend("strict:device1")
    assert (stranger.name, str(stranger.device)) == ("strict:device1", "array_api_strict.Device('device1')")
    assert get_backend("strict:device1") is stranger
    assert available_backends()["strict"].available
    with pytest.raises(ArgumentError, match="Did you mean 'strict'"):
        get_backend("strickt")
    with pytest.raises(BackendError, match=r"^Backend 'strict:moon' cannot run: The device 'moon' is not"):
        get_backend("strict:moon")


def test_a_built_in_name_cannot_be_taken_silently(fresh):
    fresh.append(EntryPoint(name="numpy", value="thief:open_backend", group="xpnn.backends"))
    assert type(get_backend("numpy")).__name__ == "NumpyBackend"
    status = available_backends()["numpy of thief:open_backend"]
    assert status == BackendStatus(available=False, reason="the name 'numpy' belongs to xpnn")


def test_two_packages_with_one_name_are_both_named(fresh):
    fresh += [STRANGER, EntryPoint(name="strict", value="other:open_backend", group="xpnn.backends")]
    with pytest.raises(BackendError) as caught:
        get_backend("strict")
    wanted = "Backend 'strict' cannot run: offered by strict_backend:open_backend and other:open_backend."
    assert str(caught.value) == wanted


def test_a_stranger_that_cannot_be_loaded_is_reported_and_not_fatal(fresh):
    fresh.append(EntryPoint(name="ghost", value="no_such_module:open_backend", group="xpnn.backends"))
    assert available_backends()["ghost"].reason == "No module named 'no_such_module'"


# Data types


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_a_dtype_is_found_by_its_name(backend, name):
    assert float_dtype(backend, name) == getattr(backend.xp, name)


def test_an_unknown_dtype_is_refused():
    with pytest.raises(ArgumentError) as caught:
        float_dtype(get_backend("numpy"), "float46")
    message = "dtype must be one of float32, float64, mixed_float16, got 'float46'. Did you mean 'float64'?"
    assert str(caught.value) == message


def test_float64_that_is_switched_off_in_jax_gives_the_cure_and_changes_no_setting():
    jax = pytest.importorskip("jax")
    backend = get_backend("jax")
    cure = "Set JAX_ENABLE_X64=1, or call jax.config.update('jax_enable_x64', True) at the start of the program."
    with jax.enable_x64(False):
        with pytest.raises(BackendError) as caught:
            float_dtype(backend, "float64")
        wanted = f"Backend 'jax' cannot compute in float64: float64 is switched off in JAX. {cure}"
        assert str(caught.value) == wanted
        with pytest.raises(RuntimeError, match="switched off"):
            backend.asarray(np.ones(2))
        assert backend.asarray(np.ones(2), jax.numpy.float32).dtype == np.float32
        assert backend.asarray([1.0]).dtype == np.float32
        assert backend.asarray(np.asarray([3])).dtype == np.int32
        assert check_backend(backend).failures == ()
        assert not jax.config.jax_enable_x64
        assert backend.explain()["float64"] == "off"
    assert backend.explain()["float64"] == "on"


def test_float64_on_apples_gpu_gives_the_cure():
    torch = pytest.importorskip("torch")
    from xpnn_backends._torch import TorchBackend

    backend = TorchBackend("torch:mps", torch.device("mps"), get_backend("torch").xp)
    with pytest.raises(BackendError) as caught:
        float_dtype(backend, "float64")
    wanted = "Backend 'torch:mps' cannot compute in float64: Apple's GPU has no float64. "
    assert str(caught.value) == wanted + "Use dtype='float32' or the backend 'torch:cpu'."


def test_a_namespace_or_a_device_without_float64_is_reported():
    numpy = get_backend("numpy")
    without = dataclasses.replace(numpy, xp=types.SimpleNamespace(float32=np.float32))
    with pytest.raises(BackendError, match=r"in float64: .*no attribute 'float64'\. Use dtype='float32'\.$"):
        float_dtype(without, "float64")

    class Narrow(type(numpy)):
        def asarray(self, values, dtype=None):
            return np.asarray(values, dtype=np.float32)

    with pytest.raises(BackendError, match=r"cannot compute in float64: it returns float32\. Use that dtype\.$"):
        float_dtype(Narrow("narrow"), "float64")


# Each backend


def test_the_conformance_kit_passes(backend):
    report = check_backend(backend)
    assert report.failures == ()
    assert report.passed


def test_jax_multiplies_in_full_float32_inside_using():
    jax = pytest.importorskip("jax")
    with using(get_backend("jax")):
        jaxpr = str(jax.make_jaxpr(lambda a: a @ a)(jax.numpy.ones((2, 2))))
    assert "Precision.HIGHEST" in jaxpr
    assert "HIGHEST" not in str(jax.make_jaxpr(lambda a: a @ a)(jax.numpy.ones((2, 2))))


def test_jax_keeps_its_own_copy_of_host_memory():
    pytest.importorskip("jax")
    host = np.zeros(4096)
    x = get_backend("jax").asarray(host)
    host[:] = 1.0
    assert not get_backend("jax").to_numpy(x).any()


@pytest.mark.parametrize("word", ["numpy", "torch", "jax"])
def test_host_arrays_of_either_byte_order_are_accepted(word):
    pytest.importorskip(word)
    backend = get_backend(word)
    for order in "<>":
        for dtype in (None, backend.xp.float32):
            x = backend.asarray(np.asarray([1.0, 2.5], dtype=f"{order}f4"), dtype)
            assert backend.to_numpy(x).tolist() == [1.0, 2.5]


def test_torch_records_no_gradients():
    torch = pytest.importorskip("torch")
    backend = get_backend("torch")
    x = backend.asarray(torch.ones(3, requires_grad=True))
    assert not x.requires_grad
    assert not backend.xp.exp(x).requires_grad
    assert backend.to_numpy(torch.ones(3, requires_grad=True)).tolist() == [1.0, 1.0, 1.0]


def test_torch_never_writes_into_read_only_memory():
    pytest.importorskip("torch")
    host = np.zeros(3)
    host.flags.writeable = False
    x = get_backend("torch").asarray(host)
    x += 1.0
    assert host.tolist() == [0.0, 0.0, 0.0]


def test_nothing_waits_for_a_device_that_holds_no_values():
    torch = pytest.importorskip("torch")
    backend = get_backend("torch:meta")
    x = backend.asarray(np.ones((2, 3)), torch.float32)
    y = backend.xp.sign(backend.xp.minimum(backend.xp.maximum(x, 0.0), 1.0)) @ x.T
    assert (y.device.type, tuple(y.shape)) == ("meta", (2, 2))
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        backend.to_numpy(y)


def test_the_replay_of_pytorch_goes_through_large_arrays_in_blocks_on_a_processor_alone():
    torch = pytest.importorskip("torch")
    from xpnn_backends._torch_replay import TorchLibrary

    assert TorchLibrary(torch.device("cpu")).block_size == 32768
    assert TorchLibrary(torch.device("meta")).block_size is None  # where each block would be a launch
