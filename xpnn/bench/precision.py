"""`rounds_factors`: whether products are computed with fewer bits than float32 has."""

import numpy as np

from xpnn.backend import using
from xpnn.typing import Backend

__all__ = ["rounds_factors"]


def rounds_factors(backend: Backend) -> bool:
    """Whether products round their factors to fewer bits than float32 has, as TF32 does (10 bits after the point)."""
    with using(backend):
        dtype = backend.xp.float32
        left = backend.asarray(np.full((64, 64), 1.0 + 2.0**-13, dtype=np.float32), dtype)
        right = backend.asarray(np.eye(64, dtype=np.float32), dtype)
        return not np.all(backend.to_numpy(left @ right) == np.float32(1.0 + 2.0**-13))
