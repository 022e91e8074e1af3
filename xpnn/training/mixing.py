"""`Mixing`: what `fit` does with ``augment=``: which inputs of a batch are mixed, and by what share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xpnn import _check
from xpnn._tree import map_tree
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.training.batches import Batch
from xpnn.training.ports import rows

__all__ = ["Mixing", "as_mixing"]


@dataclass(frozen=True, slots=True)
class Mixing:
    """An augmentation and the inputs that it mixes, along with all targets.

    Parameters
    ----------
    augment : Mixup
        With the methods ``draw`` and ``mix`` of `xpnn.data.Mixup`.
    places : tuple of int, or None
        Which of several inputs; None is all of them, or the only one.
    """

    augment: Any
    places: tuple[int, ...] | None

    def batches(self, learner: Any, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Mix each batch by a share of its own, drawn from the stream ``mixup``."""
        for batch in batches:
            yield self.mix(learner, batch, self.augment.draw(learner.streams["mixup"]))

    def mix(self, learner: Any, batch: Batch, share: Any) -> Batch:
        """Mix one batch by `share`."""
        x, y, weight = batch
        chosen = x if self.places is None else tuple([x[i] for i in self.places])
        mixed, y, weight = self.augment.mix(learner.backend.xp, chosen, y, weight, share, learner.output_shape)
        if self.places is not None:
            parts = dict(zip(self.places, mixed, strict=True))
            mixed = tuple([parts.get(i, part) for i, part in enumerate(x)])
        return Batch(mixed, y, weight)

    def check(self, learner: Any, samples: Any) -> None:
        """Mix about a hundred samples, so that a loss that wants no mixed targets says so before anything is learnt.

        Raises
        ------
        ArgumentError
            If labels are compared with each other alone, or what the loss raises.
        """
        for loss in getattr(learner.loss, "losses", (learner.loss,)):
            if not getattr(loss, "mixes", True):
                _check.refuse("augment", f"be left out with {loss!r}, whose labels cannot be mixed", self.augment)
        some = slice(None, None, max(rows(samples.y) // 100, 1))
        x, y = map_tree(lambda a: a[some, ...], (samples.x, samples.y))
        y = self.mix(learner, Batch(x, y, None), 0.75).y
        learner.loss.check_targets(map_tree(learner.backend.to_numpy, y), learner.output_shape)


def as_mixing(augment: Any, learner: Any) -> Mixing | None:
    """Take ``augment=`` of `fit`: an augmentation, or a mapping from the names of inputs to it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is neither, an input is unknown or holds indices, or inputs shall be mixed in different ways.
    """
    if augment is None:
        return None
    names = learner.weights.input_names
    rule, parts = _parts(augment, names)
    for part in parts:
        if isinstance(part, type) or not hasattr(part, "mix"):
            raise ArgumentTypeError(f"augment must be a xpnn.data.Mixup, got {part!r}.")
    if any(part != parts[0] for part in parts):
        raise ArgumentError(f"augment must be one for all inputs, since targets are mixed but once, got {augment!r}.")
    places = tuple([i for i, name in enumerate(names or ("x",)) if rule is None or name in rule])
    bounds = getattr(learner.weights.layer, "index_bound", None)
    bounds = bounds if isinstance(bounds, tuple) else (bounds,)
    for i in places:
        if i < len(bounds) and bounds[i] is not None:
            place = f"of {names[i]!r} " if names else ""
            cure = ": give a mapping from the names of the inputs to be mixed" if len(names) > 1 else ""
            raise ArgumentError(f"augment must leave alone the indices {place}in x, got {augment!r}{cure}.")
    return Mixing(parts[0], places if rule is not None and len(names) > 1 else None)


def _parts(augment: Any, names: tuple[str, ...]) -> tuple[Mapping[str, Any] | None, list[Any]]:
    """Return the mapping, if it is one, and the augmentations."""
    if not isinstance(augment, Mapping):
        return None, [augment]
    if not names or not augment:
        raise ArgumentTypeError(f"augment must be a mapping only from names of inputs, got {augment!r}.")
    for name in augment:
        _check.choice("names in augment", name, names)
    return augment, list(augment.values())
