"""`SimpleRNN`: the recurrent layer whose state is its output."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn.activations import Tanh, get_activation
from xpnn.layers._recurrent import Recurrent
from xpnn.typing import Array, Context, Named, Params

__all__ = ["SimpleRNN"]


@dataclass(frozen=True, slots=True, repr=False)
class SimpleRNN(Recurrent):
    r"""Fully connected recurrent layer, :math:`h_t = a(x_t W + h_{t-1} U + b)`, of sequences (batch, time, features).

    Parameters
    ----------
    units : int
        Size of the state.
    activation : str or ActivationFunction
        The function :math:`a`.
    use_bias : bool
        Whether there is a :math:`b`.
    return_sequences : bool
        Whether the output is that of all steps, shape (batch, time, units), or of the last one, shape (batch, units).
    return_state : bool
        Whether the layer returns a tuple: the output, and the state after the last step.
    go_backwards : bool
        Whether the steps are taken from the last to the first; with `return_sequences` the outputs are then in the
        order in which they arise, that is reversed, as in Keras.
    mask_value : float, optional
        A step of which all features have this value is padding: the state stays as it is, and with
        `return_sequences` the output is that of the step before, 0 before the first valid one.
    masked : bool
        Whether the last input is a mask of shape (batch, time), 0 (or False) where a step is padding.
    zero_output_for_mask : bool
        Whether the output of padding is 0 instead, as in PyTorch's packed sequences; with `return_sequences` alone.
    truncate : int, optional
        Truncated backpropagation: counted from the end, the steps form chunks of this length (the first one may be
        shorter), and no gradient passes from a chunk to the one before. It is what PyTorch's users do by ``detach``
        between chunks, and BPTT(h; h) of [2]_.
    weight_initializer, recurrent_initializer, bias_initializer : str or Initializer
        Initial values of ``weight``, shape (features, units), ``recurrent``, shape (units, units), and ``bias``. The
        recurrent weight is `xpnn.initializers.Orthogonal` by default, as in Keras, so that a linear state keeps its
        length [3]_; for the gates of the other layers it is one wide matrix with orthonormal rows.
    weight_regularizer, recurrent_regularizer, bias_regularizer : str or Regularizer, optional
        Cost of the parameter, part of the loss; see `xpnn.regularizers`.
    weight_constraint, recurrent_constraint, bias_constraint : str or Constraint, optional
        Where the parameter must be after each step; see `xpnn.constraints`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input is no sequence, or its number of arrays is wrong.

    Notes
    -----
    The input is a sequence, or a tuple: the sequence, the initial state of shape (batch, units) (0 if it is left out),
    and the mask (if `masked`). With the gradients :math:`g_t = \partial L/\partial h_t` and
    :math:`d_t = a'(z_t)\, g_t` of :math:`z_t = x_t W + h_{t-1} U + b`, backpropagation through time is

    .. math:: g_{t-1} \mathrel{+}= d_t U^\top, \quad \frac{\partial L}{\partial W} = \sum_t x_t^\top d_t, \quad
              \frac{\partial L}{\partial U} = \sum_t h_{t-1}^\top d_t, \quad \frac{\partial L}{\partial b} = \sum_t d_t,

    and the sums are one product over all steps.

    References
    ----------
    .. [1] Elman, Finding structure in time, Cognitive Science 14, 1990.
    .. [2] Williams & Peng, An efficient gradient-based algorithm for on-line training of recurrent network
       trajectories, Neural Computation 2, 1990, section 3.
    .. [3] Saxe, McClelland & Ganguli, ICLR 2014, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn import Network
    >>> net = Network([SimpleRNN(8, return_sequences=True), SimpleRNN(4)], loss="mean_squared_error").build((5, 3))
    >>> net.predict(np.zeros((2, 5, 3))).shape
    (2, 4)
    """

    activation: Named = field(default=Tanh())

    def __post_init__(self) -> None:
        Recurrent.__post_init__(self)
        self._set("activation", get_activation("activation", self.activation))
        if hasattr(self.activation, "output_shape"):
            _check.refuse("activation", "keep the number of features", self.activation)

    def _step(self, params: Params, z: Array, states: tuple[Array, ...], ctx: Context) -> tuple[tuple[Array, ...], Any]:
        h, saved = self.activation.forward(z + states[0] @ params["recurrent"], ctx)
        return (h,), saved

    def _step_back(
        self, params: Params, saved: Any, grads: tuple[Array, ...], ctx: Context
    ) -> tuple[Array, Array, tuple[Array, ...]]:
        dz = self.activation.backward(saved, grads[0], ctx)
        return dz, dz, (dz @ params["recurrent"].T,)
