"""What `xpnn bench` counts and measures besides time: operations, FLOP, bytes, memory, peaks, and the reasons."""

from dataclasses import replace

import numpy as np
import pytest

from xpnn import Network, bench
from xpnn.backend import get_backend
from xpnn.bench import counting, machine, peaks, sweep
from xpnn.bench.counted import Counted
from xpnn.bench.counter import Counter, Work
from xpnn.bench.counting import count_work
from xpnn.bench.explain import arithmetic_us, efficiency, explain, overhead_us
from xpnn.bench.memory import held_bytes
from xpnn.bench.peaks import Peaks, measure_peaks
from xpnn.bench.precision import rounds_factors
from xpnn.bench.runner import PARTS, Runner
from xpnn.bench.timings import Timings
from xpnn.bench.units import bytes_text, rate, seconds_text
from xpnn.bench.workload import OwnNetwork, Perceptron
from xpnn.errors import ArgumentError
from xpnn.layers import Dense, Dropout
from xpnn.optimizers import SGD

NUMPY = get_backend("numpy")


# ------------------------------------------------------------------------------------------------------- counting


@pytest.fixture
def counter():
    return Counter()


def counted(counter, *shape):
    return Counted(np.ones(shape, dtype=np.float32), counter)


def test_a_product_has_two_flop_for_each_pair_of_factors(counter):
    product = counted(counter, 4, 3) @ counted(counter, 3, 2)
    assert product.shape == (4, 2)
    assert counter.work == Work(operations=1, flop=2 * 4 * 3 * 2, nbytes=4 * (12 + 6 + 8))


def test_an_elementwise_operation_has_one_flop_for_each_element(counter):
    counted(counter, 4, 3) + counted(counter, 3)
    assert counter.work == Work(1, 12, 4 * (12 + 3 + 12))
    2.0 * counted(counter, 5)
    assert counter.work == Work(2, 17, 4 * (27 + 10))


def test_a_reduction_has_one_flop_for_each_element_that_it_reads(counter):
    xp = counting._Namespace(counter)
    assert xp.sum(counted(counter, 4, 3), axis=0).shape == (3,)
    assert counter.work == Work(1, 12, 4 * 15)


@pytest.mark.parametrize(
    "view",
    [
        lambda xp, x: x.T,
        lambda xp, x: x.mT,
        lambda xp, x: x[1:],
        lambda xp, x: xp.reshape(x, (3, 4)),
        lambda xp, x: xp.permute_dims(x, (1, 0)),
        lambda xp, x: xp.expand_dims(x, axis=0),
        lambda xp, x: xp.isdtype(x.dtype, "real floating"),
    ],
)
def test_a_view_and_a_question_cost_nothing(counter, view):
    view(counting._Namespace(counter), counted(counter, 4, 3))
    assert counter.work == Work()


def test_what_moves_numbers_has_bytes_and_no_flop(counter):
    xp = counting._Namespace(counter)
    xp.concat([counted(counter, 2), counted(counter, 3)])
    assert counter.work == Work(1, 0, 4 * 10)
    target = counted(counter, 6)
    target[2:4] = counted(counter, 2)
    assert counter.work == Work(2, 0, 4 * (10 + 4))


def test_augmented_assignment_writes_into_the_array_itself(counter):
    x = counted(counter, 6)
    same = x
    x += counted(counter, 6)
    assert same is x
    assert x.array.tolist() == [2.0] * 6
    assert counter.work == Work(1, 6, 4 * 18)


def test_the_products_of_a_dense_network_are_all_counted():
    n, width, depth = 64, 128, 2
    weights = depth * width * width + 10 * width
    products = 6 * n * weights - 2 * n * width * width  # nobody reads the gradient of the inputs
    assert products <= count_work(Perceptron(width, n, depth), NUMPY).flop <= 1.2 * products


def test_the_counted_step_has_the_loss_of_the_plain_one(backend):
    losses = []
    for target in (NUMPY, counting._Backend(backend)):
        runner = Perceptron(6, 5, 2).open(target)
        losses.append([float(runner.step()) for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert losses[1][2] < losses[1][0]


def test_layers_that_nobody_has_thought_of_are_counted_too():
    layers = [Dense(8, activation="gelu"), Dropout(0.5), Dense(1)]
    net = Network(layers, loss="mean_squared_error", optimizer=SGD(0.1)).build(4)
    rng = np.random.default_rng(0)
    work = count_work(OwnNetwork(net, rng.normal(size=(6, 4)), rng.normal(size=(6, 1)), 6), NUMPY)
    assert work.operations > 20
    assert work.flop > 2 * 6 * (2 * 4 * 8 + 3 * 8)


def test_blocks_of_the_update_are_operations_of_their_own():
    whole = replace(NUMPY, block_size=1 << 20)
    small = replace(NUMPY, block_size=100)
    of_whole, of_small = (count_work(Perceptron(16, 4, 1), backend) for backend in (whole, small))
    blocks = -(-(16 * 17 + 10 * 17) // 100)
    assert (of_small.operations - of_whole.operations) % (blocks - 1) == 0
    assert of_small.operations > of_whole.operations
    assert of_small.flop == of_whole.flop


# --------------------------------------------------------------------------------------------------------- memory


def test_the_memory_of_a_step_is_that_of_its_arrays(backend):
    net = Network([Dense(5), Dense(3)], optimizer="adam", backend=backend).build(4)
    y = np.asarray([0, 1], dtype=np.int32)
    held = held_bytes(Runner(net, np.ones((2, 4), dtype=np.float32), y))
    size = 4 * (4 * 5 + 5 + 5 * 3 + 3)
    hidden, outputs = 4 * 2 * 5, 4 * 2 * 3
    assert held["batch"] == 4 * 2 * 4 + 4 * 2
    assert (held["parameters"], held["gradient"], held["optimizer"]) == (size, size, 2 * size)
    assert held["saved"] == hidden + outputs


# ---------------------------------------------------------------------------------------------------------- parts


def test_every_part_of_a_step_runs_and_leaves_the_parameters_alone(backend):
    runner = Perceptron(6, 4, 1).open(backend)
    runner.first_losses(3)
    before = runner.net.flat_parameters
    parts = runner.parts()
    assert list(parts) == list(PARTS)
    for part in parts.values():
        part.step()
        part.synchronize()
    assert np.array_equal(runner.net.flat_parameters, before)
    assert len(runner.net.history.epoch) == 1


def test_a_sweep_measures_the_parts_on_every_backend():
    result = bench.run_sweep({"numpy": NUMPY}, widths=[4], batches=[2], rounds=2, slice_ms=0.1)
    (case,) = result.cases
    found = result.as_dict()["cases"][0]["backends"]["numpy"]
    assert list(case.parts) == list(found["parts_us"]) == list(PARTS)
    assert all(spread["median"] > 0 for spread in found["parts_us"].values())
    assert found["work"]["operations"] == case.details["numpy"].work.operations > 20
    assert found["million_samples_seconds"] == pytest.approx(found["step_us"]["median"] / 2)
    assert result.as_dict()["peaks"]["numpy"]["gflops"] > 0


# ---------------------------------------------------------------------------------------------------------- peaks


def test_peaks_are_measured_on_every_backend(backend, monkeypatch):
    monkeypatch.setattr(peaks, "_SMALLEST", 32)
    monkeypatch.setattr(peaks, "_GREATEST", 64)
    monkeypatch.setattr(peaks, "_ELEMENTS", 1 << 12)
    found = measure_peaks(backend)
    assert min(found.gflops, found.gbytes, found.operation_us) > 0
    assert found.size == 64


def test_the_rate_of_products_is_work_by_time(monkeypatch):
    monkeypatch.setattr(peaks, "_seconds", lambda backend, work: [0.5, 0.25, 1.0])
    found = measure_peaks(NUMPY)
    assert found.size == 512
    assert found.gflops == pytest.approx(2 * 512**3 / 0.25 / 1e9)
    assert found.gbytes == pytest.approx(8 * (1 << 24) / 0.25 / 1e9)
    assert found.operation_us == pytest.approx(0.5 / 200 * 1e6)


def test_the_roofline_is_the_lesser_of_memory_and_products():
    roof = Peaks(gflops=100.0, gbytes=20.0, operation_us=1.0, size=512)
    assert [roof.attainable(x) for x in (0.5, 5.0, 50.0)] == [10.0, 100.0, 100.0]


def test_products_are_in_full_float32_on_every_backend(backend):
    assert rounds_factors(backend) is False


class Rounding:
    """NumPy whose products see ten bits after the point."""

    name, xp, device = "rounding", NUMPY.xp, "cpu"
    to_numpy, synchronize = NUMPY.to_numpy, NUMPY.synchronize

    def asarray(self, values, dtype=None):
        return np.asarray(values, dtype).view(Rounded)


class Rounded(np.ndarray):
    def __matmul__(self, other):
        return np.asarray(self).astype(np.float16).astype(np.float32) @ np.asarray(other)


def test_a_backend_that_rounds_the_factors_of_products_is_not_timed_unless_asked_for():
    assert rounds_factors(Rounding()) is True
    sweep = bench.run_sweep({"numpy": NUMPY, "rounding": Rounding()}, widths=[4], batches=[2], rounds=1, slice_ms=0.1)
    assert sweep.backends == ["numpy"]
    assert "TF32" in sweep.unavailable["rounding"]
    wanted = r"backends must hold one that can be measured, got rounding: Its products round .* \(TF32\); allow it"
    with pytest.raises(ArgumentError, match=wanted):
        bench.run_sweep({"rounding": Rounding()}, widths=[4], batches=[2])


def test_whoever_asks_for_rounded_factors_gets_them_and_a_wider_tolerance(monkeypatch):
    asked = []
    monkeypatch.setattr(sweep, "measure_peaks", lambda backend: CPU)
    monkeypatch.setattr(sweep, "run_case", lambda backends, work, rounds, slice_ms, tolerance: asked.append(tolerance))
    backends = {"numpy": NUMPY, "rounding": Rounding()}
    for tf32 in (False, True):
        bench.run_sweep(backends, widths=[4], batches=[2], tf32=tf32)
    assert asked == [1e-4, 1e-2]


def test_a_backend_whose_peaks_cannot_be_measured_is_left_out(monkeypatch):
    def fail(backend):
        raise MemoryError("out of memory\nmore")

    numpy = replace(NUMPY, name="other")
    monkeypatch.setattr(sweep, "measure_peaks", lambda backend: fail(backend) if backend is numpy else CPU)
    found = bench.run_sweep({"numpy": NUMPY, "other": numpy}, widths=[4], batches=[2], rounds=1, slice_ms=0.1)
    assert found.backends == ["numpy"]
    assert found.unavailable == {"other": "Its peaks cannot be measured: out of memory."}


# -------------------------------------------------------------------------------------------------------- reasons

CPU = Peaks(gflops=100.0, gbytes=20.0, operation_us=0.5, size=1024)
GPU = Peaks(gflops=50_000.0, gbytes=2000.0, operation_us=6.0, size=8192)


def made_case(cpu_us, gpu_us, flop, mode="eager"):
    timings = Timings({"numpy": (cpu_us,) * 3, "cupy": (gpu_us,) * 3}, {"numpy": 1, "cupy": 1})
    details = {name: bench.Details(Work(45, flop, flop), {}, mode) for name in ("numpy", "cupy")}
    return bench.Case(64, 32, 999, {"numpy": 9.0, "cupy": 9.0}, timings, {}, 2, {}, details)


def test_launches_explain_why_the_gpu_is_slower():
    case = made_case(100.0, 310.0, flop=1_000_000)
    assert explain(case, {"numpy": CPU, "cupy": GPU}) == (
        "At width 64, depth 2, batch 32 numpy is 3.1 times faster than cupy: on cupy 45 operations of 6 µs cost 270 "
        "µs, and the arithmetic 0.02 µs."
    )
    assert overhead_us(case, GPU, "cupy") == 270.0
    assert arithmetic_us(case, GPU, "cupy") == pytest.approx(0.02)


def test_the_rate_of_products_explains_why_the_cpu_is_slower():
    case = made_case(11_000.0, 1000.0, flop=1_000_000_000)
    assert explain(case, {"numpy": CPU, "cupy": GPU}) == (
        "At width 64, depth 2, batch 32 cupy is 11.0 times faster than numpy: its products run at up to 50,000 "
        "GFLOP/s, on numpy at 100."
    )
    assert efficiency(case, CPU, "numpy") == pytest.approx(1e9 / 11_000 / 1e3 / 20)


def test_where_neither_explains_it_the_rest_is_named():
    sentence = explain(made_case(50.0, 500.0, flop=1_000_000, mode="replay"), {"numpy": CPU, "cupy": GPU})
    assert sentence.endswith(
        "of 500 µs on cupy the arithmetic needs 0.02 µs, and the rest starts up to 45 operations of 6 µs and moves "
        "numbers."
    )


def test_nothing_is_explained_where_there_is_no_difference_or_nothing_is_known():
    same = made_case(100.0, 100.0, flop=1)
    assert explain(same, {"numpy": CPU, "cupy": GPU}).endswith("numpy and cupy take the same time within their spread.")
    assert explain(same, {"numpy": CPU}) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (bytes_text(0), "0 B"),
        (bytes_text(999_600), "1 MB"),
        (bytes_text(5_000_000_000_000), "5000 GB"),
        (rate(0.1234), "0.123"),
        (rate(123.4), "123"),
        (seconds_text(0.99), "990 ms"),
        (seconds_text(3599.0), "3599 s"),
        (seconds_text(3600.0), "1 h"),
    ],
)
def test_numbers_have_three_digits(text, wanted):
    assert text == wanted


def test_the_driver_and_the_threads_are_written_down(tmp_path, monkeypatch):
    file = tmp_path / "version"
    for line in ("x86_64 Kernel Module  550.54.15  Tue", "Open Kernel Module for x86_64  550.54.15"):
        file.write_text(f"NVRM version: NVIDIA UNIX {line}  Release Build\nGCC version: 12.2.0\n")
        assert machine._driver(file) == "550.54.15"
    assert machine._driver(tmp_path / "missing") is None
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert "OMP_NUM_THREADS=7" in str(bench.describe_machine())
    assert "NVIDIA driver 1.2" in str(replace(bench.describe_machine(), driver="1.2"))
