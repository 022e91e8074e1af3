"""`BatchedBackend`: a backend whose arrays hold all members of a family of networks."""

from typing import Any

from xpnn.context import RunContext
from xpnn.namespaces import Batched, BatchedNamespace
from xpnn.namespaces.batched import share
from xpnn.typing import Array, Backend, DType, HostArray

__all__ = ["BatchedBackend"]


class BatchedBackend:
    """The arrays of `members` networks on `backend`. See `xpnn.typing.Backend`.

    It has no compilers of its own, since what is compiled are the operations on the arrays of `backend`.
    """

    block_size = None

    def __init__(self, backend: Backend, members: int) -> None:
        self.inner, self.name, self.device = backend, backend.name, backend.device
        self.xp = BatchedNamespace(backend.xp, members)
        self.shares_views = bool(getattr(backend, "shares_views", False))
        self.erfc = self.xp.lift(RunContext(backend, False, None).erfc)  # type: ignore[arg-type]

    def asarray(self, values: Any, dtype: DType | None = None) -> Batched:
        """Bring batched host arrays to the device; other values are for all members."""
        if isinstance(values, Batched):
            return self.xp.batch(self.inner.asarray(values.array, dtype))
        return share(self.inner.asarray(values, dtype))

    def to_numpy(self, x: Array) -> HostArray:
        """Bring the arrays of all members to the host, shape (members, ...) or (1, ...)."""
        return self.inner.to_numpy(x.array)

    def synchronize(self) -> None:
        """Wait until the device has finished."""
        self.inner.synchronize()
