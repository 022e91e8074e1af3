"""Data of any library comes to the host by one door."""

import numpy as np
import pytest

from xpnn.backend import (
    to_host,
)
from xpnn.errors import ArgumentError, ArgumentTypeError


def test_arrays_of_every_backend_come_to_the_host(backend):
    wanted = np.asarray([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    x = backend.asarray(wanted, backend.xp.float32)
    for values in (x, backend.xp.permute_dims(x, (1, 0)), [x, x], (x[0, ...], x[1, ...])):
        host = to_host(values)
        assert type(host) is np.ndarray
        assert host.dtype == np.float32
    assert np.array_equal(to_host(x), wanted)
    assert np.array_equal(to_host(backend.xp.permute_dims(x, (1, 0))), wanted.T)
    assert np.array_equal(to_host([x, x]), np.stack([wanted, wanted]))


def test_tensors_that_require_gradients_and_formats_that_numpy_lacks_come_to_the_host():
    torch = pytest.importorskip("torch")
    assert to_host(torch.full((2,), 0.5, requires_grad=True)).tolist() == [0.5, 0.5]
    assert to_host([torch.ones((), requires_grad=True), torch.zeros(())]).tolist() == [1.0, 0.0]
    assert to_host(torch.full((2,), 0.5, dtype=torch.bfloat16)).dtype == np.float32
    assert to_host(torch.full((2,), 1 + 1j).conj()).tolist() == [1 - 1j, 1 - 1j]
    jnp = pytest.importorskip("jax.numpy")
    assert to_host(jnp.full((2,), 0.5, dtype=jnp.bfloat16)).dtype == np.float32


class Subclass(np.ndarray):
    """An array that is not quite an array."""


def test_numpy_arrays_come_through_without_a_copy_and_in_native_byte_order():
    host = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(to_host(host), host)
    assert to_host(np.asarray([1.0, 2.0], dtype=">f4")).dtype == np.dtype("=f4")
    assert to_host(np.asarray([1.0, 2.0], dtype=">f4")).tolist() == [1.0, 2.0]
    assert type(to_host(host.view(Subclass))) is np.ndarray
    assert to_host(np.ma.masked_array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_tables_and_sequences_come_to_the_host():
    class Table:
        def __array__(self, dtype=None, copy=None):
            return np.asarray([[1, 2]], dtype=dtype)

    assert to_host(Table()).tolist() == [[1, 2]]
    assert to_host([[1, 2.5], (3, 4)]).tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert to_host(range(3)).tolist() == [0, 1, 2]
    assert to_host(["a", "b"]).tolist() == ["a", "b"]
    assert to_host(3.5).shape == ()
    assert to_host([]).shape == (0,)
    arrow = pytest.importorskip("pyarrow")
    assert to_host(arrow.array([1.5, 2.5])).tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("values", "got"),
    [
        (None, "NoneType."),
        ({"a": 1}, "dict."),
        ("abc", "str."),
        ((i for i in [1]), "generator."),
        (object(), "object."),
    ],
)
def test_what_holds_no_data_is_refused(values, got):
    with pytest.raises(ArgumentTypeError) as caught:
        to_host(values, "x")
    assert str(caught.value) == f"x must be an array, a table or a rectangular sequence, got {got}"


def test_ragged_sequences_and_masked_values_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"^y must be .* rectangular sequence, got list \(setting an array"):
        to_host([[1, 2], [3]], "y")
    with pytest.raises(ArgumentError) as caught:
        to_host(np.ma.masked_array([1.0, 2.0], [True, False]))
    assert str(caught.value) == "values must have no masked values, got 1."
