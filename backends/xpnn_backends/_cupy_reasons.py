"""Why CuPy does not run: the errors of its three first steps, read as a reason, a command and a cure."""

from xpnn_backends.unavailable import UnavailableError

__all__ = ["of_count", "of_import", "of_product"]

_CUDA12, _CUDA13, _ROCM = (f"pip install 'xpnn[{extra}]'" for extra in ("cuda12", "cuda13", "rocm"))


def of_import(error: Exception) -> UnavailableError:
    """Read what ``import cupy`` raised: not installed, or ROCm without its libraries."""
    text = str(error)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in ("cupy", "cupyx"):
        cure = "That is for CUDA 13; there are xpnn[cuda12] and xpnn[rocm] as well."
        return UnavailableError("CuPy is not installed", _CUDA13, cure)
    if "libamdhip64" in text or "libhip" in text:
        return UnavailableError("the ROCm libraries are missing", _ROCM, "ROCm 7 itself is installed by the system.")
    return UnavailableError(f"CuPy cannot be imported ({_first_line(text)})", _CUDA13)


def of_count(error: Exception, driver: int, runtime: int, *, hip: bool) -> UnavailableError:
    """Read what counting the devices raised: no driver, one that is too old, or no visible device."""
    make, install = _make(runtime, hip)
    maker = "AMD" if hip else "NVIDIA"
    if driver == 0:
        return UnavailableError(f"no {make} driver (driver version 0)", install, f"The GPU needs {maker}'s driver too.")
    if "InsufficientDriver" in str(error):
        reason = f"the {make} driver (version {driver}) is older than CuPy's runtime (version {runtime})"
        install = _CUDA12 if 12000 <= driver < 13000 <= runtime else install
        return UnavailableError(reason, install, f"Or update the driver of {maker}.")
    if "NoDevice" in str(error):
        cure = f"See whether {'HIP' if hip else 'CUDA'}_VISIBLE_DEVICES hides the device."
        return UnavailableError(f"no {make} device is visible (driver version {driver})", install, cure)
    return UnavailableError(_first_line(str(error)), install)


def of_product(error: Exception, runtime: int, *, hip: bool) -> UnavailableError:
    """Read what the first kernel or product raised: mostly that the compiler or the BLAS is not installed."""
    make, install = _make(runtime, hip)
    line = _first_line(str(error))
    if isinstance(error, ImportError) or type(error).__name__ == "DynamicLibNotFoundError":
        return UnavailableError(f"the {make} libraries are missing ({line})", install)
    return UnavailableError(f"a small product fails ({line})", install)


def _make(runtime: int, hip: bool) -> tuple[str, str]:
    """Name of the platform, and the command that installs CuPy for it together with its libraries."""
    if hip:
        return "ROCm", _ROCM
    return "CUDA", _CUDA12 if runtime < 13000 else _CUDA13


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0].rstrip(".") or "no message"
