"""Random configurations of everything that somebody else has too, and how far xpnn is from them.

A *family* is a function that draws one `Case` from a generator: a layer, a loss, an optimizer with random sizes, and an
oracle that nobody here wrote (PyTorch in float64, optax). `errors` compares the two on one backend. The tests draw a
few cases of every family; ``bench/bench_agreement.py`` draws hundreds and keeps the table of the worst errors.
"""

from agreement import (
    attention,
    basic,
    convolution,
    functions,
    losses,
    norms,
    optimizers,
    recurrent,
    smoothing,
    topology,
)
from agreement.case import Case, errors

__all__ = ["FAMILIES", "Case", "errors"]

_TOPICS = (
    attention,
    basic,
    convolution,
    functions,
    losses,
    norms,
    optimizers,
    recurrent,
    smoothing,
    topology,
)

FAMILIES = {name: family for topic in _TOPICS for name, family in topic.FAMILIES.items()}
"""Functions of a generator that return a `Case`, by what they draw."""
