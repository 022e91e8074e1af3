"""CuPy: the reasons why it does not run, and its devices, over a CuPy in the memory of the host."""

import types

import array_api_compat.numpy
import numpy as np
import pytest

from xpnn.backend import (
    get_backend,
    using,
)
from xpnn.errors import BackendError
from xpnn_backends import _cupy_reasons
from xpnn_backends.unavailable import UnavailableError

NUMPY_ALONE = pytest.mark.skipif(get_backend("auto").name != "numpy", reason="a GPU runs here")


def test_cupy_that_is_not_installed_is_told_apart_from_one_that_breaks():
    missing = _cupy_reasons.of_import(ModuleNotFoundError("No module named 'cupy'", name="cupy"))
    assert (missing.reason, missing.install) == ("CuPy is not installed", "pip install 'xpnn[cuda13]'")
    assert missing.cure == "That is for CUDA 13; there are xpnn[cuda12] and xpnn[rocm] as well."
    amd = ImportError("long\ntext: libamdhip64.so.7: cannot open shared object file")
    assert _cupy_reasons.of_import(amd).reason == "the ROCm libraries are missing"
    assert _cupy_reasons.of_import(amd).install == "pip install 'xpnn[rocm]'"
    other = _cupy_reasons.of_import(ValueError("numpy.dtype size changed.\nmore"))
    assert other.reason == "CuPy cannot be imported (numpy.dtype size changed)"
    assert _cupy_reasons.of_import(ModuleNotFoundError("No module named 'x'", name="x")).reason.startswith(
        "CuPy cannot"
    )


@pytest.mark.parametrize(
    ("error", "driver", "runtime", "hip", "reason", "extra", "cure"),
    [
        (
            "cudaErrorInsufficientDriver",
            0,
            13020,
            False,
            "no CUDA driver (driver version 0)",
            "cuda13",
            "NVIDIA's driver",
        ),
        (
            "cudaErrorInsufficientDriver",
            0,
            12090,
            False,
            "no CUDA driver (driver version 0)",
            "cuda12",
            "NVIDIA's driver",
        ),
        (
            "cudaErrorInsufficientDriver",
            12080,
            13020,
            False,
            "the CUDA driver (version 12080) is older than CuPy's runtime (version 13020)",
            "cuda12",
            "Or update the driver",
        ),
        (
            "cudaErrorInsufficientDriver",
            11080,
            13020,
            False,
            "the CUDA driver (version 11080) is older than CuPy's runtime (version 13020)",
            "cuda13",
            "Or update the driver",
        ),
        (
            "cudaErrorNoDevice: no CUDA-capable device",
            13010,
            13020,
            False,
            "no CUDA device is visible (driver version 13010)",
            "cuda13",
            "CUDA_VISIBLE_DEVICES",
        ),
        (
            "hipErrorNoDevice: none",
            60000,
            70000000,
            True,
            "no ROCm device is visible (driver version 60000)",
            "rocm",
            "HIP_VISIBLE_DEVICES",
        ),
        ("hipErrorNotInitialized", 0, 70000000, True, "no ROCm driver (driver version 0)", "rocm", "AMD's driver"),
        ("cudaErrorSystemDriverMismatch: x.", 13010, 13020, False, "cudaErrorSystemDriverMismatch: x", "cuda13", ""),
    ],
)
def test_a_driver_that_is_missing_or_old_and_a_device_that_is_hidden_are_different_reasons(
    error, driver, runtime, hip, reason, extra, cure
):
    found = _cupy_reasons.of_count(RuntimeError(error), driver, runtime, hip=hip)
    assert (found.reason, found.install) == (reason, f"pip install 'xpnn[{extra}]'")
    assert cure in (found.cure or "")


def test_missing_libraries_are_told_apart_from_a_product_that_fails():
    class DynamicLibNotFoundError(RuntimeError):
        pass

    nvrtc = DynamicLibNotFoundError('Failure finding "libnvrtc.so": tried\nmany places')
    found = _cupy_reasons.of_product(nvrtc, 12090, hip=False)
    assert found.reason == 'the CUDA libraries are missing (Failure finding "libnvrtc.so": tried)'
    assert found.install == "pip install 'xpnn[cuda12]'"
    found = _cupy_reasons.of_product(ImportError("libcublasLt.so.13: cannot open"), 13020, hip=False)
    assert found.reason == "the CUDA libraries are missing (libcublasLt.so.13: cannot open)"
    assert found.install == "pip install 'xpnn[cuda13]'"
    found = _cupy_reasons.of_product(RuntimeError("out of memory"), 70000000, hip=True)
    assert (found.reason, found.install) == ("a small product fails (out of memory)", "pip install 'xpnn[rocm]'")


@NUMPY_ALONE
def test_cupy_without_a_driver_gives_the_reason_and_the_install_line():
    cupy = pytest.importorskip("cupy")
    if cupy.cuda.runtime.driverGetVersion():
        pytest.skip("a driver is installed")
    with pytest.raises(BackendError) as caught:
        get_backend("cupy")
    start = "Backend 'cupy' cannot run: no CUDA driver (driver version 0). Install: pip install 'xpnn[cuda1"
    assert str(caught.value).startswith(start)


class FakeDevice:
    """A device that can be made the current one, as CuPy's."""

    current = 0

    def __init__(self, number):
        self.id, self.waited = number, 0

    def __eq__(self, other):
        return self.id == other.id

    def __enter__(self):
        self.previous, FakeDevice.current = FakeDevice.current, self.id

    def __exit__(self, *error):
        FakeDevice.current = self.previous

    def synchronize(self):
        self.waited += 1


class FakeArray(np.ndarray):
    """An array that knows on which device it was made."""

    device = None

    def __array_finalize__(self, parent):
        self.device = FakeDevice(FakeDevice.current)

    def __matmul__(self, other):
        assert FakeDevice.current == self.device.id, "a product away from the current device"
        return super().__matmul__(other)


@pytest.fixture
def fake_cupy(monkeypatch):
    """`xpnn_backends._cupy` over a CuPy with two devices in the memory of the host."""
    pytest.importorskip("cupy")
    from xpnn_backends import _cupy

    def asarray(values, dtype=None):
        return values if isinstance(values, FakeArray) else np.array(values, dtype=dtype).view(FakeArray)

    def asnumpy(x):
        assert FakeDevice.current == x.device.id, "a copy away from the current device"
        return np.array(x)

    runtime = types.SimpleNamespace(
        is_hip=False,
        getDeviceCount=lambda: 2,
        driverGetVersion=lambda: 13010,
        runtimeGetVersion=lambda: 13020,
        getDeviceProperties=lambda number: {"name": b"Fake"},
    )
    cuda = types.SimpleNamespace(Device=FakeDevice, runtime=runtime)
    fake = types.SimpleNamespace(cuda=cuda, ndarray=FakeArray, asarray=asarray, asnumpy=asnumpy, __version__="14.2.0")
    monkeypatch.setattr(_cupy, "cupy", fake)
    monkeypatch.setattr(_cupy.CupyBackend, "__init__", _with_namespace(_cupy.CupyBackend.__init__))
    return _cupy


def _with_namespace(init):
    return lambda self, name, device: init(self, name, device, array_api_compat.numpy)


def test_cupy_works_on_the_device_of_its_word_and_leaves_the_current_one_alone(fake_cupy):
    first, second = fake_cupy.open_backend(None), fake_cupy.open_backend("1")
    assert (first.name, first.device.id, second.name, second.device.id) == ("cupy", 0, "cupy:1", 1)
    x = second.asarray([[1.0, 2.0], [3.0, 4.0]], np.float32)
    assert (x.device.id, x.dtype, FakeDevice.current) == (1, np.float32, 0)
    with using(second):
        assert (x @ x).device.id == 1
    assert FakeDevice.current == 0
    assert second.asarray(x) is x
    moved = first.asarray(x)
    assert moved.device.id == 0
    assert np.array_equal(first.to_numpy(moved), second.to_numpy(x))
    second.synchronize()
    assert second.device.waited == 1
    facts = {"version": "14.2.0", "device": "cuda:1", "gpu": "Fake", "driver": "13010", "runtime": "13020"}
    assert second.explain() == facts


@pytest.mark.parametrize("device", ["2", "-1", "cuda:0", "x"])
def test_cupy_refuses_a_device_that_is_not_there(fake_cupy, device):
    with pytest.raises(UnavailableError) as caught:
        fake_cupy.open_backend(device)
    assert caught.value.reason == f"no device {device!r} among 2"
    assert caught.value.cure == "Devices are written 'cupy:0', 'cupy:1'."


def test_cupy_proves_itself_on_a_product_before_it_is_opened(fake_cupy, monkeypatch):
    def fail(self, other):
        raise ImportError("libcublas.so.13: cannot open")

    monkeypatch.setattr(FakeArray, "__matmul__", fail)
    with pytest.raises(UnavailableError, match=r"the CUDA libraries are missing \(libcublas.so.13: cannot open\)"):
        fake_cupy.open_backend(None)


def test_cupy_counts_its_devices_before_it_is_opened(fake_cupy, monkeypatch):
    def fail():
        raise RuntimeError("cudaErrorNoDevice: none")

    monkeypatch.setattr(fake_cupy.cupy.cuda.runtime, "getDeviceCount", fail)
    with pytest.raises(UnavailableError, match="no CUDA device is visible"):
        fake_cupy.open_backend(None)
