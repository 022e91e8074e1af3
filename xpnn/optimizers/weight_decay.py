"""Weight decay as an L2 penalty: a term of the gradient."""

from xpnn.typing import Array

__all__ = ["add_l2_gradient"]


def add_l2_gradient(p: Array, g: Array, weight_decay: float, decay: Array | None) -> Array:
    r"""Return :math:`g + \lambda p`, the gradient with that of the penalty :math:`\frac{\lambda}{2} \lVert p \rVert^2`.

    Parameters
    ----------
    p, g : Array
        Parameters and gradient, of one shape.
    weight_decay : float
        The factor :math:`\lambda`; for 0 the result is `g` itself.
    decay : Array or None
        1 where the penalty acts and 0 where it does not; None is 1 everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> add_l2_gradient(np.asarray([2.0, 2.0]), np.asarray([1.0, 1.0]), 0.5, np.asarray([1.0, 0.0])).tolist()
    [2.0, 1.0]
    """
    if not weight_decay:
        return g
    penalty = weight_decay * p
    if decay is not None:
        penalty *= decay
    penalty += g
    return penalty
