"""`ExponentialMovingAverage`: parameters averaged over the last steps."""

from typing import Any

from xpnn import _check
from xpnn.callbacks._average import WeightAverage

__all__ = ["ExponentialMovingAverage"]


class ExponentialMovingAverage(WeightAverage):
    r"""Average the parameters with weights that fall exponentially, :math:`a \leftarrow d\, a + (1 - d)\, p`.

    Parameters
    ----------
    decay : float
        The factor :math:`d` per average, in [0, 1). About the last :math:`1 / (1 - d)` steps count.
    every : int
        Average after every so many steps.
    validate : bool
        Whether validation values of `fit` are those of the averaged parameters. What `EarlyStopping` and
        `ModelCheckpoint` keep as the best for such a value are then the averaged parameters, too.
    install : bool
        Whether the network has the averaged parameters after the training; but the best ones of an `EarlyStopping` that
        restores them come last, wherever it stands among the callbacks.

    Attributes
    ----------
    average : ndarray or None
        The averaged parameters as one vector on the host; can be assigned.
    count : int
        Number of vectors in the average.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The average starts as the parameters after the first step, as in PyTorch's AveragedModel, so it needs no correction.
    Running averages of `xpnn.layers.BatchNorm` are not averaged again. The next `fit` of the same network goes on with
    the average, and so does that of a network that was saved with it and loaded; `reset` forgets it, and so does the
    `fit` of another network.

    References
    ----------
    .. [1] Polyak & Juditsky, SIAM Journal on Control and Optimization 30, 1992 (equal weights); exponential ones as in
       Tarvainen & Valpola, NeurIPS 2017, eq. 1.

    Examples
    --------
    >>> from xpnn import Network, data
    >>> from xpnn.layers import Dense
    >>> x, y = data.moons(100, noise=0.1, seed=0)
    >>> net, ema = Network([Dense(8, activation="relu"), Dense(2)]), ExponentialMovingAverage(0.9, install=False)
    >>> history = net.fit(x, y, epochs=5, callbacks=[ema])
    >>> with ema.swap(net):
    ...     averaged = net.evaluate(x, y)
    """

    def __init__(self, decay: float = 0.999, *, every: int = 1, validate: bool = True, install: bool = True) -> None:
        super().__init__(validate, install)
        self.decay = _check.fraction("decay", decay)
        self.every = _check.integer("every", every)

    def on_batch_end(self, network: Any, step: int, loss: Any) -> None:
        """Average, if this step is to be averaged."""
        if step % self.every == 0:
            self._add(network, 1.0 - self.decay)
