"""`Plan`: how `fit` goes through its samples in an epoch."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xpnn.typing import HostArray

if TYPE_CHECKING:
    from xpnn.data import Sampler

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What must stay the same when an epoch is left and gone on with later.

    Parameters
    ----------
    samples : int or None
        Size of the data set; None if it comes as an iterable of batches.
    batch_size : int or None
        None is all samples, or batches as they come.
    shuffle : bool
        Whether samples are taken in a fresh order.
    gradient_accumulation_steps : int
        Number of batches per step.
    sampler : Sampler or None
        Draws the samples of an epoch.
    targets : ndarray, dict of str to ndarray, or None
        Targets on the host, for the sampler; by the names of several outputs.
    """

    samples: int | None
    batch_size: int | None
    shuffle: bool
    gradient_accumulation_steps: int = 1
    sampler: "Sampler | None" = None
    targets: HostArray | dict[str, HostArray] | None = field(default=None, repr=False, compare=False)

    @property
    def draws(self) -> bool:
        """Whether an epoch begins with a draw."""
        if self.sampler is not None:
            return True
        return self.shuffle and self.samples is not None and (self.batch_size or self.samples) < self.samples

    def order(self, rng: Any) -> HostArray | None:
        """Draw the samples of an epoch, shape (m,); None if they are taken as they are."""
        if self.sampler is not None:
            return self.sampler.indices(rng, self.targets)
        return rng.permutation(self.samples or 0) if self.draws else None

    def record(self) -> dict[str, Any]:
        """Plain data that are equal for equal plans."""
        return {
            "samples": self.samples,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            "sampler": None if self.sampler is None else type(self.sampler).__name__,
        }
