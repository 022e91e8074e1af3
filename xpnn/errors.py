"""Every error that xpnn raises on purpose.

::

    XpnnError
    ├── ArgumentError (ValueError)        an argument breaks a rule: its name, the rule, the value
    │   └── ShapeError                    ... the rule is about a shape
    ├── ArgumentTypeError (TypeError)     an argument has the wrong type
    ├── BackendError (RuntimeError)       a backend cannot run here: the reason and the cure
    ├── NotBuiltError (RuntimeError)      the network has no parameters yet
    ├── DataError (ValueError)            a data file or table cannot be used
    ├── CheckpointError (ValueError)      a saved network cannot be read
    └── RecordingError (TypeError)        code does what cannot be recorded; the network then runs it uncompiled

A message is one sentence on one line: ``<argument> must <rule>, got <value>.``
"""

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "BackendError",
    "CheckpointError",
    "DataError",
    "NotBuiltError",
    "RecordingError",
    "ShapeError",
    "XpnnError",
]


class XpnnError(Exception):
    """Base of all errors of this library."""


class ArgumentError(XpnnError, ValueError):
    """An argument breaks a rule."""


class ShapeError(ArgumentError):
    """An array has a shape that the receiver cannot use."""


class ArgumentTypeError(XpnnError, TypeError):
    """An argument has a type that the receiver cannot use."""


class BackendError(XpnnError, RuntimeError):
    """A backend is unknown to this machine or cannot run on it."""


class NotBuiltError(XpnnError, RuntimeError):
    """A network is asked for parameters before it knows its input shape."""


class DataError(XpnnError, ValueError):
    """A file or table holds no usable data."""


class CheckpointError(XpnnError, ValueError):
    """A file is no network that this version can read."""


class RecordingError(XpnnError, TypeError):
    """Code does something with an array that cannot be written down before its values are known."""
