"""The contenders of ``bench/bench_step.py``, and the programs that measure steps, growth and memory."""

import importlib
import json
import subprocess
import sys
from math import isnan
from pathlib import Path

import pytest

from xpnn.bench.workload import disagreements

PROGRAMS = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(PROGRAMS))
try:
    from step_peers import NAMES, maker
finally:
    sys.path.remove(str(PROGRAMS))


@pytest.fixture
def program(monkeypatch):
    """Import a module as the programs in ``bench/`` see it."""
    monkeypatch.syspath_prepend(str(PROGRAMS))
    return importlib.import_module


def run_program(name, *arguments):
    command = [sys.executable, str(PROGRAMS / f"bench_{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# --------------------------------------------------------------------------------------------------------- contenders


SKIPPED = ("torch.compile needs a C++ compiler", "compile must be", "Backend ", "This peer is written for dense layers")

PERCEPTRON, CONVOLUTIONAL = [6, 8, 7, 3], ["8x10x2", "4@3+1", "/2", "5@2", 6, 3]
RECURRENT = ["4x5", "lstm6", 3]


def train(program, device, name, steps=30, model=PERCEPTRON):
    problem = program("peers.problem").draw(model, 20, 0.01)
    peer = maker(device, name)(problem)
    losses = [float(peer.step()) for _ in range(steps)]
    peer.synchronize()
    assert all(peer.versions.values())
    return losses


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # from the inside of torch.compile
@pytest.mark.parametrize(
    ("name", "model"),
    [(name, PERCEPTRON) for name in NAMES["cpu"]]
    # The same models, whose convolutions these two would compile for half a minute.
    + [(name, CONVOLUTIONAL) for name in NAMES["cpu"] if name not in ("torch.compile", "xpnn fast")],
    ids=lambda value: value if isinstance(value, str) else "perceptron" if value is PERCEPTRON else "convolutional",
)
def test_every_contender_that_is_installed_trains_like_plain_numpy(program, name, model):
    try:
        losses = train(program, "cpu", name, model=model)
    except ImportError as error:
        pytest.skip(str(error))
    except (RuntimeError, ValueError) as error:
        if not str(error).startswith(SKIPPED):
            raise
        pytest.skip(str(error))
    assert disagreements({"plain NumPy": train(program, "cpu", "plain NumPy", model=model), name: losses}, 1e-4) == {}
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", ["xpnn eager", "jax.jit"])
def test_contenders_train_a_recurrent_network_like_pytorch(program, name):
    pytest.importorskip("torch")
    try:
        losses = train(program, "cpu", name, model=RECURRENT)
    except (ImportError, RuntimeError) as error:
        if not isinstance(error, ImportError) and not str(error).startswith(SKIPPED):
            raise
        pytest.skip(str(error))
    assert disagreements({"PyTorch": train(program, "cpu", "PyTorch eager", model=RECURRENT), name: losses}, 1e-4) == {}
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", ["plain NumPy", "NumPy with out="])
def test_who_knows_no_recurrent_layers_says_so(program, name):
    with pytest.raises(RuntimeError, match="This peer is "):
        train(program, "cpu", name, model=RECURRENT)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES["cuda"])
def test_contenders_on_a_gpu_train_like_plain_numpy_or_say_why_not(program, name):
    try:
        losses = train(program, "cuda", name)
    except ImportError as error:
        pytest.skip(str(error))
    except (RuntimeError, ValueError, AssertionError) as error:
        reason = str(error)
        assert any(word in reason for word in ("CUDA", "cuda", "compile must be")), reason
        pytest.skip(reason.splitlines()[0])
    assert disagreements({"plain NumPy": train(program, "cpu", "plain NumPy"), name: losses}, 1e-3) == {}


def test_the_gradients_of_plain_numpy_are_right(program):
    pytest.importorskip("torch")
    losses = [train(program, "cpu", name, 5, CONVOLUTIONAL) for name in ("plain NumPy", "PyTorch eager")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_a_model_is_one_line_of_words(program):
    problem = program("peers.problem")
    assert problem.parse("2-24-3") == [2, 24, 3]
    drawn = problem.draw(problem.parse("LeNet"), 2)
    assert [stage.output_shape for stage in drawn.stages] == [
        (28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (120,), (84,), (10,),
    ]  # fmt: skip
    assert [weight.shape for weight, _ in drawn.layers] == [
        (5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10),
    ]  # fmt: skip
    with pytest.raises(RuntimeError, match=r"This peer is written for dense layers alone\."):
        _ = drawn.sizes


def test_a_missing_cpp_compiler_is_named(program, monkeypatch):
    pytest.importorskip("torch")
    module = program("peers.torch_compile")
    monkeypatch.setattr(module.shutil, "which", lambda word: None)
    with pytest.raises(RuntimeError, match=r"torch.compile needs a C\+\+ compiler, and none is installed."):
        module.Peer(program("peers.problem").draw([2, 3], 4))


def test_numpy_with_out_makes_no_array_in_a_step(program):
    peer = program("peers.numpy_out").Peer(program("peers.problem").draw([500, 600, 3], 400))
    peer.step()
    kept = [array.ctypes.data for array in (peer.flat, peer.gradient, peer.m, peer.v, *peer.d, *peer.inputs)]
    tracemalloc = importlib.import_module("tracemalloc")
    tracemalloc.start()
    peer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 400 * 600 / 10
    assert kept == [array.ctypes.data for array in (peer.flat, peer.gradient, peer.m, peer.v, *peer.d, *peer.inputs)]


def test_numpy_with_out_does_not_depend_on_the_length_of_its_blocks(program, monkeypatch):
    module = program("peers.numpy_out")
    whole = train(program, "cpu", "NumPy with out=")
    monkeypatch.setattr(module, "BLOCK", 7)
    assert train(program, "cpu", "NumPy with out=") == whole


def test_every_library_is_given_the_same_number_of_threads(program):
    environment = program("threads").environment
    assert {environment(2)[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")} == {"2"}
    assert environment(1)["XLA_FLAGS"] == "--xla_cpu_multi_thread_eigen=false"
    assert environment(2)["XLA_FLAGS"] == ""
    assert environment(1)["JAX_PLATFORMS"] == "cpu"
    assert "JAX_PLATFORMS" not in environment(1, "cuda")


# --------------------------------------------------------------------------------------------------------------- steps


class Made:
    """A contender with made-up losses."""

    versions = {"made": "1"}  # noqa: RUF012

    def __init__(self, loss):
        self.loss, self.waits = loss, 0

    def step(self):
        return self.loss

    def synchronize(self):
        self.waits += 1


def refuse(problem):
    raise RuntimeError("It needs a miracle\n\nSee below")


@pytest.mark.parametrize("rest", [0.0, 0.001])
def test_who_cannot_run_is_left_out_and_who_has_other_losses_is_not_timed(program, rest):
    makers = {
        "jax.jit": lambda problem: Made(1.0),
        "close": lambda problem: Made(1.0005),
        "far": lambda problem: Made(1.002),
        "broken": refuse,
    }
    result = program("step_measure").measure([2, 3], 4, 0.1, makers, rounds=2, rest=rest)
    assert result["left_out"] == {"broken": "It needs a miracle."}
    assert result["wrong"] == {"far": "its loss at step 1 is 1.002, that of jax.jit is 1"}
    assert list(result["step_us"]) == ["jax.jit", "close"]
    assert result["ratios"]["jax.jit"]["jax.jit"]["median"] == 1.0
    assert result["versions"] == {"made": "1"}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def made_result(**times):
    return {
        "batch": 8,
        "step_us": {name: {"median": us} for name, us in times.items()},
        "ratios": {"jax.jit": {name: {"median": us / 50.0} for name, us in times.items()}},
        "left_out": {"thinc": "No module named 'thinc'."},
        "wrong": {},
    }


def test_the_table_has_a_row_for_each_contender_that_was_timed_somewhere(program):
    step_table = program("step_table")
    results = {"2-3": made_result(**{"jax.jit": 50.0, "plain": 100.0}), "4-5": made_result(**{"jax.jit": 50.0})}
    assert step_table.tables(results, ["plain", "thinc", "jax.jit"]).splitlines() == [
        "One training step in µs (median)",
        "         2-3 @ 8  4-5 @ 8",
        "  plain      100        -",
        "jax.jit       50       50",
        "",
        "Ratio to jax.jit",
        "         2-3 @ 8  4-5 @ 8",
        "  plain     2.00        -",
        "jax.jit     1.00     1.00",
    ]
    results["4-5"]["wrong"] = {"plain": "its loss is that of another"}
    assert step_table.remarks(results) == [
        "thinc is left out: No module named 'thinc'.",
        "plain is not timed on 4-5: its loss is that of another.",
    ]


def test_the_step_program_has_a_process_for_each_number_of_threads():
    peers = "plain NumPy,NumPy with out="
    done = run_program("step", "--models", "2-24-24-3", "--rounds", "1", "--peers", peers, "--threads", "1,2")
    assert done.returncode == 0
    assert done.stderr == "2-24-24-3, batch 300, threads: 1 ...\n2-24-24-3, batch 300, threads: 2 ...\n"
    assert done.stdout.count("Ratio to NumPy with out=") == 2
    assert "OMP_NUM_THREADS=1" in done.stdout
    assert "OMP_NUM_THREADS=2" in done.stdout


def test_the_results_of_a_process_come_back(program, tmp_path):
    options = {"models": {"2-3-3": (5, 0.01)}, "threads": 1, "device": "cpu", "rounds": 1, "cpu_time": True}
    run, code = program("bench_step")._run(options | {"names": ["plain NumPy"]})
    assert (code, run["threads"]) == (0, 1)
    assert list(run["models"]["2-3-3"]["step_us"]) == ["plain NumPy"]
    assert run["machine"]["python"]


def test_the_step_program_fails_if_nobody_can_run(program):
    if importlib.util.find_spec("torch") and program("torch").cuda.is_available():
        pytest.skip("There is a GPU.")
    done = run_program("step", "--device", "cuda", "--models", "2-24-24-3", "--peers", "PyTorch CUDA graph")
    assert done.returncode == 1
    assert "PyTorch CUDA graph is left out: " in done.stdout


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("step", ["--models", "2-3"], "--models must be among 2-24-24-3, "),
        ("step", ["--peers", "nunpy"], "--peers must be among xpnn eager, "),
        ("step", ["--without", "nunpy"], "--peers must be among xpnn eager, "),
        ("step", ["--rounds", "0"], "--rounds and --threads must be positive."),
        ("step", ["--threads", "1,x"], "--rounds and --threads must be positive."),
        ("step", ["--threads", "2", "--cpu-time"], "--cpu-time must go with one thread, "),
        ("scaling", ["--peers", "nunpy"], "--peers must be among xpnn eager, "),
        ("memory", ["--modes", "eager,lazy"], "--modes must be among eager, replay, fast, default, got 'eager,lazy'."),
    ],
)
def test_wrong_options_are_refused(name, arguments, message):
    done = run_program(name, *arguments)
    assert done.returncode == 2
    assert f"error: {message}" in done.stderr


# -------------------------------------------------------------------------------------------------------------- growth


def made_cases(sizes, times, name="a"):
    return [{"size": n, "flop": 1e6 * n, "step_us": {name: {"median": t}}} for n, t in zip(sizes, times, strict=True)]


def test_linear_growth_has_slope_1_and_quadratic_growth_2(program):
    slopes = program("scaling_table").slopes
    assert slopes([1, 2, 8], [5.0, 10.0, 40.0]) == pytest.approx([1, 1])
    assert slopes([1, 2, 8], [5.0, 20.0, 320.0]) == pytest.approx([2, 2])


def test_growth_is_that_of_the_upper_half(program):
    growth = program("scaling_table").growth
    assert growth(made_cases([1, 2, 4, 8], [7.0, 7.0, 10.0, 20.0]), "a") == pytest.approx(1)
    assert growth(made_cases([1, 2, 4, 8], [10.0, 20.0, 20.0, 20.0]), "a") == pytest.approx(0)
    assert isnan(growth(made_cases([1], [7.0]), "a"))
    assert isnan(growth(made_cases([1, 2, 4, 8], [7.0] * 4), "somebody else"))


def test_the_overhead_of_a_layer_is_the_slope_over_the_depth(program):
    per_layer = program("scaling_table").per_layer
    assert per_layer(made_cases([1, 2, 4], [15.0, 20.0, 30.0]), "a") == pytest.approx((5, 10))
    assert per_layer(made_cases([1, 2, 4, 8, 16], [15.0, 20.0, 900.0, 50.0, 90.0]), "a") == pytest.approx((5, 10))
    assert all(map(isnan, per_layer([], "a")))


def test_the_table_of_growth_has_a_slope_between_neighbours(program):
    cases = made_cases([32, 64, 128], [10.0, 15.0, 30.0])
    assert program("scaling_table").scaling_table("Times", cases, ["a", "b"]).splitlines() == [
        "Times",
        "     MFLOP   a  slope  b  slope",
        " 32     32  10         -       ",
        " 64     64  15   0.58  -       ",
        "128    128  30   1.00  -       ",
    ]


def test_the_arithmetic_of_a_step_is_that_of_its_products(program):
    assert program("scaling_table").flop([2, 3, 5], 7) == 2 * 7 * (2 * 2 * 3 + 3 * 3 * 5)


def test_a_series_ends_with_the_first_case_that_takes_too_long(program, monkeypatch):
    scaling = program("bench_scaling")
    makers = {"a": lambda problem: Made(1.0)}
    args = type("Args", (), {"rounds": 1, "max_seconds": 1e-6})
    cases = scaling._measure("batch", scaling._series()["batch"], makers, args)
    assert [case["size"] for case in cases] == [32]
    assert cases[0]["remarks"] == []


def test_the_scaling_program_prints_three_tables_and_cannot_tell_a_slope_from_one_case():
    done = run_program("scaling", "--peers", "plain NumPy", "--rounds", "1", "--max-seconds", "1e-6")
    assert done.returncode == 1
    assert done.stdout.count("One training step in µs over the ") == 3
    assert "plain NumPy: nan µs per layer" in done.stdout


# -------------------------------------------------------------------------------------------------------------- memory


def test_the_least_memory_is_counted_by_hand(program):
    assert program("memory_run").minimum([2, 3, 5], batch=7, parameters=29, vectors=2) == {
        "parameters": 116,
        "gradient": 116,
        "optimizer": 232,
        "batch": 7 * (2 * 4 + 8),
        "activations": 4 * 7 * (3 + 5),
    }


def test_the_memory_program_compares_the_peaks_with_its_goal():
    small = ["--models", "64-256-10@8", "--optimizers", "adam,sgd"]
    done = run_program("memory", *small, "--modes", "default", "--goal", "100")
    assert done.returncode == 0
    assert done.stderr == "64-256-10@8, adam, default ...\n64-256-10@8, sgd, default ...\n"
    header, adam, sgd, goal = done.stdout.splitlines()
    assert header.split()[:4] == ["model", "optimizer", "mode", "ratio"]
    assert (adam.split()[1], sgd.split()[1], goal) == ("adam", "sgd", "goal: at most 100.00")
    assert run_program("memory", *small, "--modes", "default", "--goal", "0.5").returncode == 1
    assert run_program("memory", *small, "--modes", "eager", "--goal", "0.5").returncode == 0


def test_a_peak_is_that_of_arrays_and_not_of_other_objects(program):
    memory = program("memory_run")
    numpy, tracemalloc = importlib.import_module("numpy"), importlib.import_module("tracemalloc")
    tracemalloc.start()
    text = [str(n) * 10 for n in range(20_000)]
    peak = memory._peak(lambda: numpy.ones(1_000_000), 2)
    tracemalloc.stop()
    assert len(text) == 20_000
    assert peak == pytest.approx(8e6, rel=0.01)
