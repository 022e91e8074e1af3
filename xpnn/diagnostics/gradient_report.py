"""`gradient_report`: sizes of parameters, gradients and updates, layer by layer."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from xpnn.diagnostics._table import as_table
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["GradientReport", "gradient_report"]


class Row(NamedTuple):
    """One parameter of a `GradientReport`.

    Attributes
    ----------
    name : str
        E.g. ``"0.weight"``.
    parameter_norm, gradient_norm : float
        Euclidean norms.
    update_ratio : float
        Norm of the change in one step of the optimizer, divided by that of the parameter; NaN where the parameter is 0.
    """

    name: str
    parameter_norm: float
    gradient_norm: float
    update_ratio: float


@dataclass(frozen=True, slots=True)
class GradientReport:
    """What one batch would do to each parameter; printed, it is a table.

    Parameters
    ----------
    rows : tuple of Row
        One for each parameter, in the order of `xpnn.Network.parameters`.
    loss, gradient_norm : float
        Loss of the batch, and norm of its whole gradient.
    """

    rows: tuple[Row, ...]
    loss: float
    gradient_norm: float

    def __str__(self) -> str:
        cells = [
            (r.name, f"{r.parameter_norm:.3g}", f"{r.gradient_norm:.3g}", f"{r.update_ratio:.3g}") for r in self.rows
        ]
        table = as_table(("parameter", "norm", "gradient", "update / norm"), cells)
        return f"{table}\nloss {self.loss:.4g}, norm of the whole gradient {self.gradient_norm:.3g}"


def gradient_report(net: Network, x: Any, y: Any, *, sample_weight: Any = None) -> GradientReport:
    """Compare the gradients of one batch layer by layer; the network stays as it is.

    Gradients that shrink or grow by orders of magnitude from layer to layer vanish or explode. Updates of a healthy
    network are about 1/1000 of the weights in each step: much more is a learning rate too high, much less too low.

    Parameters
    ----------
    net : Network
        Built or not.
    x, y, sample_weight : array
        One batch, as for `xpnn.Network.train_on_batch`.

    Examples
    --------
    >>> from xpnn import Network, data
    >>> from xpnn.layers import Dense
    >>> net = Network([Dense(8, activation="relu"), Dense(2)], seed=0)
    >>> report = gradient_report(net, *data.moons(50, seed=0))
    >>> [row.name for row in report.rows]
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """
    trial = net.copy_to(net.backend)
    loss, gradients, _ = trial.loss_and_gradients(x, y, sample_weight=sample_weight)
    before = trial.parameters
    trial.train_on_batch(x, y, sample_weight=sample_weight)
    after = trial.parameters
    rows = []
    for name, gradient in gradients.items():
        size, change = _norm(before[name]), _norm(after[name].astype("float64") - before[name])
        rows.append(Row(name, size, _norm(gradient), change / size if size else float("nan")))
    return GradientReport(tuple(rows), loss, float(np.linalg.norm([row.gradient_norm for row in rows])))


def _norm(x: HostArray) -> float:
    return float(np.linalg.norm(np.ravel(x).astype("float64")))
