r"""The factor that keeps gradients within the range of float16.

The gradient of a mean over many samples is small, and float16 holds nothing below :math:`6 \times 10^{-8}`. So the loss
is multiplied by a factor before it is pulled back, and the gradients of the parameters, in float32, are divided by it.
The factor is as large as it can be: when a gradient overflows, the step is left out and the factor halved; after
`GROWTH_INTERVAL` steps without overflow it is doubled, up to `MAX_SCALE`, since gradients of 0 never overflow. All that
happens on the device: nothing waits. A step that is left out counts as a step for the learning rate and for the
corrections of a moving average's bias.

The factor is kept beside the vectors of the optimizer, as the first element of the vector `NAME`; the second one is the
number of steps since it was changed.

References
----------
.. [1] Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2. The numbers are those of Keras's
   ``LossScaleOptimizer``, but for the greatest one, which is that of NVIDIA's apex.
"""

from xpnn.typing import Array, Backend, DType, Namespace

__all__ = ["GROWTH_INTERVAL", "INITIAL_SCALE", "MAX_SCALE", "NAME", "advance", "is_finite", "start"]

INITIAL_SCALE = 2.0**15
"""The factor before the first step."""

GROWTH_INTERVAL = 2000
"""Steps without overflow after which the factor is doubled."""

MAX_SCALE = 2.0**24
"""The greatest factor."""

NAME = "loss_scale"


def start(backend: Backend, dtype: DType) -> Array:
    """Return the vector before the first step."""
    return backend.asarray([INITIAL_SCALE, 0.0], dtype)


def is_finite(xp: Namespace, gradient: Array) -> Array:
    """Return whether a step may be taken along `gradient`, a boolean of shape ()."""
    return xp.isfinite(xp.sum(xp.abs(gradient)))


def advance(xp: Namespace, vector: Array, finite: Array) -> Array:
    """Return the vector after a step, `finite` telling whether it was taken."""
    steps = vector[1, ...] + 1.0
    zero, grows = xp.zeros_like(steps), steps >= float(GROWTH_INTERVAL)
    least, most = zero + 1.0, zero + MAX_SCALE
    scale = xp.minimum(vector[0, ...], most)
    taken = xp.stack([xp.where(grows, xp.minimum(2.0 * scale, most), scale), xp.where(grows, zero, steps)])
    left_out = xp.stack([xp.maximum(0.5 * scale, least), zero])
    return xp.where(finite, taken, left_out)
