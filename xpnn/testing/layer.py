"""`check_layer`: what every layer owes, checked for one layer on one backend."""

from collections.abc import Callable
from typing import Any

from xpnn import _check
from xpnn.backend import get_backend, using
from xpnn.layers._children import as_layers
from xpnn.testing._layer_checks import BATCHES, LayerChecks
from xpnn.testing.report import Report
from xpnn.typing import Backend, Layer

__all__ = ["check_layer"]


def check_layer(
    layer: Layer,
    input_shape: Any,
    *,
    backend: str | Backend = "numpy",
    seed: int = 0,
    nan_safe: bool = False,
    draw: Callable[[Any, int], Any] | None = None,
) -> Report:
    """Run the checks that every layer of this library passes.

    1. `init` gives the parameters, state and output shape that `forward` then has, and draws nothing for shapes alone.
    2. The gradients of input and parameters agree with difference quotients in float64 (along random directions, for
       batches of 0, 1 and 3 samples, in training and in inference).
    3. dtype, namespace and device of the input are kept, in float32 and float64.
    4. No argument is modified.
    5. An input that is a transposed or strided view gives the same numbers.
    6. NaN in the input is seen in the output.
    7. Two forwards before a backward do not disturb each other.
    8. The gradients are the same when nobody reads that of the input.
    9. Of several outputs any may be left unread: its upstream gradient is then None.
    10. The layer can be written to a file and read back.

    Parameters
    ----------
    layer : Layer
        The layer.
    input_shape : tuple of int, or tuple of such tuples
        Shape of one sample; for a layer with several inputs the shapes of all of them. An input whose gradient
        `backward` gives as None (a mask, indices) counts as one that has none.
    backend : str or Backend
        Where to check; it must have float64.
    seed : int
        Determines parameters, inputs and directions.
    nan_safe : bool
        Whether the layer may hide NaN (a layer that drops inputs).
    draw : callable, optional
        Takes a generator of NumPy and a number of samples, and returns inputs, where normal ones will not do.

    Returns
    -------
    report : Report
        ``report.passed``, and a sentence for each failure in ``report.failures``.

    Examples
    --------
    >>> from xpnn.layers import Dense
    >>> check_layer(Dense(3, activation="tanh"), (4,)).passed
    True
    """
    as_layers(layer)
    backend = get_backend(backend)
    with using(backend):
        return _run(LayerChecks(layer, _check.shapes("input_shape", input_shape), backend, seed, draw), nan_safe)


def _run(bench: LayerChecks, nan_safe: bool) -> Report:
    checks: dict[str, Callable[[], str | None]] = {
        "shapes": bench.shapes,
        "dtypes": bench.dtypes,
        "arguments": bench.arguments,
        "views": bench.views,
        "interleaving": bench.interleaving,
        "without dx": bench.without_dx,
        "unread outputs": bench.unread,
        "file": bench.file,
    }
    for training in (True, False):
        for batch in BATCHES:
            mode = "training" if training else "inference"
            checks[f"gradients, {mode}, batch {batch}"] = lambda t=training, b=batch: bench.gradients(t, b)  # type: ignore[misc]
    if not nan_safe:
        checks["NaN"] = bench.nan
    failures = []
    for name, check in checks.items():
        try:
            failure = check()
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        if failure is not None:
            failures.append(f"{bench.layer!r} on {bench.backend.name}, {name}: {failure}")
    return Report(tuple(checks), tuple(failures))
