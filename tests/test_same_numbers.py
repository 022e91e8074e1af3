"""The same seed gives the same weights, batches and masks on every backend, and nearly the same losses."""

import hashlib

import numpy as np
import pytest

from xpnn import Network, data
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm, Residual
from xpnn.random import HostRng, ShapeRng, Streams
from xpnn.training.sources import device_samples


def _network(backend, dtype="float64"):
    layers = [
        Dense(16, activation="relu"),
        BatchNorm(),
        Dropout(0.2),
        Residual([LayerNorm(), Dense(16, activation="gelu"), Dropout(0.1)]),
        Dense(3),
    ]
    return Network(layers, backend=backend, dtype=dtype, seed=11, l2=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(backend, dtype):
    first, second = (_network(b, dtype).build(2).flat_parameters for b in ("numpy", backend))
    assert first.tobytes() == second.tobytes()


def test_the_same_seed_gives_the_same_masks_bit_for_bit(backend):
    masks = []
    for b in (get_backend("numpy"), backend):
        ctx = RunContext(b, True, Streams(4)).child("2").child("0")
        masks.append([np.array(b.to_numpy(ctx.bernoulli(0.7, (5, 3)))) for _ in range(3)])
    assert np.array_equal(masks[0], masks[1])
    assert masks[1][0].dtype == bool


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_noise_bit_for_bit(backend, dtype):
    noise = []
    for b, kind in ((get_backend("numpy"), np.float64), (backend, getattr(backend.xp, dtype))):
        ctx = RunContext(b, True, Streams(4)).child("2").child("0")
        drawn = [ctx.normal((5, 3), kind), ctx.uniform((5, 3), kind), ctx.normal((), kind)]
        assert all(x.dtype == kind for x in drawn)
        noise.append([np.array(b.to_numpy(x)) for x in drawn])
    assert all(np.array_equal(a, b) and a.shape == b.shape for a, b in zip(*noise, strict=True))
    assert noise[1][0].dtype == dtype


def test_the_same_seed_gives_the_same_batches_bit_for_bit(backend):
    x, y = data.spiral(20, arms=3, seed=1)
    orders = []
    for b in ("numpy", backend):
        net = _network(b).build(2)
        samples = device_samples(net._ready, x, y, None)
        rng = net._learner.streams["shuffle"]
        batches = [batch for _ in range(2) for batch in samples.batches(net.backend, 7, rng.permutation(len(samples)))]
        orders.append([np.array(net.backend.to_numpy(batch.x)) for batch in batches])
    assert len(orders[0]) == 18
    assert all(np.array_equal(a, b) for a, b in zip(*orders, strict=True))


def test_losses_agree_after_100_steps(backend):
    x, y = data.spiral(50, arms=3, seed=1)
    runs = [_network(b).fit(x, y, batch_size=30, epochs=20)["loss"] for b in ("numpy", backend)]
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-12)


def test_float32_stays_near_float64(backend):
    x, y = data.spiral(50, arms=3, seed=1)
    wanted = _network("numpy").build(2).loss_and_gradients(x, y)
    given = _network(backend, "float32").build(2).loss_and_gradients(x, y)
    assert given[0] == pytest.approx(wanted[0], rel=1e-5)
    errors = []
    for name, gradient in wanted[1].items():
        errors.append(np.abs(given[1][name] - gradient).reshape(-1) / np.abs(gradient).max(initial=1e-300))
    errors = np.concatenate(errors)
    assert errors.max() <= 1e-4
    assert np.percentile(errors, 99) <= 5e-6


def test_streams_are_independent_and_remember_their_position():
    streams = Streams(3)
    first = streams["init"].random(4)
    streams["shuffle"].permutation(10)
    other = Streams(3)
    other["dropout/0"].random(100)
    assert np.array_equal(other["init"].random(4), first)
    positions = streams.positions
    wanted = streams["init"].random(3)
    streams.positions = positions
    assert np.array_equal(streams["init"].random(3), wanted)
    assert not np.array_equal(Streams(4)["init"].random(4), first)


def test_what_a_seed_means_never_changes():
    """Saved seeds shall mean the same network in later versions: the bits are pinned."""
    rng = HostRng(Streams(0)["init"])
    ctx = RunContext(get_backend("numpy"), True, Streams(0)).child("1")
    drawn = {
        "uniform": rng.uniform(-1.0, 1.0, (100,)),
        "normal": rng.normal(0.0, 1.0, (100,)),
        "shuffle": Streams(0)["shuffle"].permutation(100),
        "dropout": ctx.bernoulli(0.5, (100,)),
        "noise": ctx.normal((100,), np.float64),
        "shifts": ctx.uniform((100,), np.float32),
    }
    hashes = {what: hashlib.sha256(values.tobytes()).hexdigest()[:16] for what, values in drawn.items()}
    assert hashes == GOLDEN


GOLDEN = {
    "uniform": "25f9247c74317ebd",
    "normal": "abf88207ea2f1be5",
    "shuffle": "908fdcde23e21064",
    "dropout": "c403bfeaba39bdd4",
    "noise": "1e33de013df1ee79",
    "shifts": "96ab8bb1ae8c62ba",
}


def test_shapes_can_be_found_out_without_memory():
    zeros = ShapeRng().normal(0.0, 1.0, (10**6, 10**6))
    assert zeros.shape == (10**6, 10**6)
    assert zeros.strides == (0, 0)
