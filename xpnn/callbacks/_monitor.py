"""`Monitor`: watches one value of the history for improvement."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from xpnn import _check
from xpnn.errors import ArgumentTypeError

__all__ = ["Monitor"]

_LESS_IS_BETTER = ("loss", "error", "mse", "mae")


class Monitor:
    """Best value so far of `monitor`, in the direction of `mode`."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if not isinstance(monitor, str):
            raise ArgumentTypeError(f"monitor must be the name of a value in the history, got {monitor!r}.")
        self.monitor = monitor
        mode = _check.choice("mode", mode, ("auto", "min", "max"))
        less = mode == "min" or (mode == "auto" and monitor.endswith(_LESS_IS_BETTER))
        self._sign = -1.0 if less else 1.0
        self._min_delta = min_delta
        self.reset()

    def reset(self) -> None:
        """Forget the best value."""
        self._best = -float("inf")

    def state_dict(self) -> dict[str, Any]:
        """Return what is watched, and the best value of it."""
        return {"monitor": self.monitor, "sign": self._sign, "best": self._best}

    def load_state_dict(self, state: Mapping[str, Any]) -> bool:
        """Go on from a best value, and return True; if it is one of something else, return False and keep one's own."""
        fits = bool(state["monitor"] == self.monitor and state["sign"] == self._sign)
        if fits:
            self._best = float(state["best"])
        return fits

    def check(self, measured: Sequence[str]) -> None:
        """Refuse to wait for a validation value that will never be measured.

        Raises
        ------
        ArgumentError
            With the nearest match and the list.
        """
        if self.monitor.startswith("val_") and self.monitor not in measured:
            _check.choice("monitor", self.monitor, measured)

    def value(self, logs: Mapping[str, float]) -> float:
        """Return the monitored value of an epoch."""
        if self.monitor not in logs:
            _check.choice("monitor", self.monitor, logs)
        return logs[self.monitor]

    def swap(self, network: Any) -> AbstractContextManager[None]:
        """Let `network` have the parameters with which the value was measured inside a ``with`` block."""
        return network.as_validated() if self.monitor.startswith("val_") else nullcontext()

    def improves(self, value: float) -> bool:
        """Tell whether `value` beats the best so far by more than `min_delta`, and then remember it."""
        better = self._sign * value > self._best + self._min_delta
        if better:
            self._best = self._sign * value
        return better

    def beats(self, value: float, baseline: float) -> bool:
        """Tell whether `value` beats `baseline` by more than `min_delta`."""
        return self._sign * value > self._sign * baseline + self._min_delta
