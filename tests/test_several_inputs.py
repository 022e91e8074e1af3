"""The harness takes layers of several inputs and outputs, and finds what is wrong with them."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from agreement.case import errors, layer_case

from xpnn._record import Record
from xpnn.testing import check_layer


@dataclass(frozen=True, slots=True, repr=False)
class Pair(Record):
    """Outputs a * b * weight and a + b from the inputs a, b, and a mask that has no gradient."""

    mistake: str = ""
    name: str | None = field(default=None, kw_only=True)

    def init(self, rng, input_shape):
        return {"weight": rng.normal(0.0, 1.0, input_shape[0])}, {}, (input_shape[0], input_shape[0])

    def forward(self, params, state, x, ctx):
        a, b, mask = x
        mask = ctx.xp.astype(mask != 0, a.dtype)
        return (a * b * mask * params["weight"], a + b), (a, b, mask), state

    def backward(self, params, saved, dy, ctx):
        (a, b, mask), weight, xp = saved, params["weight"], ctx.xp
        product, total = (xp.zeros_like(a) if part is None else part for part in dy)
        grads = {"weight": xp.sum(product * a * b * mask, axis=0)}
        if self.mistake == "unread" and dy[0] is None:
            total = total * 2.0
        second = total * 1.01 if self.mistake == "second" else total
        dx = product * b * mask * weight + total, product * a * mask * weight + second
        return dx if self.mistake == "length" else (*dx, None), grads


SHAPES = ((3,), (3,), (3,))


def _draw(rng, batch):
    return rng.standard_normal((batch, 3)), rng.standard_normal((batch, 3)), rng.integers(2, size=(batch, 3))


def test_a_layer_of_several_inputs_and_outputs_passes(backend):
    assert check_layer(Pair(), SHAPES, backend=backend).passed
    report = check_layer(Pair(), SHAPES, backend=backend, draw=_draw, nan_safe=True)
    assert report.passed, str(report)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ("second", "gradient of x1 is off by"),
        ("unread", "backward gives other gradients for None than for zeros, where output 1 alone is read."),
        ("length", "backward must return a tuple of 3 gradients of the inputs, got ("),
    ],
)
def test_a_mistake_in_a_layer_of_several_inputs_is_found(mistake, message):
    assert message in str(check_layer(Pair(mistake), SHAPES))


def test_a_layer_of_several_inputs_is_compared_with_an_oracle(backend):
    pytest.importorskip("torch")

    def oracle(x, params, state):
        a, b, mask = x
        return a * b * mask * params["weight"], a + b

    case = layer_case(np.random.default_rng(0), Pair(), SHAPES, oracle, draw=_draw, constant=(2,), batch=4)
    found = errors(case, backend)
    assert found.keys() == {"y0", "y1", "dx0", "dx1", "weight"}
    assert max(error.max() for error in found.values()) < 1e-14
    wrong = layer_case(np.random.default_rng(0), Pair("second"), SHAPES, oracle, draw=_draw, constant=(2,), batch=4)
    assert errors(wrong, backend)["dx1"].max() > 1e-3
