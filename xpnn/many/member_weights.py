"""`MemberWeights`: parameters and state of many networks of one architecture, behind each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpnn.namespaces import Batched
from xpnn.training.weights import Weights
from xpnn.typing import Array, Namespace, Params, State

__all__ = ["MemberWeights", "member_copy"]


class MemberWeights(Weights):
    """The weights of `members` behind each other on `backend`, a `BatchedBackend`; their own stay as they are."""

    def __init__(self, members: Sequence[Weights], backend: Any) -> None:
        first, xp = members[0], backend.inner.xp
        self.layer, self.layout, self.backend, self._xp = first.layer, first.layout, backend, xp
        self.half = first.half  # None: train_many refuses another
        self.dtype, self.host_dtype, self.in_place = first.dtype, first.host_dtype, first.in_place
        self.input_names, self.output_names = first.input_names, first.output_names
        self.frozen, self.frozen_layers = first.frozen, first.frozen_layers  # none: train_many refuses them
        self._state: State = _stack(xp, [weights.state for weights in members])
        self._flat = Batched(xp.stack([weights.flat for weights in members]))
        self._tree: Params | None = None

    def give_back(self, members: Sequence[Weights]) -> None:
        """Write what has been learnt into the members' own weights."""
        for i, weights in enumerate(members):
            weights.flat, weights.state = member_copy(self._xp, self._flat, i), _member(self._xp, self._state, i)


def member_copy(xp: Namespace, x: Batched, i: int) -> Array:
    """Copy of the array of member `i`."""
    return xp.astype(x.array[i, ...], x.dtype, copy=True)


def _stack(xp: Namespace, trees: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the arrays at the same place of several trees."""
    return {
        key: _stack(xp, [tree[key] for tree in trees])
        if isinstance(value, Mapping)
        else Batched(xp.stack([tree[key] for tree in trees]))
        for key, value in trees[0].items()
    }


def _member(xp: Namespace, tree: State, i: int) -> dict[str, Any]:
    return {key: _member(xp, v, i) if isinstance(v, Mapping) else member_copy(xp, v, i) for key, v in tree.items()}
