"""`MemberTotals`: loss and metrics of many batches, for each member."""

from collections.abc import Sequence
from typing import Any

from xpnn.backend import get_backend
from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.namespaces import Batched
from xpnn.training.totals import Totals
from xpnn.typing import HostArray

__all__ = ["MemberTotals"]


class MemberTotals(Totals):
    """Running totals of batched losses and metrics; nothing waits for the device until they are read."""

    def __init__(self, loss: Loss, metrics: Sequence[Metric], backend: Any) -> None:
        super().__init__(loss, metrics, backend)
        self._members = backend.xp.members

    def read_members(self) -> list[dict[str, float]]:
        """Wait for the device and return each member's loss and metrics by name."""
        value, weight, penalty = (self._to_host(x) for x in (self._value, self._weight, self._penalty))
        totals = [self._to_host(total) for total in self.totals()]
        logs = []
        for i in range(self._members):
            one = Totals(self._loss, self._metrics, get_backend("numpy"))
            one._value, one._weight, one._penalty = _member(value, i), float(_member(weight, i)), _member(penalty, i)
            one._totals = [(1, [_member(total, i) for total in totals])]
            logs.append(one.read())
        return logs

    def _to_host(self, x: Any) -> Any:
        return self._backend.to_numpy(x) if isinstance(x, Batched) else x


def _member(x: HostArray | float | None, i: int) -> Any:
    """Part of member `i` of a host array, or what all share."""
    if x is None or isinstance(x, int | float):
        return x
    return x[i if x.shape[0] > 1 else 0]
