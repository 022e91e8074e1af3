"""`Learner`: layers, loss, optimizer and weights on one backend; it can run one step.

Over 150 lines: a step, a prediction and a measurement, each eager and compiled, on the same parts.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from xpnn._tree import has_parts, tree_leaves
from xpnn.context import RunContext
from xpnn.losses import Loss, WeightedLosses
from xpnn.metrics import Metric
from xpnn.optimizers import Optimizer
from xpnn.random import Streams
from xpnn.training.accumulator import Accumulator
from xpnn.training.compilation import Compilation
from xpnn.training.compile_mode import find_compilers
from xpnn.training.compiled import CompiledFunction
from xpnn.training.epoch import Epoch
from xpnn.training.evaluations import Evaluations
from xpnn.training.frozen import frozen_layers
from xpnn.training.gradients import Gradients, loss_and_gradients
from xpnn.training.held import Held
from xpnn.training.in_half import InHalf
from xpnn.training.measurement import Measurement, Step, compare, measure
from xpnn.training.parameter_group import ParameterGroup
from xpnn.training.penalty import Penalty
from xpnn.training.ports import rows
from xpnn.training.recording import record_measurement, record_outputs, record_step
from xpnn.training.updater import Updater
from xpnn.training.weights import Weights
from xpnn.typing import Array

__all__ = ["Learner"]


_LARGE = 2**18
"""Parameters from which on a forward pass takes about as long as it takes to record one."""

_LEAST_FACTOR = 2.0**-39
"""What the factor of the loss is multiplied by at last, so that it fits where even the largest one is far too large."""

_PATIENCE = 0.005
"""Seconds that predictions for one shape must have taken before they are compiled: many shapes are seen but once."""


class Learner:
    """Everything that a built network needs to learn and to predict.

    Parameters
    ----------
    weights : Weights
        Parameters and state, with their layers and their backend.
    loss : Loss
        Compares outputs with targets.
    metrics : sequence of Metric
        Measured along with the loss.
    optimizer : Optimizer
        Changes the parameters.
    penalty : Penalty
        L1 and L2 on the weights.
    streams : Streams
        Random streams.
    input_shape, output_shape : tuple of int, or tuple of such tuples
        Shapes of one sample, of each of several inputs or outputs.
    compile : bool or str
        See `xpnn.training.compiled.CompiledFunction`.
    groups : sequence of ParameterGroup
        Parameters with factors of their own.
    """

    def __init__(
        self,
        weights: Weights,
        loss: Loss,
        metrics: Sequence[Metric],
        optimizer: Optimizer,
        penalty: Penalty,
        streams: Streams,
        input_shape: Any,
        output_shape: Any,
        compile: bool | str = True,  # noqa: A002
        groups: Sequence[ParameterGroup] = (),
    ) -> None:
        self.weights, self.backend = weights, weights.backend
        self.layer = weights.layer if weights.half is None else InHalf(weights.layer, weights.half)
        self.loss, self.metrics, self.streams = loss, metrics, streams
        self.input_shape, self.output_shape = input_shape, output_shape
        self.updater = Updater(optimizer, weights, penalty, groups)
        self.epoch: Epoch | None = None
        self._held, self._compile = Held(weights, self.updater), compile
        patience = 0.0 if weights.layout.size >= _LARGE else _PATIENCE
        is_exact = all(compiler.is_exact for compiler in find_compilers(self.backend, compile)[:1])
        self._compiled_step, self._compiled_outputs, self._compiled_measurement = (
            CompiledFunction(name, self.backend, mode, partial(record, self), streams, seconds)
            for name, mode, record, seconds in (
                ("step", False if optimizer.searches else compile, record_step, 0.0),
                ("outputs", compile, record_outputs, patience),
                ("measurement", compile, record_measurement, patience if is_exact else 0.0),
            )
        )
        self._inference = RunContext(self.backend, False, streams)
        self._make_contexts()

    def _make_contexts(self) -> None:
        common = self.backend, True, self.streams, ""
        self._step = RunContext(*common, wants_dx=False, frozen_layers=self.weights.frozen_layers)
        self._training = RunContext(*common, frozen_layers=self.weights.frozen_layers)

    def freeze(self, frozen: frozenset[str]) -> None:
        """Let the parameters of these names stay as they are from now on, and all others move."""
        weights = self.weights
        weights.frozen, weights.frozen_layers = frozen, frozen_layers(weights.layout, frozen)
        self.updater.freeze(frozen)
        self._make_contexts()
        self._held.forget()
        self._compiled_step.forget()
        if "accumulator" in self.__dict__:
            self.accumulator.forget()

    def step(self, x: Any, y: Any, weight: Any) -> Step:
        """One step of training: gradients, then the update, then the state. Nothing waits for the device."""
        share = rows(y) if weight is None else None
        step: Step = self._compiled_step.run(
            (x, y, weight),
            self._held.for_step,
            lambda: self._step_eagerly(x, y, weight),
            lambda results, held: self._finish_step(results, held, share),
            self.updater.scalars,
        )
        return step

    def _step_eagerly(self, x: Any, y: Any, weight: Any) -> Step:
        seen = Evaluations(self, x, y, weight)
        self.updater.step_by(seen)
        result, penalty = seen.first, seen.penalty
        measured = self._measure(result.outputs, y, weight, result.losses)
        self.weights.state = result.state
        return Step(result.value if penalty is None else result.value + penalty, penalty, measured)

    def _finish_step(self, results: list[Array], held: Sequence[Array], share: int | None) -> Step:
        """Take over what a compiled step has computed; `share` is None if it is among the results."""
        self._held.take_over(held)
        self.updater.step += 1
        return self.as_step(results, share)

    @cached_property
    def accumulator(self) -> Accumulator:
        """For steps of several batches."""
        return Accumulator(self, self._compile)

    def look(self, x: Array, y: Array, weight: Any) -> tuple[Gradients, Step]:
        """Gradients of a step, without the penalties', and what it tells; nothing changes yet."""
        result = self._run(x, y, weight, self._step)
        penalty = self.penalty() if self.updater.penalty else None
        measured = self._measure(result.outputs, y, weight, result.losses)
        return result, Step(result.value if penalty is None else result.value + penalty, penalty, measured)

    def as_step(self, results: list[Array], share: int | None) -> Step:
        """Name the outputs of a recorded step; `share` is None if it is among them."""
        penalty = results.pop(1) if self.updater.penalty else None
        value, measured = self._as_measurement(results, share)
        return Step(value, penalty, measured)

    @property
    def compilations(self) -> list[Compilation]:
        """What has been compiled, and how."""
        functions = self._compiled_step, self._compiled_outputs, self._compiled_measurement
        accumulated = self.accumulator.compilations if "accumulator" in self.__dict__ else []
        return [*(report for function in functions for report in function.reports), *accumulated]

    def gradients(self, x: Any, y: Any, weight: Any, training: bool) -> Gradients:
        """Loss and gradients of one batch, that of the input too, without the penalties; see `full_gradient`.

        In half precision the device is waited for: while gradients overflow, the factor of the loss is made smaller.
        """
        ctx = self._training if training else self._inference
        if self.updater.scale_of(self.updater.vectors) is None:
            return self._run(x, y, weight, ctx)
        positions, factor = self.streams.positions, 1.0
        result = self._run(x, y, weight, ctx)
        while factor > _LEAST_FACTOR and self._overflows(result):
            self.streams.positions, factor = positions, factor / 8.0
            result = self._run(x, y, weight, ctx, factor=factor)
        return result

    def _overflows(self, result: Gradients) -> bool:
        """Whether the loss is finite and some gradient is not."""
        xp, leaves = self.backend.xp, tree_leaves((result.dx, result.grads))
        return bool(xp.isfinite(result.value)) and not all(bool(xp.all(xp.isfinite(leaf))) for leaf in leaves)

    def run_step(self, x: Any, y: Any, weight: Any, p: Array) -> Gradients:
        """Loss and gradients as in a step, at the flat parameters `p`."""
        return self._run(x, y, weight, self._step, p)

    def _run(
        self, x: Any, y: Any, weight: Any, ctx: RunContext, p: Array | None = None, factor: float = 1.0
    ) -> Gradients:
        weights = self.weights
        tree = weights.tree if p is None else weights.tree_of(p)
        scale = self.updater.scale_of(self.updater.vectors)
        scale = None if scale is None else factor * scale
        return loss_and_gradients(self.layer, self.loss, tree, weights.state, x, y, weight, ctx, scale)

    def full_value(self, result: Gradients, p: Array | None = None) -> Array:
        """Loss of the batch with the penalties at the flat parameters `p`, by default the present ones; a 0-d array."""
        return result.value + self.penalty(p) if self.updater.penalty else result.value

    def full_gradient(self, result: Gradients, p: Array | None = None) -> Array:
        """Gradient of the loss as one vector, that of the penalties at `p` included; valid until the next call."""
        return self.penalised(self.weights.gradient(result.grads), p)

    def penalised(self, gradient: Array, p: Array | None = None) -> Array:
        """Add the gradient of the penalties at `p`, if there are any."""
        if not self.updater.penalty:
            return gradient
        p = self.weights.flat if p is None else p
        return gradient + self.updater.penalty.gradient(self.backend.xp, p, self.updater.mask)

    def outputs(self, x: Any) -> Any:
        """Raw outputs for a batch, in inference mode."""
        return self._compiled_outputs.run(
            (x,), self._held.for_outputs, lambda: self._outputs_eagerly(x), self._finish_outputs, dict
        )

    def _finish_outputs(self, results: list[Array], held: Sequence[Array]) -> Any:
        return tuple(results) if has_parts(self.output_shape) else results[0]

    def _outputs_eagerly(self, x: Any) -> Any:
        return self.layer.forward(self.weights.tree, self.weights.state, x, self._inference)[0]

    def measure(self, x: Any, y: Any, weight: Any) -> tuple[Array, Measurement]:
        """Loss of a batch without the penalties, and what it adds to the metrics, in inference mode."""
        share = rows(y) if weight is None else None
        result: tuple[Array, Measurement] = self._compiled_measurement.run(
            (x, y, weight),
            self._held.for_outputs,
            lambda: self._measure_eagerly(x, y, weight),
            lambda results, held: self._as_measurement(results, share),
            dict,
        )
        return result

    def _as_measurement(self, results: list[Array], share: int | None) -> tuple[Array, Measurement]:
        value, *rest = results
        count = rest.pop(0) if share is None else share
        losses = rest.pop(0) if isinstance(self.loss, WeightedLosses) else None
        return value, Measurement(count, rest, losses)

    def _measure_eagerly(self, x: Any, y: Any, weight: Any) -> tuple[Array, Measurement]:
        outputs = self._outputs_eagerly(x)
        value, losses, _ = compare(self.loss, self.backend.xp, outputs, y, weight)
        return value, self._measure(outputs, y, weight, losses)

    def _measure(self, outputs: Any, y: Any, weight: Any, losses: Sequence[Array]) -> Measurement:
        return measure(self.loss, self.metrics, self.backend.xp, self.backend.device, outputs, y, weight, losses)

    def penalty(self, p: Array | None = None) -> Array:
        """Value of the penalties at the flat parameters `p`, by default the present ones; a 0-d array."""
        p = self.weights.flat if p is None else p
        return self.updater.penalty.value(self.backend.xp, p, self.updater.mask)
