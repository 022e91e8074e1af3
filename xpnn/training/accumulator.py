"""`Accumulator`: adds up the gradients of several batches, for one update with their mean.

Over 150 lines: the class, its documentation, and the check of what cannot be added up.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from xpnn.errors import ArgumentError
from xpnn.losses import Loss
from xpnn.optimizers import Optimizer
from xpnn.training.accumulation import record_accumulation, record_update
from xpnn.training.compilation import Compilation
from xpnn.training.compiled import CompiledFunction
from xpnn.training.held import Held
from xpnn.training.measurement import Step
from xpnn.training.ports import rows
from xpnn.typing import Array

__all__ = ["Accumulator", "check_accumulation"]


def check_accumulation(optimizer: Optimizer, loss: Loss, weight: Any, batches: int) -> None:
    """Refuse more than one batch per step where their gradients cannot be added up.

    Raises
    ------
    ArgumentError
        If `optimizer` takes gradients elsewhere than at the parameters, or the outputs have sample weights `weight` of
        their own.
    """
    if batches > 1:
        _refuse_uneven(loss, weight)
    if batches > 1 and optimizer.needs_function:
        raise ArgumentError(
            f"gradient_accumulation_steps must be 1 for {optimizer!r}, which takes gradients at points of its own."
        )


def _refuse_uneven(loss: Loss, weight: Any) -> None:
    """Each mean is divided by the sum of its own weights, which is known only after the last batch."""
    if type(weight) is tuple and loss.reduction == "mean":
        raise ArgumentError(
            "gradient_accumulation_steps must be 1 where outputs have sample weights of their own, unless the losses "
            "have reduction='sum'."
        )


class Accumulator(Held):
    r"""Gradients of batches added up until the next update; `add` each batch, then `update` once.

    With the loss's reduction ``"mean"`` the update takes :math:`\sum_b s_b g_b / \sum_b s_b`, with :math:`s_b` the
    number of samples of a batch, or the sum of their weights: the gradient of one batch that holds them all. With
    ``"sum"`` it takes :math:`\sum_b g_b`. Penalties enter once. Layers see batch by batch.

    Parameters
    ----------
    learner : Learner
        Whose steps these are.
    compile : bool or str
        As for `Learner`.
    """

    def __init__(self, learner: Any, compile: bool | str) -> None:  # noqa: A002
        super().__init__(learner.weights, learner.updater)
        self.learner, self._xp, self._sums_at = learner, learner.backend.xp, (None, None)
        self.clear()
        self._compiled_add, self._compiled_update = (
            CompiledFunction(name, learner.backend, compile, partial(record, self), learner.streams)
            for name, record in (("accumulation", record_accumulation), ("update", record_update))
        )

    @property
    def is_mean(self) -> bool:
        """Whether gradients are weighted by the sizes of their batches."""
        return bool(self.learner.loss.reduction == "mean")

    @property
    def compilations(self) -> list[Compilation]:
        """What has been compiled, and how."""
        return [*self._compiled_add.reports, *self._compiled_update.reports]

    def clear(self) -> None:
        """Forget what has been added."""
        weights = self.learner.weights
        self.gradient = self._xp.zeros_like(weights.flat)
        self.share = self._xp.zeros((1,), dtype=weights.dtype, device=weights.backend.device)

    def add(self, x: Any, y: Any, weight: Any) -> Step:
        """Add a batch; the parameters stay, the layers' state moves on. Nothing waits for the device."""
        _refuse_uneven(self.learner.loss, weight)
        share = rows(y) if weight is None else None
        step: Step = self._compiled_add.run(
            (x, y, weight),
            self.for_step,
            lambda: self._add_eagerly(x, y, weight),
            lambda results, held: self._finish_add(results, held, share),
            dict,
        )
        return step

    def update(self) -> None:
        """One step of the optimizer along what has been added, which is 0 then."""
        learner = self.learner
        self._compiled_update.run((), self.for_step, self._update_eagerly, self._finish_update, learner.updater.scalars)

    def _add_eagerly(self, x: Any, y: Any, weight: Any) -> Step:
        step: Step
        result, step = self.learner.look(x, y, weight)
        gradient = self.learner.weights.gradient(result.grads)
        if self.is_mean:
            share = step.measured.share if weight is not None else float(rows(y))
            self.share = self.share + share
            gradient = gradient * share
        self.gradient = self.gradient + gradient
        self.learner.weights.state = result.state
        return step

    def _finish_add(self, results: list[Array], held: Sequence[Array], share: int | None) -> Step:
        self.take_over(held)
        step: Step = self.learner.as_step(results, share)
        return step

    def _update_eagerly(self) -> None:
        learner, gradient = self.learner, self.gradient
        if self.is_mean:
            gradient = gradient / self._xp.where(self.share == 0, 1.0, self.share)
        learner.updater.update(learner.penalised(gradient))
        self.clear()

    def _finish_update(self, results: list[Array], held: Sequence[Array]) -> None:
        self.take_over(held)
        self.learner.updater.step += 1

    def forget(self) -> None:
        """Look again at what there is, and compile again."""
        super().forget()
        self._compiled_add.forget()
        self._compiled_update.forget()

    def take_over(self, arrays: Sequence[Array]) -> None:
        """Let `arrays`, which a program has returned, be the present ones."""
        if arrays is not self._all:
            super().take_over(arrays[:-2])
            self.gradient, self.share = arrays[-2:]

    def _renewed(self) -> "Accumulator":
        before, sums = self._sources, (self.gradient, self.share)
        super()._renewed()
        if self._sources is not before or any(a is not b for a, b in zip(sums, self._sums_at, strict=True)):
            self._all, self._sums_at = [*self._base(), *sums], sums
        return self

    def _base(self) -> list[Array]:
        return [*self._readable, *self._updater.vectors.values(), *self._updater.masks.arrays]
