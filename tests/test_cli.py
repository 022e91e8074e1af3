"""The command ``xpnn``: what it prints, what it saves, and what it says to bad input."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import xpnn
from xpnn import Network, data
from xpnn.activations import ReLU
from xpnn.cli import _failure, _output, _trial
from xpnn.cli._comparison import Comparison
from xpnn.cli.main import main
from xpnn.layers import Dense

COMMANDS = ("backends", "bench", "check", "demo", "evaluate", "predict", "summary", "train")
HEADER = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def read_csv(text):
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def flowers(folder):
    """Iris as a CSV file with text labels."""
    iris = data.iris()
    rows = [[*x, iris.class_names[c]] for x, c in zip(iris.x.tolist(), iris.y.tolist(), strict=True)]
    return write_csv(folder / "iris.csv", [[*HEADER, "species"], *rows])


@pytest.fixture(scope="module")
def flower_model(folder, flowers):
    path = str(folder / "iris.safetensors")
    assert main(["train", flowers, "--target", "species", "--epochs", "40", "--quiet", "--save", path]) == 0
    return path


@pytest.fixture(scope="module")
def prices(folder):
    """A regression whose target is far from 0 and widely spread, with a column of text that is no feature."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (300, 2))
    y = 250_000 + 40_000 * (x[:, 0] - 0.5 * x[:, 1] ** 2)
    rows = [[f"house {i}", *x[i].tolist(), float(y[i])] for i in range(300)]
    return write_csv(folder / "prices.csv", [["name", "size", "age", "price"], *rows])


@pytest.fixture(scope="module")
def price_model(folder, prices):
    path = str(folder / "prices.safetensors")
    options = ["--features", "size,age", "--target", "price", "--epochs", "60", "--l2", "0.01", "--dtype", "float64"]
    options += ["--activation", "tanh"]
    (folder / "log.csv").write_text("an older log, which is written anew\n")
    assert main(["train", prices, *options, "--save", path, "--quiet", "--log", str(folder / "log.csv")]) == 0
    return path


def run(capsys, *arguments):
    """Exit code, stdout and stderr of the command in this process."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def succeed(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    return out


def as_json(capsys, *arguments):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(succeed(capsys, *arguments, "--json"), parse_constant=refuse)


# A job in the background ignores Ctrl-C, and its children inherit that.
_LISTENING = (
    "-c",
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from xpnn.cli.main import main; sys.exit(main())",
)


def start(*arguments, module=("-m", "xpnn"), **options):
    """Start the command in a process of its own."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, *module, *arguments]
    buffered = {"PYTHONPATH": path, "PYTHONUNBUFFERED": ""}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env={**os.environ, **buffered}, **{**pipes, **options})


# ------------------------------------------------------------------------------------------------------------ help


def test_without_a_command_the_help_lists_them_all(capsys):
    out = succeed(capsys)
    assert all(f"\n    {command} " in out for command in COMMANDS)
    assert out == succeed(capsys, "-h")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    out = succeed(capsys, command, "-h")
    assert out.startswith(f"usage: xpnn {command} [-h]")
    assert command == "predict" or "--json" in out


def test_the_version_is_that_of_the_library(capsys):
    assert succeed(capsys, "--version") == f"xpnn {xpnn.__version__}\n"


def test_version_and_help_import_no_other_array_library_and_nothing_that_only_a_command_needs():
    heavy = ["torch", "jax", "cupy", "pyarrow", "xpnn.data", "xpnn.bench", "xpnn.testing", "xpnn_backends"]
    program = (
        "import sys; from xpnn.cli.main import main; main(['--version']); main(['train', '-h']);"
        f"sys.exit(', '.join(name for name in {heavy} if name in sys.modules))"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.stderr.strip() == ""


# -------------------------------------------------------------------------------------------------- classification


def test_what_is_trained_on_iris_predicts_the_names_of_the_flowers(capsys, folder, flowers, flower_model):
    rows = read_csv(succeed(capsys, "predict", flower_model, flowers))
    labels = [row[-1] for row in read_csv((folder / "iris.csv").read_text())]
    assert rows[0] == ["species"]
    assert len(rows) == len(labels) == 151
    assert sum(row == [label] for row, label in zip(rows, labels, strict=True)) > 0.95 * 151
    accuracy = sum(row == [label] for row, label in zip(rows[1:], labels[1:], strict=True)) / 150
    assert as_json(capsys, "evaluate", flower_model, flowers)["accuracy"] == pytest.approx(accuracy, abs=1e-9)


def test_the_saved_network_takes_raw_data_without_the_command(flower_model):
    net = Network.load(flower_model)
    x, y = data.iris()
    assert np.mean(np.argmax(net.predict(x), axis=1) == y) > 0.95
    assert net.notes == {
        "task": "classification",
        "target": "species",
        "features": HEADER,
        "classes": ["setosa", "versicolor", "virginica"],
    }


def test_inputs_are_standardized_by_the_training_samples_alone(flower_model):
    x_train = data.train_test_split(*data.iris(), test_fraction=0.2, seed=0, stratify=True)[0]
    state = Network.load(flower_model).state
    np.testing.assert_allclose(state["inputs.mean"], x_train.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(state["inputs.scale"], x_train.std(axis=0), rtol=1e-6)


def test_probabilities_stand_under_the_names_of_the_classes(capsys, flowers, flower_model):
    rows = read_csv(succeed(capsys, "predict", flower_model, flowers, "--proba"))
    assert rows[0] == ["setosa", "versicolor", "virginica"]
    probabilities = np.asarray(rows[1:], dtype=np.float64)
    wanted = Network.load(flower_model).predict_proba(data.iris().x)
    np.testing.assert_array_equal(probabilities.astype(np.float32), wanted)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)


def test_columns_are_found_by_name_in_any_order_and_the_target_may_be_missing(capsys, folder, flowers, flower_model):
    x = data.iris().x
    order = [2, 0, 3, 1]
    rows = [[HEADER[i] for i in order] + ["comment"], *[[*row, "none"] for row in x[:, order].tolist()]]
    shuffled = write_csv(folder / "shuffled.csv", rows)
    assert succeed(capsys, "predict", flower_model, shuffled) == succeed(capsys, "predict", flower_model, flowers)


def test_classes_are_known_by_name_whatever_classes_a_file_holds(capsys, folder, flower_model):
    x, y = data.iris()
    rows = [[*HEADER, "species"], *[[*row, "virginica"] for row in x[y == 2].tolist()]]
    only = write_csv(folder / "virginica.csv", rows)
    assert as_json(capsys, "evaluate", flower_model, only)["accuracy"] > 0.9


def test_the_report_of_a_training_holds_every_measurement(capsys, flowers):
    report = as_json(capsys, "train", flowers, "--epochs", "3", "--validation", "0.3", "--seed", "5")
    assert report["samples"] == 150 and report["epochs"] == 3 and report["saved"] is None
    assert report["parameters"] == (4 + 1) * 64 + 65 * 64 + 65 * 3
    assert list(report["history"]) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert report["validation"]["loss"] == pytest.approx(report["history"]["val_loss"][-1], rel=1e-5)
    assert report["validation"]["accuracy"] == pytest.approx(report["history"]["val_accuracy"][-1])
    assert report["training"]["loss"] < report["history"]["loss"][0]


def test_the_report_for_people_says_what_was_learnt_and_how_well(capsys, folder, flowers):
    path = folder / "other.safetensors"
    out = succeed(capsys, "train", flowers, "--epochs", "1", "--hidden", "5", "--save", path)
    lines = out.splitlines()
    assert lines[0] == f"{flowers}: 150 samples, 4 features, target species, 3 classes"
    assert lines[1] == "43 parameters, Adam(), numpy, float32"
    assert lines[2].startswith("1 epoch in ")
    assert [line.split()[0] for line in lines[4:7]] == ["loss", "training", "validation"]
    assert lines[-1] == f"saved {path}"


def test_the_seed_determines_everything(capsys, folder, flowers):
    def train(name, seed):
        path = folder / name
        succeed(capsys, "train", flowers, "--epochs", "2", "--dropout", "0.2", "--seed", seed, "--save", path)
        return path.read_bytes()

    assert train("a.st", 1) == train("b.st", 1) != train("c.st", 2)
    split, other = (Network.load(folder / name).state["inputs.mean"] for name in ("a.st", "c.st"))
    assert not np.array_equal(split, other)


def test_every_option_reaches_the_network(capsys, folder, flowers):
    path = folder / "options.safetensors"
    options = "--hidden 7,6 --activation tanh --dropout 0.25 --optimizer sgd --learning-rate 0.05 --l2 0.001"
    more = "--batch-size 150 --epochs 4 --seed 3 --dtype float64 --validation 0 --task classification"
    succeed(capsys, "train", flowers, *options.split(), *more.split(), "--save", path)
    net = Network.load(path)
    assert [repr(layer) for layer in net.layers[1:]] == [
        "Dense(7, activation=Tanh())",
        "Dropout(0.25)",
        "Dense(6, activation=Tanh())",
        "Dropout(0.25)",
        "Dense(3)",
    ]
    assert net.optimizer.learning_rate == 0.05 and type(net.optimizer).__name__ == "SGD"
    assert (net.l2, net.seed, net.dtype, len(net.history.epoch)) == (0.001, 3, "float64", 4)
    assert net._learner.updater.step == 4
    assert set(net.history) == {"loss", "accuracy"}


def test_training_stops_early_and_goes_back_to_the_best_epoch(capsys, flowers):
    options = ["--epochs", "400", "--patience", "3", "--learning-rate", "0.05"]
    report = as_json(capsys, "train", flowers, *options)
    losses = report["history"]["val_loss"]
    assert len(losses) < 400
    assert losses.index(min(losses)) == len(losses) - 5
    assert report["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)


def test_other_backends_train_the_same_network(capsys, flowers):
    pytest.importorskip("torch")
    options = ["train", flowers, "--epochs", "3"]
    here, there = as_json(capsys, *options), as_json(capsys, *options, "--backend", "torch")
    assert there["backend"] == "torch"
    assert there["history"]["loss"] == pytest.approx(here["history"]["loss"], rel=1e-4)


def test_numbers_are_classes_when_they_are_few_or_when_told_so(capsys, folder):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2))
    codes = np.where(x[:, 0] > 0, 7, 3)
    few = write_csv(folder / "few.csv", [["a", "b", "grade"], *[[*r, c] for r, c in zip(x, codes, strict=True)]])
    report = as_json(capsys, "train", few, "--epochs", "30", "--learning-rate", "0.01")
    assert (report["task"], report["classes"]) == ("classification", ["3", "7"])
    assert report["training"]["accuracy"] > 0.9
    assert as_json(capsys, "train", few, "--epochs", "1", "--task", "regression")["task"] == "regression"
    many = write_csv(folder / "many.csv", [["a", "label"], *[[i * 0.1, i % 25] for i in range(50)]])
    assert as_json(capsys, "train", many, "--epochs", "1")["task"] == "regression"
    report = as_json(capsys, "train", many, "--epochs", "1", "--task", "classification")
    assert report["classes"] == [str(i) for i in range(25)]


# ------------------------------------------------------------------------------------------------------ regression


def test_a_regression_learns_and_speaks_in_the_units_of_its_target(capsys, prices, price_model):
    rows = read_csv(succeed(capsys, "predict", price_model, prices))
    assert rows[0] == ["price"]
    predicted = np.asarray(rows[1:], dtype=np.float64)[:, 0]
    table = data.load(prices, "price", features=["size", "age"])
    errors = predicted - table.y
    measured = as_json(capsys, "evaluate", price_model, prices)
    assert measured["r2"] == pytest.approx(1 - np.mean(errors**2) / np.var(table.y), rel=1e-9)
    assert measured["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-9)
    assert measured["r2"] > 0.95
    np.testing.assert_array_equal(Network.load(price_model).predict(table.x)[:, 0], predicted)


def test_the_loss_of_a_regression_is_in_units_with_its_penalty(capsys, prices, price_model):
    net = Network.load(price_model)
    table = data.load(prices, "price", features=["size", "age"])
    mean_squared_error = np.mean((net.predict(table.x)[:, 0] - table.y) ** 2)
    weights = [value for name, value in net.parameters.items() if name.endswith("weight")]
    train = data.train_test_split(table.x, table.y, test_fraction=0.2, seed=0)[2]
    penalty = 0.5 * 0.01 * np.var(train) * sum(np.sum(w**2) for w in weights)
    assert as_json(capsys, "evaluate", price_model, prices)["loss"] == pytest.approx(mean_squared_error + penalty)


def test_history_and_log_of_a_regression_are_in_units(folder, prices, price_model):
    net = Network.load(price_model)
    with (folder / "log.csv").open(newline="") as file:
        log = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    assert [row["epoch"] for row in log] == list(range(60))
    for name, values in net.history.items():
        assert [row[name] for row in log] == values
    table = data.load(prices, "price", features=["size", "age"])
    _, x, _, y = data.train_test_split(table.x, table.y, test_fraction=0.2, seed=0)
    last = {name.removeprefix("val_"): values[-1] for name, values in net.history.items() if name.startswith("val_")}
    assert net.evaluate(x, y) == pytest.approx(last, rel=1e-9)


def test_the_scale_of_the_target_changes_nothing_but_the_units(capsys, folder):
    def train(scale, shift):
        x = np.linspace(-1, 1, 50)
        rows = [["x", "y"], *[[v, scale * v**2 + shift] for v in x.tolist()]]
        path = write_csv(folder / "scaled.csv", rows)
        options = ["--optimizer", "sgd", "--dtype", "float64", "--epochs", "5"]
        return as_json(capsys, "train", path, *options)["training"]

    plain, scaled = train(1.0, 0.0), train(2.0**30, 2.0**30)
    assert scaled["r2"] == pytest.approx(plain["r2"], rel=1e-6)
    assert scaled["loss"] == pytest.approx(plain["loss"] * 2.0**60, rel=1e-6)
    assert scaled["mae"] == pytest.approx(plain["mae"] * 2.0**30, rel=1e-6)


def test_one_column_without_a_target_is_enough_to_predict(capsys, folder):
    values = np.linspace(0, 3, 40).tolist()
    path = write_csv(folder / "line.csv", [["x", "y"], *[[v, 2 * v + 1] for v in values]])
    model = folder / "line.safetensors"
    succeed(capsys, "train", path, "--hidden", "none", "--epochs", "200", "--learning-rate", "0.05", "--save", model)
    alone = write_csv(folder / "x.csv", [["x"], [1.0], [2.5]])
    rows = read_csv(succeed(capsys, "predict", model, alone))
    assert [float(row[0]) for row in rows[1:]] == pytest.approx([3.0, 6.0], abs=0.01)


def test_a_feature_that_float32_cannot_resolve_is_named(capsys, folder):
    rows = [["time", "y"], *[[1.7e9 + i, i % 7 + 0.5] for i in range(30)]]
    path = write_csv(folder / "times.csv", rows)
    code, _, err = run(capsys, "train", path, "--epochs", "1")
    assert code == 0
    assert err == (
        "xpnn: warning: feature time changes little around 1.7e+09, which float32 cannot tell apart well; "
        "use --dtype float64.\n"
    )
    succeed(capsys, "train", path, "--epochs", "1", "--dtype", "float64")


# ----------------------------------------------------------------------------------------------- other kinds of files


def test_pictures_in_an_array_file_are_flattened(capsys, folder):
    digits = data.digits()
    path, model = folder / "digits.npz", folder / "digits.safetensors"
    np.savez(path, x=digits.x[:600].reshape(-1, 8, 8), y=digits.y[:600])
    out = succeed(capsys, "train", path, "--epochs", "10", "--save", model)
    assert out.startswith(f"{path}: 600 samples, arrays of shape (8, 8), target y, 10 classes\n")
    rows = read_csv(succeed(capsys, "predict", model, path))
    assert np.mean(np.asarray(rows[1:], dtype=int)[:, 0] == digits.y[:600]) > 0.9
    assert as_json(capsys, "evaluate", model, path)["samples"] == 600


def test_arrays_may_have_other_names_and_targets_several_columns(capsys, folder):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    y = np.stack([5 + x[:, 0], 7 - 2 * x[:, 1]], axis=1)
    path, model = folder / "multi.npz", folder / "multi.safetensors"
    np.savez(path, inputs=x, goals=y)
    options = ["--hidden", "none", "--epochs", "150", "--learning-rate", "0.02", "--save", model]
    succeed(capsys, "train", path, "--features", "inputs", "--target", "goals", *options)
    np.savez(folder / "inputs.npz", inputs=x)
    rows = read_csv(succeed(capsys, "predict", model, folder / "inputs.npz"))
    assert rows[0] == ["goals_0", "goals_1"]
    np.testing.assert_allclose(np.asarray(rows[1:], dtype=float), y, atol=0.05)
    assert as_json(capsys, "evaluate", model, path)["r2"] > 0.99
    train = data.train_test_split(x, y, test_fraction=0.2, seed=0)[2]
    state = Network.load(model).state
    np.testing.assert_allclose(state["units.scale"], 1 / np.sqrt(np.mean(np.var(train, axis=0))), rtol=1e-6)


def test_one_hot_rows_are_classes(capsys, folder):
    x, y = data.moons(80, noise=0.1)
    path, model = folder / "one_hot.npz", folder / "one_hot.safetensors"
    np.savez(path, x=x, y=data.one_hot(y, 2))
    report = as_json(capsys, "train", path, "--epochs", "20", "--learning-rate", "0.01", "--save", model)
    assert (report["task"], report["classes"]) == ("classification", ["0", "1"])
    assert as_json(capsys, "evaluate", model, path)["accuracy"] > 0.8
    predicted = [int(row[0]) for row in read_csv(succeed(capsys, "predict", model, path))[1:]]
    assert np.mean(np.asarray(predicted) == y) > 0.8


def test_parquet_files_are_read(capsys, folder, flower_model, flowers):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    iris = data.iris()
    columns = {name: iris.x[:, i] for i, name in enumerate(HEADER)}
    path = folder / "iris.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    assert succeed(capsys, "predict", flower_model, path) == succeed(capsys, "predict", flower_model, flowers)
    labels = [iris.class_names[code] for code in iris.y.tolist()]
    parquet.write_table(pyarrow.table({**columns, "species": labels}), path)
    assert as_json(capsys, "evaluate", flower_model, path) == as_json(capsys, "evaluate", flower_model, flowers)


def test_networks_that_the_library_saved_without_notes_are_understood(capsys, folder):
    x, y = data.moons(60, noise=0.1)
    path, arrays = folder / "api.safetensors", folder / "moons.npz"
    np.savez(arrays, x=x, y=y)
    table = write_csv(folder / "moons.csv", [["a", "b"], *x.tolist()])
    net = Network([Dense(4, "tanh"), Dense(2)], metrics=["accuracy"], dtype="float64")
    net.fit(x, y, epochs=3)
    net.save(path)
    assert as_json(capsys, "evaluate", path, arrays) == pytest.approx({"samples": 60, **net.evaluate(x, y)})
    rows = read_csv(succeed(capsys, "predict", path, table))
    assert rows == [["prediction"], *[[str(c)] for c in np.argmax(net.predict(x), axis=1)]]
    assert read_csv(succeed(capsys, "predict", path, table, "--proba"))[0] == ["class_0", "class_1"]
    binary = Network([Dense(1)], loss="binary_cross_entropy").build(2)
    binary.save(path)
    rows = read_csv(succeed(capsys, "predict", path, table))
    assert rows[1:] == [[str(int(z > 0))] for z in binary.predict(x)[:, 0]]


def test_predictions_are_written_to_a_file(capsys, folder, flowers, flower_model):
    out = folder / "predictions.csv"
    code, text, err = run(capsys, "predict", flower_model, flowers, "--out", out)
    assert (code, text, err) == (0, "", f"150 predictions in {out}\n")
    assert out.read_text() == succeed(capsys, "predict", flower_model, flowers)


# -------------------------------------------------------------------------------------------- summary, check, backends


def test_the_summary_shows_the_layers_and_the_notes(capsys, flower_model):
    out = succeed(capsys, "summary", flower_model)
    assert str(Network.load(flower_model).summary()) in out
    assert "classes: setosa, versicolor, virginica\n" in out
    assert "loss: CrossEntropy()\n" in out
    document = as_json(capsys, "summary", flower_model)
    assert document["parameters"] == 4675
    assert [row["name"] for row in document["rows"]] == ["inputs", "1", "2", "3"]
    assert document["epochs"] == 40 and document["notes"]["target"] == "species"


def test_right_gradients_pass_the_check(capsys, flowers, flower_model, price_model, prices):
    assert succeed(capsys, "check", flower_model).startswith("gradients agree: greatest error ")
    assert as_json(capsys, "check", flower_model, flowers)["passed"] is True
    assert as_json(capsys, "check", price_model)["max_error"] < 1e-6
    assert as_json(capsys, "check", price_model, prices)["passed"] is True


def test_wrong_gradients_fail_the_check(capsys, monkeypatch, flower_model):
    right = ReLU.backward
    monkeypatch.setattr(ReLU, "backward", lambda self, saved, dy, ctx: 1.001 * right(self, saved, dy, ctx))
    code, out, _ = run(capsys, "check", flower_model)
    assert code == 1
    assert out.startswith("gradients are wrong: greatest error ")
    code, out, _ = run(capsys, "check", flower_model, "--json")
    assert code == 1 and json.loads(out)["passed"] is False


@pytest.mark.parametrize(
    ("loss", "units"),
    [("binary_cross_entropy", 1), ("binary_cross_entropy", 3), ("hinge", 1), ("hinge", 3), ("huber", 2), ("mse", 1)],
)
def test_random_data_suit_every_loss(capsys, folder, loss, units):
    path = folder / "loss.safetensors"
    Network([Dense(5, "tanh"), Dense(units)], loss=loss).build(4).save(path)
    assert as_json(capsys, "check", path)["passed"] is True


def test_backends_are_listed_with_the_reasons_of_those_that_do_not_run(capsys):
    found = xpnn.available_backends()
    document = as_json(capsys, "backends")
    assert document["backends"]["numpy"]["available"] is True
    assert {name: row["available"] for name, row in document["backends"].items()} == {
        name: status.available for name, status in found.items()
    }
    out = succeed(capsys, "backends")
    for name, status in found.items():
        assert f"\n{name} " in out
        if not status.available:
            assert f"{name} cannot run: {status.reason}." in out
            assert status.install is None or f"Install: {status.install}." in out
    assert f"'auto' is {document['auto']['backend']}: " in out


# ------------------------------------------------------------------------------------------------------------- demo


def test_the_demo_learns_on_all_backends_alike(capsys):
    words = "numpy,torch" if xpnn.available_backends()["torch"].available else "numpy,numpy:cpu"
    code, out, err = run(capsys, "demo", "--backends", words, "--epochs", "4", "--json")
    document = json.loads(out)
    assert code == 0
    assert err == "".join(f"training on {word}\n" for word in words.split(",")) + "timing one step on each\n"
    assert list(document["backends"]) == words.split(",")
    assert document["losses_agree"] is True and document["greatest_difference"] < 1e-4
    for row in document["backends"].values():
        assert row["test_accuracy"] > 0.85 and row["step_us"] > 0
        assert len(row["loss"]) == 4 and row["loss"][-1] < 0.5 * row["loss"][0]
    fastest = document["backends"][document["fastest"]]["step_us"]
    assert fastest == min(row["step_us"] for row in document["backends"].values())


def test_the_demo_shows_a_curve_a_table_and_why_a_backend_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(
        "xpnn.bench.open_backends", lambda words: ({"numpy": xpnn.get_backend("numpy")}, {"moon": "No moon here."})
    )
    code, out, err = run(capsys, "demo", "--epochs", "2")
    assert code == 0 and err.startswith("looking for backends\n")
    assert "64 pixels, two hidden layers, 10 digits: 6,570 parameters, Adam(learning_rate=0.003).\n" in out
    assert " | *\n" in out and "\nnumpy    " in out
    assert "One backend runs here, so there is none to compare it with." in out
    assert out.endswith("No moon here.\n")


def test_the_demo_fails_when_backends_disagree(capsys, monkeypatch):
    train_on = _trial.train_on
    monkeypatch.setattr(
        _trial, "train_on", lambda backend, data, epochs, seed: train_on(backend, data, epochs, len(backend.name))
    )
    code, out, _ = run(capsys, "demo", "--backends", "numpy,numpy:cpu", "--epochs", "1")
    assert code == 1
    assert "The losses of all backends DISAGREE: they differ by at most " in out


def test_a_loss_that_is_no_number_is_a_disagreement():
    class Trial:
        def __init__(self, *loss):
            self.loss = loss

    def compare(*losses):
        return Comparison(None, {str(i): Trial(*loss) for i, loss in enumerate(losses)}, None, {})

    nan = float("nan")
    assert compare((1.0, 0.5)).agree
    assert compare((1.0, 0.5), (1.0005, 0.5)).agree
    assert compare((1.0, 0.5), (1.0, 0.5), (1.0, 0.501)).difference == pytest.approx(0.002)
    assert not compare((1.0, 0.5), (1.0, 0.501)).agree
    assert not compare((1.0, 0.5), (1.0, nan)).agree
    assert not compare((1.0, nan), (1.0, 0.5)).agree


# ----------------------------------------------------------------------------------------------------------- errors


@pytest.fixture(scope="module")
def bad_files(folder):
    """Files with faults, by name, in the folder that the command runs in."""
    good = [["a", "b", "y"], [1, 2, "u"], [3, 4, "v"], [5, 6, "u"], [7, 8, "v"]]
    place = folder / "bad"
    place.mkdir()
    write_csv(place / "good.csv", good)
    write_csv(place / "nan.csv", [*good, [9, "nan", "u"]])
    write_csv(place / "text.csv", [*good, [9, "nine", "u"]])
    write_csv(place / "ragged.csv", [*good, [9]])
    write_csv(place / "alone.csv", [["a", "y"], [1, "u"], [2, "u"]])
    write_csv(place / "header.csv", good[:1])
    write_csv(place / "others.csv", [["a", "c"], [1, 2]])
    write_csv(place / "strange.csv", [*good, [9, 9, "w"]])
    (place / "empty.csv").write_text("")
    (place / "blank.csv").write_text("\n\n")
    (place / "table.xls").write_text("a")
    (place / "pickle.st").write_bytes(b"\x80\x04.")
    np.savez(place / "one.npz", x=np.ones((4, 2)), y=np.arange(4.0))
    options = ["--quiet", "--epochs", "1", "--validation", "0"]
    assert main(["train", str(place / "good.csv"), *options, "--save", str(place / "m.st")]) == 0
    assert (
        main(
            [
                "train",
                str(place / "good.csv"),
                *options,
                "--target",
                "b",
                "--features",
                "a",
                "--task",
                "regression",
                "--save",
                str(place / "r.st"),
            ]
        )
        == 0
    )
    return place


COLUMNS = "(it has 'a', 'b', 'y')"
ERRORS = [
    (
        "trian",
        "the command must be one of backends, bench, check, demo, evaluate, predict, summary, train, got 'trian'. "
        "Did you mean 'train'?",
    ),
    ("--what", "the following arguments are required: COMMAND (see xpnn -h)."),
    ("train good.csv more", "unrecognized arguments: more (see xpnn train -h)."),
    ("train", "the following arguments are required: FILE (see xpnn train -h)."),
    ("predict m.st", "the following arguments are required: FILE (see xpnn predict -h)."),
    ("train good.csv --epochs", "--epochs expected one argument."),
    ("train good.csv --epochs ten", "--epochs must be an integer of at least 1, got 'ten'."),
    ("train good.csv --epochs 0", "--epochs must be an integer of at least 1, got 0."),
    ("train good.csv --patience -1", "--patience must be an integer of at least 0, got -1."),
    ("train good.csv --hidden 8,x", "--hidden must be an integer of at least 1, got 'x'."),
    ("train good.csv --learning-rate 0", "--learning-rate must be a finite number above 0, got 0.0."),
    ("train good.csv --learning-rate nan", "--learning-rate must be a finite number above 0, got nan."),
    ("train good.csv --l2 -1", "--l2 must be a finite number of at least 0, got -1.0."),
    ("train good.csv --dropout 1", "--dropout must be a number in [0, 1), got 1.0."),
    ("train good.csv --validation 1.5", "--validation must be a number in [0, 1), got 1.5."),
    ("train good.csv --patience 2 --validation 0", "--patience must come with a --validation above 0, got 0."),
    ("train good.csv --features a,,b", "--features must be names with commas between, got 'a,,b'."),
    ("train good.csv --dtype int8", "--dtype must be one of float32, float64, mixed_float16, got 'int8'."),
    ("train good.csv --optimizer adm", "--optimizer must be one of {optimizers}, got 'adm'. Did you mean 'adam'?"),
    ("train good.csv --activation rellu", "activation must be one of {activations}, got 'rellu'. Did you mean 'relu'?"),
    ("train good.csv --backend numpi", "backend must be one of {backends}, got 'numpi'. Did you mean 'numpy'?"),
    ("demo --backends numpi", "backend must be one of {backends}, got 'numpi'. Did you mean 'numpy'?"),
    (
        "train good.csv --save no/m.st",
        "--save must be a file in a folder that exists, got 'no/m.st' (no folder of that name).",
    ),
    ("train good.csv --log .", "--log must be a file in a folder that exists, got '.' (a folder)."),
    ("train no.csv", "path must be a file that can be read, got 'no.csv' (No such file or directory)."),
    (
        "train table.xls",
        "path must end in .csv, .npz, .parquet, .tsv, .txt, or be a folder with MNIST, got 'table.xls'.",
    ),
    ("train empty.csv", "empty.csv must hold data, got an empty file."),
    ("predict m.st empty.csv", "empty.csv must hold data, got an empty file."),
    ("train blank.csv", "blank.csv must hold data, got blank lines alone."),
    ("predict m.st blank.csv", "blank.csv must hold data, got blank lines alone."),
    ("train header.csv", "header.csv must have rows, got the names of columns alone."),
    ("predict m.st header.csv", "header.csv must have rows, got the names of columns alone."),
    ("train ragged.csv", "ragged.csv must have 3 cells in each line, got 1 in line 6."),
    ("predict m.st ragged.csv", "ragged.csv must have 3 cells in each line, got 1 in line 6."),
    ("train nan.csv", "nan.csv must have no missing values, got 'nan' in column 'b', line 6."),
    ("predict m.st nan.csv", "nan.csv must have no missing values, got 'nan' in column 'b', line 6."),
    (
        "train text.csv",
        "text.csv must hold numbers, got 'nine' in column 'b', line 6. Leave a column out with features=[...], or read "
        "a target as classes with task='classification'.",
    ),
    ("train alone.csv", "alone.csv must hold at least two classes, got u alone."),
    ("train good.csv --target z", f"good.csv must have the column that target names {COLUMNS}, got 'z'."),
    ("train good.csv --features a,z", f"good.csv must have the column that features names {COLUMNS}, got 'z'."),
    ("train good.csv --features a,y", "features must leave out the target, got 'y'."),
    ("train one.npz --features x,z", "features must be the name of one array of one.npz, got x, z."),
    ("train one.npz --target z", "one.npz must hold the array 'z', got 'x', 'y'."),
    ("predict m.st others.csv", "others.csv must have the column that features names (it has 'a', 'c'), got 'b'."),
    ("evaluate m.st others.csv", "others.csv must have the column that target names (it has 'a', 'c'), got 'y'."),
    ("evaluate m.st strange.csv", "strange.csv must hold classes that the network knows (u, v), got 'w'."),
    ("predict r.st good.csv --proba", "--proba must be left out for a network that gives no probabilities, got {mse}."),
    ("predict no.st good.csv", "no.st: No such file or directory."),
    ("summary .", ".: Is a directory."),
    ("check m.st good.csv --backend numpy:9", "Backend 'numpy:9' cannot run: NumPy has no device '9'. {numpy}"),
    ("train good.csv --optimizer sgd --learning-rate 1e30", "the loss must stay finite, got nan in epoch {epoch}"),
]


def fill_in(message):
    from xpnn import activations, optimizers

    names = {
        "optimizers": ", ".join(sorted(optimizers._BY_NAME)),
        "activations": ", ".join(sorted(activations._BY_NAME)),
        "backends": ", ".join(sorted([*xpnn.available_backends(), "auto"])),
        "mse": "MeanSquaredError()",
    }
    for name, text in names.items():
        message = message.replace(f"{{{name}}}", text)
    return message


@pytest.mark.parametrize(("arguments", "message"), ERRORS, ids=[arguments for arguments, _ in ERRORS])
def test_an_error_is_one_line(capsys, monkeypatch, bad_files, arguments, message):
    monkeypatch.chdir(bad_files)
    code, _, err = run(capsys, *arguments.split())
    wanted = fill_in(message)
    start_of = wanted.partition("{")[0]
    assert err == f"xpnn: error: {wanted}\n" or (start_of != wanted and err.startswith(f"xpnn: error: {start_of}"))
    assert err.count("\n") == 1
    assert code == (1 if wanted.startswith(("Backend", "the loss")) else 2)


def test_numbers_that_json_lacks_become_null(capsys):
    _output.print_json({"nan": float("nan"), "list": [1.5, float("-inf")], "inner": {"inf": (float("inf"), 2)}})
    assert json.loads(capsys.readouterr().out) == {"nan": None, "list": [1.5, None], "inner": {"inf": [None, 2]}}


def test_a_file_that_is_no_network_is_refused_in_one_line(capsys, bad_files):
    for command in (["summary"], ["check"], ["predict"], ["evaluate"]):
        files = [bad_files / "good.csv"] if command[0] in ("predict", "evaluate") else []
        code, out, err = run(capsys, *command, bad_files / "pickle.st", *files)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"xpnn: error: {bad_files / 'pickle.st'} ")


def test_missing_write_permission_is_found_before_the_training(capsys, monkeypatch, bad_files):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    for option in ("--save", "--log"):
        code, out, err = run(capsys, "train", bad_files / "good.csv", option, bad_files / "new.st")
        assert (code, out, err) == (1, "", f"xpnn: error: {bad_files / 'new.st'}: Permission denied.\n")
    code, out, err = run(capsys, "predict", bad_files / "m.st", bad_files / "good.csv", "--out", bad_files / "new.csv")
    assert (code, err) == (1, f"xpnn: error: {bad_files / 'new.csv'}: Permission denied.\n")


def test_what_nobody_foresaw_is_one_line_too(capsys, monkeypatch, bad_files):
    def fail(*arguments):
        raise KeyError("secret\nplans")

    monkeypatch.setattr(Network, "summary", fail)
    code, out, err = run(capsys, "summary", bad_files / "m.st")
    assert (code, out) == (1, "")
    assert err == r"xpnn: error: unexpected KeyError: 'secret\nplans' ('python -X dev -m xpnn' shows where)." + "\n"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (MemoryError("4 GiB"), 1, "there is not enough memory (4 GiB)."),
        (OSError(28, "No space left on device"), 1, "No space left on device."),
        (PermissionError(13, "Permission denied", "m.st"), 1, "m.st: Permission denied."),
        (NotADirectoryError(20, "Not a directory", "a/b"), 2, "a/b: Not a directory."),
        (
            UnicodeEncodeError("ascii", "a\u03b1", 1, 2, "no"),
            1,
            "the output must be able to hold '\\u03b1'; set PYTHONIOENCODING=utf-8.",
        ),
        (ValueError("two\nlines"), 1, "unexpected ValueError: two lines ('python -X dev -m xpnn' shows where)."),
    ],
)
def test_every_exception_has_a_sentence_and_a_code(error, code, sentence):
    assert _failure.explain(error) == (code, sentence)


# -------------------------------------------------------------------------------------------------------- processes


def test_errors_leave_a_process_with_their_code_and_no_traceback(bad_files):
    process = start("predict", "m.st", "no.csv", cwd=bad_files)
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert err == "xpnn: error: path must be a file that can be read, got 'no.csv' (No such file or directory).\n"


def test_the_development_mode_of_python_shows_the_traceback(bad_files):
    process = start("summary", "no.st", cwd=bad_files, module=("-X", "dev", "-m", "xpnn"))
    assert "Traceback (most recent call last)" in process.communicate()[1]
    assert process.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_a_training_in_one_line_and_saves_nothing(bad_files):
    options = ["--epochs", "10000000", "--hidden", "400,400", "-v", "--save", "never.st"]
    process = start("train", "good.csv", *options, cwd=bad_files, module=_LISTENING)
    assert process.stderr.readline().startswith("epoch 1/10000000")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    lines = err.splitlines()
    assert process.returncode == 130
    assert lines[-1] == "xpnn: error: interrupted."
    assert all(line.startswith("epoch ") for line in lines[:-1])
    assert not (bad_files / "never.st").exists()


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("count", [1, 20_000])
def test_a_reader_that_goes_away_ends_the_command_quietly(folder, flower_model, count):
    rows = [HEADER, *[[5.0, 3.0, 1.0, 0.2]] * count]
    path = write_csv(folder / "long.csv", rows)
    reader, writer = os.pipe()
    process = start("predict", flower_model, path, stdout=writer)
    os.close(writer)
    os.close(reader)
    assert process.communicate()[1] == ""
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train DATA --epochs 1 --save DATA", "--save must not be the data file"),
        ("train DATA --epochs 1 --log DATA", "--log must not be the data file"),
        ("train DATA --epochs 1 --save X --log X", "--save must not be the log file"),
        ("predict MODEL DATA --out DATA", "--out must not be the data file"),
        ("predict MODEL DATA --out MODEL", "--out must not be the model file"),
    ],
)
def test_no_command_overwrites_what_it_reads(capsys, tmp_path, flowers, flower_model, arguments, message):
    paths = {"DATA": tmp_path / "a.csv", "MODEL": tmp_path / "m", "X": tmp_path / "x"}
    for word, source in (("DATA", flowers), ("MODEL", flower_model)):
        with Path(source).open("rb") as file:
            paths[word].write_bytes(file.read())
    before = [paths["DATA"].read_bytes(), paths["MODEL"].read_bytes()]
    assert main([str(paths.get(word, word)) for word in arguments.split()]) == 2
    assert capsys.readouterr().err.startswith(f"xpnn: error: {message}")
    assert before == [paths["DATA"].read_bytes(), paths["MODEL"].read_bytes()]


def test_a_column_without_a_name_is_refused(capsys, tmp_path, flowers):
    with Path(flowers).open(encoding="utf-8") as file:
        rows = [f"{'' if i == 0 else i},{line}" for i, line in enumerate(file)]
    path = tmp_path / "indexed.csv"
    path.write_text("".join(rows), encoding="utf-8")
    assert main(["train", str(path), "--epochs", "1"]) == 2
    assert "column without a name (the index of a data frame?)" in capsys.readouterr().err
    assert main(["train", str(path), "--epochs", "1", "--quiet", "--features", ",".join(HEADER)]) == 0
