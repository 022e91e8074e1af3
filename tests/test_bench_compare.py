"""Crossovers along every axis, two results side by side, and the user's own network and data."""

import json
from dataclasses import replace

import numpy as np
import pytest

from xpnn import Network, bench
from xpnn.backend import get_backend
from xpnn.bench.compare import compare_cases, compare_machines, read_result
from xpnn.bench.crossover import find_crossings, find_series
from xpnn.bench.samples import draw_samples
from xpnn.bench.timings import Timings
from xpnn.bench.workload import OwnNetwork
from xpnn.cli.main import main
from xpnn.errors import ArgumentError, DataError
from xpnn.layers import Dense

FAST, SLOW = 50.0, 200.0


def made_sweep(*cases):
    """Cases as (width, depth, batch, microseconds on cupy); NumPy takes 100."""
    made = []
    for width, depth, batch, us in cases:
        timings = Timings({"numpy": (100.0,) * 3, "cupy": (us,) * 3}, {"numpy": 1, "cupy": 1})
        made.append(bench.Case(width, batch, 99, {"numpy": 9.0, "cupy": 9.0}, timings, {}, depth))
    machine = bench.describe_machine({"numpy": get_backend("numpy")})
    return bench.Sweep(replace(machine, backends={"numpy": {}, "cupy": {}}), "perceptrons", 3, tuple(made), {})


# ------------------------------------------------------------------------------------------------------ crossover


def test_the_curves_cross_where_straight_lines_between_logarithms_do():
    sweep = made_sweep((16, 2, 32, 400.0), (64, 2, 32, 400.0), (256, 2, 32, 50.0))
    (crossing,) = find_crossings(sweep)
    assert crossing.estimate == pytest.approx(64 * 4 ** (2 / 3))
    assert (crossing.place, crossing.verdict) == ("batch 32", "cupy is faster than numpy from width 256 on")


def test_there_is_no_estimate_where_nobody_starts_to_win():
    assert find_crossings(made_sweep((16, 2, 32, SLOW), (64, 2, 32, SLOW)))[0].estimate is None


def test_each_batch_and_depth_has_a_series_of_widths():
    sweep = made_sweep(*[(w, d, b, FAST if w + b > 500 else SLOW) for w in (16, 64) for d in (1, 2) for b in (32, 512)])
    axis, series = find_series(sweep)
    assert axis == "width"
    assert list(series) == [f"batch {b} and depth {d}" for d in (1, 2) for b in (32, 512)]
    assert all([case.width for case in cases] == [16, 64] for cases in series.values())
    assert bench.conclusions(sweep)[1] == "cupy is faster than numpy at every width measured at batch 512 and depth 1."


def test_a_network_of_ones_own_is_compared_over_batch_sizes():
    sweep = made_sweep((None, None, 8, SLOW), (None, None, 32, SLOW), (None, None, 128, FAST))
    assert find_series(sweep)[0] == "batch"
    assert bench.conclusions(sweep) == ["cupy is faster than numpy from batch 128 on."]


def test_depths_can_be_the_axis():
    sweep = made_sweep((16, 1, 32, SLOW), (16, 8, 32, FAST))
    assert bench.conclusions(sweep) == ["cupy is faster than numpy from depth 8 on at batch 32."]


# -------------------------------------------------------------------------------------------------------- compare


def saved(path, sweep):
    path.write_text(json.dumps(sweep.as_dict()))
    return str(path)


@pytest.fixture
def files(tmp_path):
    """Two results: cupy has become faster at width 16, slower at 64, and is the same at 256; 4 and 5 are alone."""
    before = made_sweep((4, 2, 32, 1.0), (16, 2, 32, 400.0), (64, 2, 32, 50.0), (256, 2, 32, 70.0))
    after = made_sweep((5, 2, 32, 1.0), (16, 2, 32, 100.0), (64, 2, 32, 75.0), (256, 2, 32, 70.0))
    after = replace(after, machine=replace(after.machine, numpy="9.9"), subject="others")
    return saved(tmp_path / "before.json", before), saved(tmp_path / "after.json", after)


def test_two_results_are_compared_where_both_have_a_size(files):
    rows = compare_cases(*map(read_result, files))
    found = {(row["width"], row["backend"]): (row["ratio"], row["verdict"]) for row in rows}
    assert found == {
        (16, "numpy"): (1.0, "no difference"),
        (16, "cupy"): (0.25, "faster"),
        (64, "numpy"): (1.0, "no difference"),
        (64, "cupy"): (1.5, "slower"),
        (256, "numpy"): (1.0, "no difference"),
        (256, "cupy"): (1.0, "no difference"),
    }


def test_what_differs_between_the_machines_is_said(files):
    before, after = map(read_result, files)
    assert compare_machines(before, before) == []
    differences = [f"numpy was {np.__version__}, and is 9.9.", "subject was perceptrons, and is others."]
    assert compare_machines(before, after) == differences


def test_the_command_compares_two_files(files, capsys):
    assert main(["bench", "compare", *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "width  depth  batch  backend  before µs  after µs  after / before        verdict"
    assert lines[2].split() == ["16", "2", "32", "cupy", "400", "100", "0.25", "faster"]
    assert lines[-1] == "subject was perceptrons, and is others."
    assert main(["bench", "compare", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cases"][1]["verdict"] == "faster"
    assert main(["bench", "compare", files[0], files[0]]) == 0
    assert capsys.readouterr().out.endswith("\nMachine and versions are the same.\n")


def test_results_without_a_common_size_are_no_error(files, tmp_path, capsys):
    other = saved(tmp_path / "other.json", made_sweep((999, 2, 32, 1.0)))
    assert main(["bench", "compare", files[0], other]) == 0
    assert capsys.readouterr().out.startswith("The results have no size and backend in common.\n")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "xpnn bench 0"}', '{"format": "xpnn bench 1"}', "\x00"])
def test_another_file_is_refused_in_one_sentence(tmp_path, text, capsys):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"a\.json must hold a result of 'xpnn bench --json' \("):
        read_result(str(path))
    assert main(["bench", "compare", str(path), str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["bench", "compare", str(path), str(tmp_path / "none.json")]) == 2


# ----------------------------------------------------------------------------------------------------------- own


@pytest.mark.parametrize(
    ("loss", "units", "shape"),
    [
        ("cross_entropy", 3, (7,)),
        ("binary_cross_entropy", 1, (7, 1)),
        ("mean_squared_error", 4, (7, 4)),
        ("hinge", 1, (7, 1)),
    ],
)
def test_random_data_fit_the_loss(loss, units, shape):
    net = Network([Dense(units)], loss=loss).build(5)
    x, y = draw_samples(net, 7)
    assert (x.shape, y.shape) == ((7, 5), shape)
    assert set(np.unique(y)) <= set(range(max(units, 2)))
    assert np.isfinite(float(net.train_on_batch(x, y)))


def test_a_loss_that_takes_no_random_targets_is_named():
    net = Network([Dense(1)], loss="mean_squared_error").build(5)

    class Choosy(type(net.loss)):
        def check_targets(self, targets, output_shape):
            raise ArgumentError("y must hold something else.")

    net._loss = Choosy()
    with pytest.raises(ArgumentError, match=r"loss must take labels, or 0 and 1, to be measured on random targets"):
        draw_samples(net, 3)


def test_ones_own_network_stays_as_it_is_and_its_data_are_repeated(backend):
    net = Network([Dense(2)]).build(3)
    before = net.flat_parameters
    runner = OwnNetwork(net, np.arange(6.0).reshape(2, 3), np.asarray([0, 1]), 5).open(backend)
    runner.first_losses(3)
    assert np.array_equal(net.flat_parameters, before)
    assert not np.array_equal(runner.net.flat_parameters, before)
    rows = backend.to_numpy(runner.data[0])
    assert rows.tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5], [0, 1, 2]]
    assert str(rows.dtype) == "float32"


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    rows = "\n".join(f"{a:.3f},{b:.3f},{a - b:.3f},{'no' if a < b else 'yes'}" for a, b in rng.normal(size=(40, 2)))
    path = tmp_path / "table.csv"
    path.write_text(f"a,b,difference,greater\n{rows}\n")
    return str(path)


def run_json(capsys, *arguments):
    assert main(["bench", "--backends", "numpy", "--rounds", "1", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_measures_what_train_would_make(table, capsys):
    document = run_json(capsys, "--data", table, "--batches", "4,100")
    assert [(case["width"], case["depth"], case["batch"]) for case in document["cases"]] == [(64, 2, 4), (64, 2, 100)]
    assert document["subject"].startswith(f"what 'xpnn train' makes for {table}; ")
    columns = ["--target", "difference", "--features", "a,b"]
    sizes = run_json(capsys, "--data", table, *columns, "--widths", "3,5", "--depths", "1", "--quick")
    assert {(case["width"], case["depth"]) for case in sizes["cases"]} == {(3, 1), (5, 1)}
    assert "MeanSquaredError" in sizes["subject"]


def test_the_command_measures_a_saved_network(table, tmp_path, capsys):
    path = str(tmp_path / "net.safetensors")
    assert main(["train", table, "--features", "a,b", "--hidden", "4", "--epochs", "1", "--save", path, "-q"]) == 0
    capsys.readouterr()
    on_random = run_json(capsys, "--model", path, "--batches", "8")
    on_data = run_json(capsys, "--model", path, "--data", table, "--batches", "8")
    for document, data in ((on_random, "random data"), (on_data, table)):
        (case,) = document["cases"]
        assert (case["width"], case["depth"], case["batch"]) == (None, None, 8)
        assert case["parameters"] == 4 * 3 + 2 * 5
        assert document["subject"].startswith(f"{path} on {data}; ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--model m --widths 8", "--widths and --depths must be left out with --model, whose layers have their sizes."),
        ("--model m --data d --features a", "--features must be left out with --model, which knows its columns."),
        ("--target y", "--target must come with --data, got 'y' alone."),
        ("--model none.safetensors", "none.safetensors: No such file or directory."),
        ("--data none.csv", "path must be a file that can be read, got 'none.csv' (No such file or directory)."),
    ],
)
def test_options_that_contradict_each_other_are_refused(monkeypatch, tmp_path, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments.split()]) == 2
    assert capsys.readouterr().err.splitlines() == [f"xpnn: error: {message}"]
