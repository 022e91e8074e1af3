"""`Mixup`: batches of samples halfway between two others."""

from dataclasses import dataclass
from typing import Any

from array_api_compat import device

from xpnn import _check
from xpnn._record import Record
from xpnn._tree import map_tree, tree_leaves
from xpnn.typing import Array, DType, Namespace, Shape

__all__ = ["Mixup"]


@dataclass(frozen=True, slots=True, repr=False)
class Mixup(Record):
    r"""Mix each sample of a batch with another one, inputs and targets alike: ``fit(x, y, augment=Mixup(0.2))``.

    Several inputs are mixed by one share, and so are several targets; ``augment={"image": Mixup(0.2)}`` mixes one input
    and all targets.

    .. math:: \tilde x_i = \lambda x_i + (1 - \lambda) x_j, \quad \tilde y_i = \lambda y_i + (1 - \lambda) y_j,
              \qquad \lambda \sim \operatorname{Beta}(\alpha, \alpha)

    Parameters
    ----------
    alpha : float
        The parameter :math:`\alpha` of the distribution: small ones mix little, 1 mixes uniformly.

    Raises
    ------
    ArgumentError
        If `alpha` is not a finite number above 0.

    Notes
    -----
    :math:`\lambda` is drawn once per batch, as in the authors' program, from the host stream ``mixup``, and a sample is
    mixed with the one at its place counted from the end of the batch: in shuffled batches as good as any other, and no
    gather is needed. Labels become rows of probabilities, real targets stay reals; losses whose targets are
    sides, like `xpnn.losses.Hinge`, or groups, like `xpnn.losses.TripletSemiHard`, refuse them. Sample weights are
    mixed too. Training metrics see mixed targets.

    References
    ----------
    .. [1] Zhang et al., ICLR 2018, eq. 1 and figure 1a.

    Examples
    --------
    >>> import array_api_compat.numpy as np
    >>> x, y, _ = Mixup(0.4).mix(np, np.asarray([[0.0], [1.0]]), np.asarray([0, 1]), None, 0.75, (2,))
    >>> x.tolist(), y.tolist()
    ([[0.25], [0.75]], [[0.75, 0.25], [0.25, 0.75]])
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        self._set("alpha", _check.positive("alpha", self.alpha))

    def draw(self, rng: Any) -> float:
        """Draw the share of one batch from a generator of NumPy."""
        return float(rng.beta(self.alpha, self.alpha))

    def mix(self, xp: Namespace, x: Any, y: Any, weight: Any, share: Any, output_shape: Any) -> tuple[Any, Any, Any]:
        r"""Mix inputs, targets, and sample weights if there are any, with those of the reversed batch.

        Parameters
        ----------
        xp : Namespace
            Namespace of the arrays.
        x, y, weight : Array, shape (batch, ...), or tuple of such arrays
            A batch, with tuples where there are several inputs or outputs; integers in `y` are labels, for which the
            last axis of the outputs is missing. `weight` may be None.
        share : float
            The number :math:`\lambda`, which is that of all of them.
        output_shape : tuple of int, or tuple of such tuples
            Shape of one sample of the outputs.
        """
        dtype = tree_leaves(x)[0].dtype
        if type(y) is tuple:
            y = tuple([_as_reals(xp, *part, dtype) for part in zip(y, output_shape, strict=True)])
        else:
            y = _as_reals(xp, y, output_shape, dtype)
        x, y, weight = map_tree(lambda a: _blend(xp, a, share), (x, y, weight))
        return x, y, weight


def _as_reals(xp: Namespace, y: Array, output_shape: Shape, dtype: DType) -> Array:
    """Labels become rows of zeros with a one."""
    if not xp.isdtype(y.dtype, "integral"):
        return y
    classes = xp.arange(output_shape[-1], dtype=y.dtype, device=device(y))
    return xp.astype(y[..., None] == classes, dtype)


def _blend(xp: Namespace, a: Array, share: Any) -> Array:
    return a * share + xp.flip(a, axis=0) * (1.0 - share)
