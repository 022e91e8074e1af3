"""`History`: what was measured, epoch by epoch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["History"]


@dataclass(slots=True)
class History(Mapping[str, list[float]]):
    """Loss and metrics of each epoch as Python floats; a mapping from their names to lists.

    Parameters
    ----------
    epoch : list of int
        Numbers of the epochs, counted from 0 over the whole life of the network.
    history : dict of str to list of float
        ``"loss"``, the metrics, and with validation data the same with ``"val_"`` in front.

    Examples
    --------
    >>> history = History()
    >>> history.append(0, {"loss": 0.7})
    >>> history.append(1, {"loss": 0.5})
    >>> history["loss"]
    [0.7, 0.5]
    """

    epoch: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)

    def append(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Add the values of one epoch; a name that is missing in some epochs has NaN there.

        An epoch that is the last one already, since it was left in its middle and gone on with, is replaced.
        """
        if self.epoch and self.epoch[-1] == epoch:
            self.epoch.pop()
            for values in self.history.values():
                values.pop()
        missing = [float("nan")] * len(self.epoch)
        self.epoch.append(epoch)
        for name in logs:
            self.history.setdefault(name, list(missing))
        for name, values in self.history.items():
            values.append(float(logs.get(name, float("nan"))))

    def since(self, epoch: int) -> "History":
        """Return the part from `epoch` on."""
        start = next((i for i, e in enumerate(self.epoch) if e >= epoch), len(self.epoch))
        return History(self.epoch[start:], {name: values[start:] for name, values in self.history.items()})

    def plot(self, ax: Any = None) -> Any:
        """Draw all curves over the epochs with matplotlib (extra ``plot``); return the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.
        """
        if ax is None:
            from matplotlib import pyplot

            ax = pyplot.figure().subplots()
        for name, values in self.history.items():
            ax.plot([epoch + 1 for epoch in self.epoch], values, label=name)
        ax.set_xlabel("epoch")
        ax.legend()
        return ax

    def __getitem__(self, name: str) -> list[float]:
        return self.history[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.history)

    def __len__(self) -> int:
        return len(self.history)
