"""Chance: named streams on the host, and what is drawn from them, so that every backend sees the same bits."""

from xpnn.random.host_rng import HostRng
from xpnn.random.shape_rng import ShapeRng
from xpnn.random.streams import Streams, generator_at, position_of

__all__ = ["HostRng", "ShapeRng", "Streams", "generator_at", "position_of"]
