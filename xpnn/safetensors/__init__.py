"""Files of named arrays in the safetensors layout, read and written strictly. Data only: nothing in a file is executed.

::

    8 bytes     size of the header, little-endian
    header      JSON, padded with spaces to a multiple of 8 bytes:
                {"__metadata__": {"xpnn": text}, name: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
    data        the arrays without gaps, little-endian, last axis fastest

Every reader of safetensors can use the arrays; for the same arrays the bytes are those of the reference implementation.
The text under ``xpnn`` is canonical JSON, ``{"network": <metadata>, "sha256": <digits>}``. The SHA-256 is taken over
the canonical JSON of ``{"network": <metadata>, "tensors": <header without __metadata__>}`` followed by the data: any
change of names, shapes, metadata or numbers is found. It guards against accidents; whoever forges a file can forge
it as well, which is why every other rule holds whether or not the sum is right.

Examples
--------
>>> import numpy as np
>>> data = encode({"0.weight": np.ones((2, 3), dtype=np.float32)}, {"schema": 1})
>>> tensors, metadata = decode(data)
>>> tensors["0.weight"].shape, metadata
((2, 3), {'schema': 1})
"""

from xpnn.safetensors.reader import decode, read
from xpnn.safetensors.writer import encode, write

__all__ = ["decode", "encode", "read", "write"]
