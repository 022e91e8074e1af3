"""`Memory`: what L-BFGS remembers of the curvature of the loss."""

from array_api_compat import device

from xpnn.optimizers.optimizer import Vectors
from xpnn.typing import Array, Namespace

__all__ = ["Memory"]

_LEAST_CURVATURE = 1e-10


class Memory:
    """The last steps and changes of the gradient; an estimate of the inverse Hessian.

    Parameters
    ----------
    xp : Namespace
        Namespace of the arrays.
    vectors : Mapping of str to Array
        The state vectors of `xpnn.optimizers.LBFGS`.
    most : int
        Number of pairs that are remembered.
    """

    def __init__(self, xp: Namespace, vectors: Vectors, most: int) -> None:
        self._xp, self._most = xp, most
        self._previous, self._step = vectors["previous_gradient"], vectors["last_step"]
        numbers = [float(vectors["numbers"][i]) for i in range(3 + most)]
        self.iterations, count, self._scale = int(numbers[0]), int(numbers[1]), numbers[2]
        self._inverses = numbers[3 : 3 + count]  # 1 / (y s)
        n = self._previous.shape[0]
        self._steps, self._changes = (
            [vectors[k][i * n : i * n + n] for i in range(count)] for k in ("steps", "changes")
        )

    def dot(self, a: Array, b: Array) -> float:
        """Scalar product; waits for the device."""
        return float(self._xp.sum(a * b))

    def learn(self, g: Array) -> None:
        """Compare the gradient with that before the last step."""
        y, s = g - self._previous, self._step
        curvature = self.dot(y, s)
        if curvature > _LEAST_CURVATURE:
            for kept, new in ((self._changes, y), (self._steps, s), (self._inverses, 1.0 / curvature)):
                kept[:] = [*kept, new][-self._most :]
            self._scale = curvature / self.dot(y, y)

    def direction(self, g: Array) -> Array:
        """Return minus the estimate of the inverse Hessian times `g`: the two-loop recursion."""
        if self.iterations:
            self.learn(g)
        pairs = list(zip(self._steps, self._changes, self._inverses, strict=True))
        q, weights = -g, []
        for s, y, inverse in reversed(pairs):
            weights.append(self.dot(s, q) * inverse)
            q = q - weights[-1] * y
        q = q * self._scale if self.iterations else q
        for s, y, inverse in pairs:
            q = q + (weights.pop() - self.dot(y, q) * inverse) * s
        self.iterations, self._previous = self.iterations + 1, g
        return q

    def keep_step(self, step: Array) -> None:
        """Remember what has been added to the parameters."""
        self._step = step

    def vectors(self) -> dict[str, Array]:
        """Return the state vectors."""
        xp, p, count = self._xp, self._previous, len(self._inverses)
        numbers = [float(self.iterations), float(count), self._scale, *self._inverses, *[0.0] * (self._most - count)]
        rest = [xp.zeros_like(p)] * (self._most - count)
        return {
            "previous_gradient": p,
            "last_step": self._step,
            "steps": xp.concat([*self._steps, *rest]),
            "changes": xp.concat([*self._changes, *rest]),
            "numbers": xp.asarray(numbers, dtype=p.dtype, device=device(p)),
        }
