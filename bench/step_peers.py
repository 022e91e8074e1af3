"""`maker`: who takes part in `bench_step`, on the processor and on a GPU. A new contender is one line."""

import importlib
from collections.abc import Callable
from typing import Any

__all__ = ["NAMES", "maker"]

_XPNN = "xpnn_network"

_ENTRIES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "cpu": {
        "xpnn eager": (_XPNN, {"compile": False}),
        "xpnn replay": (_XPNN, {"compile": "replay"}),
        "xpnn fast": (_XPNN, {"compile": "fast"}),
        "xpnn on jax": (_XPNN, {"backend": "jax"}),
        "xpnn on torch": (_XPNN, {"backend": "torch"}),
        "plain NumPy": ("plain_numpy", {}),
        "NumPy with out=": ("numpy_out", {}),
        "PyTorch eager": ("torch_eager", {}),
        "torch.compile": ("torch_compile", {}),
        "jax.jit": ("jax_jit", {}),
        "jax.jit + optax": ("jax_optax", {}),
        "scikit-learn": ("scikit_learn", {}),
        "thinc": ("thinc_model", {}),
        "Keras": ("keras_model", {}),
        "Keras stateless": ("keras_stateless", {}),
    },
    "cuda": {
        "CuPy eager": (_XPNN, {"backend": "cupy", "compile": False}),
        "CuPy fused": (_XPNN, {"backend": "cupy", "compile": "fused"}),
        "CuPy graph": (_XPNN, {"backend": "cupy", "compile": "graph"}),
        "xpnn on torch": (_XPNN, {"backend": "torch:cuda:0", "compile": "graph"}),
        "xpnn on jax": (_XPNN, {"backend": "jax:cuda:0"}),
        "PyTorch eager": ("torch_eager", {"device": "cuda"}),
        "PyTorch CUDA graph": ("torch_cuda_graph", {}),
        "torch.compile": ("torch_compile", {"device": "cuda"}),
        "jax.jit": ("jax_jit", {"device": "cuda"}),
        "jax.jit + optax": ("jax_optax", {"device": "cuda"}),
    },
}
"""For each device the names, and for each of these the module in ``peers`` and what its `Peer` takes."""

NAMES = {device: tuple(entries) for device, entries in _ENTRIES.items()}
"""Names of the contenders for each device."""


def maker(device: str, name: str) -> Callable[[Any], Any]:
    """Return what makes the contender from a problem; it imports its library then."""
    module, options = _ENTRIES[device][name]
    return lambda problem: importlib.import_module(f"peers.{module}").Peer(problem, **options)
