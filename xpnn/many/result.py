"""`Many`: networks that were trained together, and how they compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.many.folds import Fold
from xpnn.network import Network
from xpnn.training.history import History

__all__ = ["Many"]

_LESS_IS_BETTER = ("loss", "error", "mse", "mae")


@dataclass(frozen=True, slots=True, repr=False)
class Many:
    """What `xpnn.train_many` returns.

    Attributes
    ----------
    networks : tuple of Network
        The members, each as if it had been trained alone; they can predict, be saved, and be trained further.
    settings : tuple of dict
        What is special about each: ``{"learning_rate": 0.1, "seed": 3}``.
    folds : tuple of (ndarray, ndarray)
        With ``folds=``: the rows that each member has learnt from, and the rows that it was measured on.
    """

    networks: tuple[Network, ...]
    settings: tuple[Mapping[str, Any], ...]
    folds: tuple[Fold, ...] = ()

    def __len__(self) -> int:
        return len(self.networks)

    @property
    def histories(self) -> tuple[History, ...]:
        """Loss and metrics of each member, epoch by epoch."""
        return tuple(network.history for network in self.networks)

    def last(self, metric: str) -> list[float]:
        """Values of a metric after the last epoch, one for each member.

        Raises
        ------
        ArgumentError
            If it was not measured: with the nearest match and the list; or if there was no epoch.
        """
        if not self._measured:
            raise ArgumentError(f"metric must have been measured, got {metric!r} after 0 epochs.")
        _check.choice("metric", metric, self._measured)
        return [history[metric][-1] for history in self.histories]

    def best(self, metric: str = "val_loss") -> Network:
        """Return the network that is best after the last epoch: least for losses and errors, else greatest.

        NaN is worse than any number; among equals the first is taken.
        """
        return self.networks[self._order(metric)[0]]

    def summary(self, metric: str | None = None) -> str:
        """Return a table: a line for each member with its settings and last values, the best by `metric` first.

        Without `metric` the members stay in their order. Means and standard deviations over the members stand below.
        """
        order = range(len(self)) if metric is None else self._order(metric)
        names, measured = list(self.settings[0]), self._measured
        columns = [self.last(name) for name in measured]
        lines = [["member", *names, *measured]]
        lines += [
            [str(i), *(_text(self.settings[i][name]) for name in names), *(f"{c[i]:.4g}" for c in columns)]
            for i in order
        ]
        if columns:
            lines.append(["mean", *[""] * len(names), *(f"{np.mean(c):.4g}" for c in columns)])
            lines.append(["std", *[""] * len(names), *(f"{np.std(c):.4g}" for c in columns)])
        return _table(lines)

    def __repr__(self) -> str:
        return f"<{len(self)} networks trained together>\n{self.summary()}"

    @property
    def _measured(self) -> list[str]:
        return list(self.networks[0].history)

    def _order(self, metric: str) -> list[int]:
        sign = 1.0 if metric.endswith(_LESS_IS_BETTER) else -1.0
        scores = [sign * value for value in self.last(metric)]
        return sorted(range(len(self)), key=lambda i: (scores[i] != scores[i], scores[i]))


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    rule = "-" * len(text[0])
    return "\n".join([text[0], rule, *text[1:]])
