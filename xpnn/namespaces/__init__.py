"""Namespaces that mean something else than computing: the same layers, run under another interpreter."""

from xpnn.namespaces.dual import Dual
from xpnn.namespaces.dual_namespace import DualNamespace

__all__ = ["Dual", "DualNamespace"]
