"""Namespaces that mean something else than computing: the same layers, run under another interpreter."""

from xpnn.namespaces.batched import Batched
from xpnn.namespaces.batched_namespace import BatchedNamespace
from xpnn.namespaces.dual import Dual
from xpnn.namespaces.dual_namespace import DualNamespace
from xpnn.namespaces.mixed import Mixed
from xpnn.namespaces.mixed_namespace import MixedNamespace
from xpnn.namespaces.number import Number
from xpnn.namespaces.recorder import Recorder

__all__ = ["Batched", "BatchedNamespace", "Dual", "DualNamespace", "Mixed", "MixedNamespace", "Number", "Recorder"]
