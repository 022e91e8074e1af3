"""What recurrent layers share: their inputs, the loop over time, its reverse, and the products outside of the loop.

A cell says what one step does and how a gradient goes back through it; see `SimpleRNN`, the shortest. Inside, sequences
lie in order of time, the batch second, so that a step is a slice of rows. All projections of inputs are one product
before the loop, and so is the gradient of each weight after it.

Over 150 lines: the loop over time and its reverse are read together.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.initializers import GlorotUniform, Orthogonal, Zeros, get_initializer
from xpnn.layers._rules import check_rules
from xpnn.layers._sequence import flatten_time, split_inputs, split_shapes, unflatten_time, valid_steps
from xpnn.typing import Array, Context, Named, Params, Rng, State

__all__ = ["Recurrent"]


@dataclass(frozen=True, slots=True, repr=False)
class Recurrent(Record, ABC):
    """Base of the recurrent layers; the parameters are explained in `SimpleRNN`."""

    n_gates: ClassVar[int] = 1
    n_states: ClassVar[int] = 1

    units: int
    use_bias: bool = field(default=True, kw_only=True)
    return_sequences: bool = field(default=False, kw_only=True)
    return_state: bool = field(default=False, kw_only=True)
    go_backwards: bool = field(default=False, kw_only=True)
    mask_value: float | None = field(default=None, kw_only=True)
    masked: bool = field(default=False, kw_only=True)
    zero_output_for_mask: bool = field(default=False, kw_only=True)
    truncate: int | None = field(default=None, kw_only=True)
    weight_initializer: Named = field(default=GlorotUniform(), kw_only=True)
    recurrent_initializer: Named = field(default=Orthogonal(), kw_only=True)
    bias_initializer: Named = field(default=Zeros(), kw_only=True)
    weight_regularizer: Named = field(default=None, kw_only=True)
    recurrent_regularizer: Named = field(default=None, kw_only=True)
    bias_regularizer: Named = field(default=None, kw_only=True)
    weight_constraint: Named = field(default=None, kw_only=True)
    recurrent_constraint: Named = field(default=None, kw_only=True)
    bias_constraint: Named = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("units", _check.integer("units", self.units))
        for flag in ("use_bias", "return_sequences", "return_state", "go_backwards", "masked", "zero_output_for_mask"):
            self._set(flag, _check.boolean(flag, getattr(self, flag)))
        if self.mask_value is not None:
            self._set("mask_value", _check.number("mask_value", self.mask_value))
            if self.masked:
                _check.refuse("mask_value", "be None where a mask is given (masked=True)", self.mask_value)
        if self.truncate is not None:
            self._set("truncate", _check.integer("truncate", self.truncate))
        for part in ("weight_initializer", "recurrent_initializer", "bias_initializer"):
            self._set(part, get_initializer(part, getattr(self, part)))
        check_rules(self)

    # ------------------------------------------------------------------------------------------------------- the cell

    def _forward_params(self, params: Params, ctx: Context) -> Params:
        """Parameters as the steps of `forward` want them."""
        return params

    @abstractmethod
    def _step(self, params: Params, z: Array, states: tuple[Array, ...], ctx: Context) -> tuple[tuple[Array, ...], Any]:
        """New states from the projected input `z`, shape (batch, n_gates * units), and whatever `_step_back` needs."""

    @abstractmethod
    def _step_back(
        self, params: Params, saved: Any, grads: tuple[Array, ...], ctx: Context
    ) -> tuple[Array, Array, tuple[Array, ...]]:
        """Gradients of `z`, of the product with the recurrent weight, and of the states before the step."""

    def _recurrent_grads(self, before: Array, steps: list[Any], dz: Array, ctx: Context) -> Params:
        """Gradients of the recurrent parameters, from the states before all steps, and of their products, `dz`."""
        return {"recurrent": before.T @ dz}

    # ------------------------------------------------------------------------------------------------------- the loop

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Any]:
        """Draw the weights for sequences of the shape (time, features), alone or the first of several inputs."""
        time, features = split_shapes(input_shape, self.units, self.n_states, self.masked)
        width = self.n_gates * self.units
        params = {
            "weight": self.weight_initializer.draw(rng, (features, width)),
            "recurrent": self.recurrent_initializer.draw(rng, (self.units, width)),
        }
        if self.use_bias:
            params |= self._draw_bias(rng)
        shape: Any = (time, self.units) if self.return_sequences else (self.units,)
        return params, {}, (shape, *((self.units,),) * self.n_states) if self.return_state else shape

    def _draw_bias(self, rng: Rng) -> dict[str, Any]:
        return {"bias": self.bias_initializer.draw(rng, (self.n_gates * self.units,))}

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Any, Any, State]:
        """Run over `x`, shape (batch, time, features), alone or the first of several inputs."""
        xp = ctx.xp
        x, initial, mask = split_inputs(x, self.n_states, self.masked)
        batch, time, _ = x.shape
        rows, valid = flatten_time(x, xp), valid_steps(x, mask, self.mask_value, xp)
        inner = self._forward_params(params, ctx)
        z = rows @ inner["weight"]
        if self.use_bias:
            z += inner["bias"]
        zeros = () if initial else (xp.zeros((batch, self.units), dtype=x.dtype, device=ctx.backend.device),)
        now = initial or zeros * self.n_states
        states, steps = [now], []
        for t in self._order(time):
            old = now
            now, saved = self._step(inner, z[t * batch : (t + 1) * batch, ...], old, ctx)
            if valid is not None:
                now = tuple(xp.where(valid[t, ...], new, kept) for new, kept in zip(now, old, strict=True))
            states.append(now)
            steps.append(saved)
        shown = self._shown(valid, bool(initial), xp)
        if self.return_sequences:
            y = unflatten_time(xp.concat([h for h, *_ in states[1:]], axis=0), time, xp)
        else:
            y = now[0]
        y = y if shown is None else xp.where(shown, y, 0.0)
        saved = rows, [h for h, *_ in states[:-1]], steps, valid, shown, len(initial)
        return ((y, *now) if self.return_state else y), saved, state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back through time, then to the input and the parameters."""
        xp = ctx.xp
        rows, before, steps, valid, shown, n_initial = saved
        order = self._order(len(steps))
        dh, grads = self._upstream(dy, shown, before[0], ctx)
        pulled: dict[int, tuple[Array, Array, int]] = {}
        for place in range(len(steps) - 1, -1, -1):
            t = order[place]
            if isinstance(dh, list):
                grads = (grads[0] + dh[place], *grads[1:])
            new = grads if valid is None else tuple(xp.where(valid[t, ...], grad, 0.0) for grad in grads)
            dz, dr, old = self._step_back(params, steps[place], new, ctx)
            if valid is not None:
                padded = xp.logical_not(valid[t, ...])
                old = tuple(a + xp.where(padded, b, 0.0) for a, b in zip(old, grads, strict=True))
            grads = old
            pulled[t] = dz, dr, place
            if self.truncate and place and (len(steps) - place) % self.truncate == 0:
                grads = tuple(xp.zeros_like(grad) for grad in grads)
                if not isinstance(dh, list):
                    break
        dx, result = self._outside(params, pulled, rows, before, steps, ctx)
        dx = unflatten_time(dx, len(steps), xp) if ctx.wants_dx else None
        others = (*grads[:n_initial], *((None,) if self.masked else ()))
        return (dx, *others) if others else dx, result

    # --------------------------------------------------------------------------------------------------------- inside

    def _order(self, time: int) -> range:
        return range(time - 1, -1, -1) if self.go_backwards else range(time)

    def _shown(self, valid: Array | None, has_initial: bool, xp: Any) -> Array | None:
        """Where the output is the state and not 0, shape (batch, time, 1) or (batch, 1); None is everywhere."""
        if valid is None:
            return None
        steps = [valid[t, ...] for t in self._order(valid.shape[0])]
        if not (self.zero_output_for_mask and self.return_sequences):
            if not has_initial:
                return None  # the states before the first valid step are 0 themselves
            for place in range(1, len(steps)):
                steps[place] = xp.logical_or(steps[place - 1], steps[place])
        return xp.stack(steps, axis=1) if self.return_sequences else steps[-1]

    def _upstream(self, dy: Any, shown: Array | None, like: Array, ctx: Context) -> tuple[Any, tuple[Array, ...]]:
        """Gradients of the outputs of all steps, or None, and of the states after the last one."""
        xp = ctx.xp
        dy, *last = dy if self.return_state else (dy,)
        zeros = xp.zeros_like(like)
        grads = [zeros if grad is None else grad for grad in last] or [zeros] * self.n_states
        if dy is not None and shown is not None:
            dy = xp.where(shown, dy, 0.0)
        if dy is None or not self.return_sequences:
            return None, tuple(grads) if dy is None else (grads[0] + dy if last else dy, *grads[1:])
        return [dy[:, place, :] for place in range(dy.shape[1])], tuple(grads)

    def _outside(
        self, params: Params, pulled: Any, rows: Array, before: list[Array], steps: list[Any], ctx: Context
    ) -> tuple[Array | None, Params]:
        """Gradients of the rows of the input and of the parameters, of the steps that have been gone back through."""
        xp, batch, times = ctx.xp, before[0].shape[0], sorted(pulled)
        dz = xp.concat([pulled[t][0] for t in times], axis=0)
        same = all(pulled[t][0] is pulled[t][1] for t in times)
        dr = dz if same else xp.concat([pulled[t][1] for t in times], axis=0)
        places = [pulled[t][2] for t in times]
        start, end = times[0] * batch, (times[-1] + 1) * batch
        grads = {"weight": rows[start:end, ...].T @ dz}
        if self.use_bias:
            grads["bias"] = xp.sum(dz, axis=0)
        states = xp.concat([before[place] for place in places], axis=0)
        grads |= self._recurrent_grads(states, [steps[place] for place in places], dr, ctx)
        if not ctx.wants_dx:
            return None, grads
        dx = dz @ params["weight"].T
        if len(times) < len(steps):
            around = xp.zeros_like(rows[:start, ...]), dx, xp.zeros_like(rows[end:, ...])
            dx = xp.concat(around, axis=0)
        return dx, grads
