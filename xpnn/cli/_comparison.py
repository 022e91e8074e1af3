"""`Comparison`: what `xpnn demo` has found out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xpnn.bench import Timings
from xpnn.cli._curve import curve
from xpnn.cli._output import number, table
from xpnn.cli._trial import BATCH, Data, Trial

__all__ = ["Comparison"]

_TOLERANCE = 1e-3
"""Greatest relative difference of the losses that some hundred steps in float32 may make of rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Trials by backend, at least one, the times of their steps, and why other backends did not take part."""

    data: Data
    trials: Mapping[str, Trial]
    timings: Timings
    unavailable: Mapping[str, str]

    @property
    def difference(self) -> float:
        """Greatest relative difference of the loss of an epoch from that of the first backend; NaN if one is NaN."""
        reference, *others = [trial.loss for trial in self.trials.values()]
        pairs = [pair for loss in others for pair in zip(loss, reference, strict=True)]
        differences = [abs(mine - first) / max(abs(first), 1e-30) for mine, first in pairs]
        return max(differences, default=0.0, key=lambda value: math.inf if math.isnan(value) else value)

    @property
    def agree(self) -> bool:
        """Whether the differences are those of rounding; False for NaN."""
        return self.difference <= _TOLERANCE

    @property
    def by_speed(self) -> list[str]:
        """Names of the backends, the fastest step first."""
        return sorted(self.trials, key=self._step_us)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON data."""
        rows = {
            name: {
                "test_accuracy": trial.test_accuracy,
                "training_seconds": trial.seconds,
                "step_us": self._step_us(name),
                "loss": trial.loss,
                "accuracy": trial.net.history["accuracy"],
            }
            for name, trial in self.trials.items()
        }
        verdict = {"losses_agree": self.agree, "greatest_difference": self.difference, "fastest": self.by_speed[0]}
        return {"backends": rows, **verdict, "unavailable": dict(self.unavailable)}

    def __str__(self) -> str:
        first = next(iter(self.trials.values()))
        parts = [
            f"64 pixels, two hidden layers, 10 digits: {first.net.count_parameters():,} parameters, "
            f"{first.net.optimizer!r}.\n{len(self.data.x):,} pictures to learn from, {len(self.data.x_test)} others "
            "for the test.",
            f"Loss of each epoch\n\n{curve(first.loss)}",
            self._table(),
            self._agreement(),
            self._speed(),
            *self.unavailable.values(),
        ]
        return "\n\n".join(parts)

    def _table(self) -> str:
        rows = [["backend", "first loss", "last loss", "test accuracy", "training (s)", "one step (ms)"]]
        for name, trial in self.trials.items():
            values = [trial.loss[0], trial.loss[-1], trial.test_accuracy, trial.seconds, self._step_us(name) / 1e3]
            rows.append([name, *map(number, values)])
        return table(rows)

    def _agreement(self) -> str:
        if len(self.trials) == 1:
            return "One backend runs here, so there is none to compare it with."
        verb = "agree" if self.agree else "DISAGREE"
        return f"The losses of all backends {verb}: they differ by at most {self.difference:.1e} of their value."

    def _speed(self) -> str:
        best, *others = self.by_speed
        if not others:
            return f"One step on {BATCH} pictures takes {best} {self._step_us(best) / 1e3:.3f} ms."
        ratios = ", ".join(f"{self.timings.ratio(name, best).median:.1f} times as long on {name}" for name in others)
        cure = "'xpnn bench' finds the size from which on that changes."
        return f"At this size {best} is the fastest: one step takes {ratios}. {cure}"

    def _step_us(self, name: str) -> float:
        return self.timings.step_us(name).median
