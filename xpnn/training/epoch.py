"""`Epoch`: an epoch under way, which may be left, saved, and gone on with."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentError, CheckpointError
from xpnn.training.measurement import Step
from xpnn.training.plan import Plan
from xpnn.training.totals import Totals
from xpnn.typing import HostArray

__all__ = ["Epoch", "EpochRecord", "begin_epoch"]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """A host copy of an `Epoch`.

    Parameters
    ----------
    place : dict
        Its plain fields.
    sums : dict of str to ndarray
        What `xpnn.training.totals.Totals.take` returned.
    own : dict of str to ndarray
        As in `Epoch`.
    """

    place: dict[str, Any]
    sums: dict[str, HostArray]
    own: dict[str, HostArray] = field(default_factory=dict)

    def check(self) -> "EpochRecord":
        """Return the record itself if it can have come from an `Epoch`.

        Raises
        ------
        CheckpointError, ArgumentError, KeyError
            If it cannot.
        """
        for name in ("number", "batches", "samples"):
            _check.integer(f"{name} of the epoch", self.place[name], 0)
        position = self.place["position"]
        is_position = position is None or (isinstance(position, list) and len(position) == 4)
        if not isinstance(self.place["plan"], dict) or not is_position:
            raise CheckpointError(f"epoch must hold a plan and a position of four integers, got {self.place!r}.")
        for word in position or ():
            _check.integer("position of the epoch", word, 0)
        return self


@dataclass(slots=True)
class Epoch:
    """Where an epoch stands.

    Parameters
    ----------
    number : int
        Counted from 0 over the whole life of the network.
    plan : dict
        Record of the plan by which it began.
    position : list of int or None
        Where the stream ``shuffle`` stood before the order of the samples was drawn; None if nothing is drawn.
    totals : Totals
        Sums of loss and metrics up to now.
    batches, samples : int
        What has been learnt from up to now.
    size : int or None
        Number of samples that the epoch will have, once it is known.
    own : dict of str to ndarray
        Parameters and state by name as training left them, where a callback has put others in their place at the end,
        such as an average or those of the best epoch; else nothing.
    """

    number: int
    plan: dict[str, Any]
    position: list[int] | None
    totals: Totals
    batches: int = 0
    samples: int = 0
    size: int | None = None
    own: dict[str, HostArray] = field(default_factory=dict)

    def add(self, step: Step, n: int) -> None:
        """Add what a batch of `n` samples tells."""
        if step.penalty is None:
            self.totals.add(step.value, step.measured)
        else:
            self.totals.add(step.value - step.penalty, step.measured)
            self.totals.add_penalty(step.penalty, n / (self.size or 1))
        self.batches += 1
        self.samples += n

    def read(self) -> dict[str, float]:
        """Wait for the device and return loss and metrics up to now."""
        return self.totals.read((self.size or 1) / max(self.samples, 1))

    def take(self) -> EpochRecord:
        """Copy it to the host."""
        names = ("number", "plan", "position", "batches", "samples")
        return EpochRecord({name: getattr(self, name) for name in names}, self.totals.take(), self.own)


def begin_epoch(network: Any, learner: Any, plan: Plan) -> Epoch:
    """Return the epoch under way if there is one, else a new one."""
    if learner.epoch is None or learner.epoch.batches == 0:
        totals = Totals(learner.loss, learner.metrics, learner.backend)
        number = network.history.epoch[-1] + 1 if network.history.epoch else 0
        learner.epoch = Epoch(number, plan.record(), None, totals)
        return learner.epoch  # type: ignore[no-any-return]
    epoch: Epoch = learner.epoch
    for name, value in plan.record().items():
        if epoch.plan.get(name) != value:
            raise ArgumentError(
                f"fit must have {name}={epoch.plan.get(name)!r} to go on in the middle of epoch {epoch.number}, got "
                f"{value!r}: resume=False begins a new epoch."
            )
    return epoch
