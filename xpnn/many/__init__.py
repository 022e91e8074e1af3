"""Many small networks at once: seeds, settings and folds as one more leading axis of the same code."""

from xpnn.many.result import Many
from xpnn.many.train import train_many

__all__ = ["Many", "train_many"]
