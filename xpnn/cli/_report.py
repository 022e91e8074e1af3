"""What `xpnn train` says about a trained network."""

from dataclasses import dataclass

from xpnn.cli._output import count, number, print_json, table
from xpnn.data import Dataset
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["CHUNK", "Report", "Samples", "describe"]

CHUNK = 4096
"""Samples that are measured or predicted at a time, so that memory is bounded."""

Samples = tuple[HostArray, HostArray]
"""Inputs and targets."""


def describe(path: str, dataset: Dataset, net: Network) -> str:
    """Say in two lines what will be learnt from what."""
    what = f"{len(dataset.class_names)} classes" if dataset.class_names else "regression"
    target = f"target {dataset.target_name}, " if dataset.target_name else ""
    shape = dataset.x.shape[1:]
    features = count(shape[0], "feature") if len(shape) == 1 else f"arrays of shape {shape}"
    first = f"{path}: {count(len(dataset.x), 'sample')}, {features}, {target}{what}"
    return f"{first}\n{count(net.count_parameters(), 'parameter')}, {net.optimizer!r}, {net.backend.name}, {net.dtype}"


@dataclass(frozen=True, slots=True)
class Report:
    """Measurements after training, in the units of the data."""

    net: Network
    dataset: Dataset
    train: Samples
    validation: Samples | None
    seconds: float
    saved: str | None

    def show(self, as_json: bool) -> None:
        """Print to stdout."""
        parts = {"training": self.train} | ({"validation": self.validation} if self.validation else {})
        measured = {name: self.net.evaluate(*part, batch_size=CHUNK) for name, part in parts.items()}
        if as_json:
            self._print_json(measured)
            return
        print(f"{count(len(self.net.history.epoch), 'epoch')} in {self.seconds:.1f} s\n")
        heads = list(measured["training"])
        rows = [[name, *[number(values[head]) for head in heads]] for name, values in measured.items()]
        print(table([["", *heads], *rows]))
        if self.saved:
            print(f"\nsaved {self.saved}")

    def _print_json(self, measured: dict[str, dict[str, float]]) -> None:
        net = self.net
        print_json(
            {
                **net.notes,
                "samples": len(self.dataset.x),
                "parameters": net.count_parameters(),
                "backend": net.backend.name,
                "dtype": net.dtype,
                "epochs": len(net.history.epoch),
                "seconds": self.seconds,
                **measured,
                "history": dict(net.history),
                "saved": self.saved,
            }
        )
