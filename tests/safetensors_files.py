"""Files made by hand for the tests of the format: any header, and a right SHA-256 over it unless told otherwise."""

import hashlib
import json

import numpy as np


def arrays(seed=0):
    """A few arrays of all shapes and types."""
    rng = np.random.default_rng(seed)
    return {
        "0.weight": rng.normal(size=(2, 3)).astype(np.float32),
        "0.bias": np.zeros(3, dtype=np.float32),
        "1.mask": np.array([True, False, True]),
        "optimizer/m": rng.normal(size=4),
        "empty": np.zeros((0, 4), dtype=np.float16),
        "scalar": np.array(7, dtype=np.int64),
    }


METADATA = {"schema": 1, "name": "é", "values": [1.5, None, True, "x"], "empty": {}}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def envelope(table, data, network):
    """The text under ``xpnn`` as the documentation of the format words it."""
    said = canonical({"network": network, "tensors": table}).encode()
    return canonical({"network": network, "sha256": hashlib.sha256(said + data).hexdigest()})


def frame(header, data=b""):
    """Prefix, header and data; `header` is text or bytes."""
    header = header.encode() if isinstance(header, str) else header
    return len(header).to_bytes(8, "little") + header + data


def signed(table, data=b"", network=None):
    """A file with this table and a right SHA-256."""
    return frame(json.dumps({"__metadata__": {"xpnn": envelope(table, data, network)}, **table}), data)


def split(data):
    """Header as JSON data, and the bytes behind it."""
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]
