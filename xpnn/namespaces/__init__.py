"""Namespaces that mean something else than computing: the same layers, run under another interpreter."""

from xpnn.namespaces.dual import Dual
from xpnn.namespaces.dual_namespace import DualNamespace
from xpnn.namespaces.number import Number
from xpnn.namespaces.recorder import Recorder

__all__ = ["Dual", "DualNamespace", "Number", "Recorder"]
