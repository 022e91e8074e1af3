"""PyTorch on the processor, a CUDA or ROCm device, Apple's GPU, or the ``meta`` device, which computes shapes alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xpnn.typing import Array, DType, HostArray, Namespace
from xpnn_backends._replay import Replay
from xpnn_backends._torch_graph import TorchGraph
from xpnn_backends._torch_namespace import TorchNamespace
from xpnn_backends._torch_replay import TorchLibrary
from xpnn_backends.compiler import Compiler
from xpnn_backends.unavailable import UnavailableError

__all__ = ["TorchBackend", "open_backend"]

_XP = TorchNamespace()
_DEVICES = "Devices are written 'torch:cpu', 'torch:cuda:0', 'torch:mps'."


@dataclass(frozen=True)
class TorchBackend:
    """PyTorch tensors on one device, outside autograd. See `xpnn.typing.Backend`."""

    name: str
    device: Any
    xp: Namespace = _XP
    block_size: None = None
    no_float16: None = None
    shares_views: bool = True

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Convert on the host, then bring over; on the processor the memory may be shared."""
        if not isinstance(values, torch.Tensor):
            values = np.asarray(values)
            if not (values.flags.writeable and values.dtype.isnative and min(values.strides, default=0) >= 0):
                values = values.astype(values.dtype.newbyteorder("="), order="C")
            values = torch.from_numpy(values)
        wanted = values.dtype if dtype is None else dtype
        if wanted == torch.float64 and self.device.type == "mps":
            raise UnavailableError("Apple's GPU has no float64", cure="Use dtype='float32' or the backend 'torch:cpu'.")
        return values.detach().to(dtype=wanted).to(device=self.device)

    @property
    def compilers(self) -> tuple[Compiler, ...]:
        """Replay with ``out=``, from the first step on, so that a training depends on no clock; on CUDA as a graph."""
        if self.device.type == "meta":
            return ()
        if self.device.type == "cuda":
            return Compiler("replay", 0.0, self._replay), Compiler("graph", 0.5, self._graph)
        return (Compiler("replay", 0.0, self._replay),)

    def _replay(self, program: Any, schedule: Any) -> Replay:
        return Replay(schedule(program), TorchLibrary(self.device))

    def _graph(self, program: Any, schedule: Any) -> TorchGraph:
        return TorchGraph(self._replay(program, schedule))

    def to_numpy(self, x: Array) -> HostArray:
        """Bring `x` to the host; on the processor the memory is shared."""
        return x.numpy(force=True)

    def synchronize(self) -> None:
        """Wait for the streams of the device."""
        if self.device.type in ("cuda", "xpu"):
            getattr(torch, self.device.type).synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def erfc(self, x: Array) -> Array:
        """Complementary error function."""
        return torch.special.erfc(x)

    def explain(self) -> dict[str, str]:
        """Version of PyTorch, the device, the threads of the processor, the name of the GPU."""
        facts = {"version": str(torch.__version__), "device": str(self.device), "threads": str(torch.get_num_threads())}
        if self.device.type == "cuda":
            facts["gpu"] = torch.cuda.get_device_name(self.device)
        return facts


def open_backend(device: str | None) -> TorchBackend:
    """Open PyTorch on the device that PyTorch calls `device`, by default the processor."""
    try:
        place = torch.device(device or "cpu")
    except RuntimeError as error:
        raise UnavailableError(f"PyTorch knows no device {device!r}", cure=_DEVICES) from error
    try:
        ones = torch.ones((2, 2), dtype=torch.float32, device=place)
        product = ones @ ones
        if place.type != "meta":
            product.numpy(force=True)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).split("\n")[0].split(". ")[0].rstrip(".")
        cure = "The build must be for this device, see https://pytorch.org/get-started."
        raise UnavailableError(first, "pip install 'xpnn[torch]'", cure) from error
    return TorchBackend("torch" if device is None else f"torch:{device}", ones.device)
