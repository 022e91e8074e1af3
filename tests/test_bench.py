"""The engine of ``xpnn bench`` on fake clocks and made-up times, its command, and the programs in ``bench/``."""

import gc
import importlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from xpnn import _fingerprint, bench
from xpnn.backend import get_backend
from xpnn.bench import blas, contestants, machine, table
from xpnn.bench.runner import Runner
from xpnn.bench.timing import Contender, interleave
from xpnn.bench.timings import Spread, Timings
from xpnn.bench.workload import Perceptron, disagreements
from xpnn.cli.main import main
from xpnn.errors import ArgumentError, BackendError

PROGRAMS = Path(__file__).resolve().parent.parent / "bench"


class Clock:
    """Time that passes only when somebody works."""

    def __init__(self):
        self.now = 0
        self.log = []

    def __call__(self):
        return self.now

    def contender(self, name, step_us, wait_us=0):
        cost = step_us if callable(step_us) else lambda: step_us
        return Contender(lambda: self._work(name, cost()), lambda: self._work(f"wait {name}", wait_us))

    def _work(self, name, us):
        self.log.append(name)
        self.now += int(us * 1000)


# -------------------------------------------------------------------------------------------------------- timing


def test_a_step_costs_what_the_clock_says():
    clock = Clock()
    timings = interleave({"a": clock.contender("a", 250)}, rounds=4, clock=clock)
    assert timings.rounds_us == {"a": (250.0,) * 4}


def test_a_slice_has_as_many_steps_as_fill_five_milliseconds():
    clock = Clock()
    contenders = {"slow": clock.contender("slow", 20_000), "fast": clock.contender("fast", 1000)}
    assert interleave(contenders, rounds=1, clock=clock).calls == {"slow": 1, "fast": 8}


def test_one_hiccup_does_not_make_slices_short():
    clock = Clock()
    costs = iter([1000, 9000])
    timings = interleave({"a": clock.contender("a", lambda: next(costs, 1000))}, rounds=1, clock=clock)
    assert timings.calls == {"a": 8}


def test_contenders_take_turns_and_each_turn_ends_with_a_wait():
    clock = Clock()
    contenders = {name: clock.contender(name, 5000) for name in "ab"}
    interleave(contenders, rounds=3, clock=clock)
    assert clock.log[-12:] == ["a", "wait a", "b", "wait b"] * 3


def test_waiting_for_the_device_counts():
    clock = Clock()
    timings = interleave({"a": clock.contender("a", 1000, wait_us=4000)}, rounds=2, clock=clock)
    assert timings.calls == {"a": 1}
    assert timings.rounds_us["a"] == (5000.0, 5000.0)


def test_the_ratio_is_taken_in_each_round_and_does_not_see_the_drift_of_the_machine():
    clock = Clock()
    a = clock.contender("a", lambda: 5000 * (1 + len(clock.log)))
    b = clock.contender("b", lambda: 10000 * len(clock.log))
    clock.log.append("start")
    timings = interleave({"a": a, "b": b}, rounds=5, clock=clock)
    ratios = [y / x for x, y in zip(timings.rounds_us["a"], timings.rounds_us["b"], strict=True)]
    assert timings.ratio("b", "a") == Spread.of(ratios)
    assert timings.ratio("b", "a").median == pytest.approx(2, rel=0.1)
    assert timings.step_us("a").high > 1.2 * timings.step_us("a").low


def test_spread_is_numpys_median_and_quartiles():
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    assert Spread.of(values) == Spread(*(pytest.approx(np.percentile(values, q)) for q in (50, 25, 75)))


def test_one_value_is_its_own_spread():
    assert Spread.of([2.0]) == Spread(2.0, 2.0, 2.0)


def test_garbage_is_not_collected_within_a_slice_and_again_after_it():
    seen = set()
    interleave({"a": Contender(lambda: seen.add(gc.isenabled()))}, rounds=1, slice_ms=0.001)
    assert seen == {False}
    assert gc.isenabled()


def test_garbage_collection_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError):
        interleave({"a": Contender(lambda: 1 / 0)}, rounds=1)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        interleave({"a": Contender(lambda: None)}, rounds=1, slice_ms=0.001)
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounds": 0}, "rounds must be an integer of at least 1, got 0."),
        ({"slice_ms": 0.0}, "slice_ms must be a finite number above 0, got 0.0."),
    ],
)
def test_timing_refuses_numbers_that_make_no_sense(arguments, message):
    with pytest.raises(ArgumentError) as error:
        interleave({}, **arguments)
    assert str(error.value) == message


# ------------------------------------------------------------------------------------------------------- machine


def test_a_machine_is_described_in_json():
    facts = bench.describe_machine({"numpy:cpu": get_backend("numpy")})
    assert json.loads(json.dumps(asdict(facts)))["numpy"] == np.__version__
    assert facts.backends["numpy:cpu"]["version"] == np.__version__
    assert facts.cores >= 1
    assert facts.processor


def test_haswell_kernels_on_a_processor_with_avx512_are_worth_a_warning():
    slow = blas.Blas("openblas", "0.3", threads=1, kernels="Haswell")
    (sentence,) = blas.warn_of_slow_kernels(slow, avx512=True)
    assert sentence == (
        "OpenBLAS runs its Haswell kernels (AVX2) on a processor that has AVX-512; products may be up to 1.6 times "
        "faster with OPENBLAS_CORETYPE=SkylakeX, set before Python starts."
    )


@pytest.mark.parametrize(("kernels", "has_avx512"), [("Haswell", False), ("SkylakeX", True), (None, True)])
def test_nothing_is_said_where_the_kernels_fit(kernels, has_avx512):
    assert blas.warn_of_slow_kernels(blas.Blas("openblas", "0.3", kernels=kernels), has_avx512) == ()


@pytest.mark.parametrize(
    ("baseline", "found", "expected"),
    [(["X86_V2"], ["X86_V3", "X86_V4"], True), (["SSE"], ["AVX512F"], True), (["X86_V3"], [], False), ([], [], False)],
)
def test_avx512_is_read_from_numpys_configuration(monkeypatch, baseline, found, expected):
    config = {"SIMD Extensions": {"baseline": baseline, "found": found}}
    monkeypatch.setattr(blas.np, "show_config", lambda mode: config)
    assert blas.has_avx512() is expected


def test_without_threadpoolctl_threads_are_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    found = blas.find_blas()
    assert (found.threads, found.kernels) == (None, None)
    assert str(found).endswith("threads unknown (pip install 'xpnn[bench]')")


def test_numpys_own_blas_is_described_where_several_are_loaded(monkeypatch):
    pools = [
        {"user_api": "openmp", "filepath": "numpy.libs/libgomp.so", "num_threads": 9},
        {"user_api": "blas", "filepath": "scipy.libs/libopenblas.so", "num_threads": 8, "architecture": "Zen"},
        {"user_api": "blas", "filepath": "numpy.libs/libopenblas.so", "num_threads": 2, "architecture": "SkylakeX"},
    ]
    monkeypatch.setitem(sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: pools))
    found = blas.find_blas()
    assert (found.threads, found.kernels) == (2, "SkylakeX")
    assert str(found).endswith(", SkylakeX kernels, threads: 2")


def test_a_blas_that_threadpoolctl_does_not_know_has_unknown_threads(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=list))
    assert blas.find_blas().threads is None


def test_the_processor_is_named_as_linux_names_it(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast One 9000\nflags\t: a b\n")
    assert _fingerprint.name_processor(cpuinfo) == "Fast One 9000"
    assert _fingerprint.name_processor(tmp_path / "missing")


# ------------------------------------------------------------------------------------------------ equal numbers


def test_a_perceptron_has_layers_of_its_width():
    runner = Perceptron(width=5, batch=3, depth=2).open(get_backend("numpy"))
    assert runner.net.count_parameters() == 2 * 30 + 60
    assert runner.batch == 3


def test_every_backend_gives_the_losses_of_numpy(backend):
    work = Perceptron(width=24, batch=16, depth=1)
    losses = {b.name: work.open(b).first_losses(3)[1] for b in (get_backend("numpy"), backend)}
    assert disagreements(losses) == {}
    assert losses["numpy"][2] < losses["numpy"][0]


def test_the_first_step_is_timed_with_its_wait_and_learning_ends_after_the_comparison():
    clock = Clock()
    net = SimpleNamespace(
        train_on_batch=lambda x, y: clock._work("step", 30) or 1.0,
        dtype="float32",
        learning_rate=0.1,
        backend=SimpleNamespace(name="slow", synchronize=lambda: clock._work("wait", 12), asarray=np.asarray, xp=np),
    )
    first, losses = Runner(net, np.ones((2, 3)), np.ones(2)).first_losses(3, clock)
    assert (first, losses, clock.log) == (42.0, [1.0] * 3, ["step", "wait", "step", "step"])
    assert net.learning_rate == 0.0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2.00021, "its loss at step 2 is 2.00021, that of numpy is 2"),
        (float("nan"), "its loss at step 2 is nan, that of numpy is 2"),
    ],
)
def test_another_loss_is_a_disagreement(value, reason):
    assert disagreements({"numpy": [3.0, 2.0], "other": [3.0, value], "same": [3.0003, 2.0]}) == {
        "other": reason,
    }


class WrongNamespace:
    """NumPy with an exponential that is a little off."""

    def __init__(self, fault):
        self._fault = fault

    def __getattr__(self, name):
        return getattr(get_backend("numpy").xp, name)

    def exp(self, x):
        """Return or raise something wrong."""
        return self._fault(np.exp(x))


def out_of_memory(x):
    raise MemoryError("12 GiB are missing.\nAdvice that nobody needs.")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(lambda x: x * 1.001, "its loss at step 1 is "), (out_of_memory, "12 GiB are missing")],
)
def test_a_backend_that_computes_other_numbers_or_breaks_is_reported_and_not_timed(fault, reason):
    numpy = get_backend("numpy")
    wrong = replace(numpy, name="wrong", xp=WrongNamespace(fault))
    sweep = bench.run_sweep({"numpy": numpy, "wrong": wrong}, widths=[4], batches=[8], rounds=2, slice_ms=0.1)
    (case,) = sweep.cases
    assert case.rejected["wrong"].startswith(reason)
    assert "\n" not in case.rejected["wrong"]
    assert list(case.timings.calls) == list(case.first_us) == ["numpy"]
    assert case.lead is None
    assert f"Not timed at width 4, depth 2, batch 8: wrong: {case.rejected['wrong']}." in bench.render(sweep)
    assert bench.conclusions(sweep) == ["wrong and numpy were not both measured at batch 8."]


def test_a_sweep_measures_each_width_at_each_batch_once():
    lines = []
    sweep = bench.run_sweep(
        {"numpy": get_backend("numpy")},
        widths=[8, 4, 8],
        batches=[2, 1],
        depths=[1],
        rounds=2,
        slice_ms=0.1,
        unavailable={"cupy": "no GPU."},
        progress=lines.append,
    )
    assert [(case.width, case.batch) for case in sweep.cases] == [(4, 1), (4, 2), (8, 1), (8, 2)]
    assert lines[:2] == ["peaks of numpy ...", "width 4, depth 1, batch 1: numpy ..."]
    assert len(lines) == 5
    assert sweep.as_dict() == json.loads(json.dumps(sweep.as_dict(), allow_nan=False))
    assert sweep.as_dict()["unavailable"] == {"cupy": "no GPU."}
    assert all(len(case.timings.rounds_us["numpy"]) == 2 and case.first_us["numpy"] > 0 for case in sweep.cases)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": [0]}, "widths must be an integer of at least 1, got 0."),
        ({"batches": [2.5]}, "batches must be an integer of at least 1, got 2.5."),
        ({"depths": [0]}, "depths must be an integer of at least 1, got 0."),
        ({"rounds": 0}, "rounds must be an integer of at least 1, got 0."),
        (
            {"widths": []},
            "backends, widths, depths and batches must hold at least one entry each, "
            "got ['numpy'], [], [2], [32, 512].",
        ),
    ],
)
def test_a_sweep_refuses_numbers_that_make_no_sense(arguments, message):
    with pytest.raises(ArgumentError) as error:
        bench.run_sweep({"numpy": get_backend("numpy")}, **arguments)
    assert str(error.value) == message


# ----------------------------------------------------------------------------------------------------- conclusions

FASTER, SLOWER = (50.0, 52.0, 51.0), (200.0, 204.0, 202.0)
EVEN, LEVEL = (80.0, 95.0, 120.0), (90.0, 105.0, 115.0)


def made_case(width, batch, **others):
    rounds = {"numpy": (100.0, 100.0, 100.0), **others}
    timings = Timings(rounds, dict.fromkeys(rounds, 7))
    return bench.Case(width, batch, 99, dict.fromkeys(rounds, 1500.0), timings, {}, depth=2)


def made_sweep(cases, *names):
    facts = machine.Machine(
        date="2026-01-02T03:04:05+00:00",
        xpnn="1.0",
        python="3.13",
        numpy="2.4",
        system="Linux",
        processor="Fast One",
        cores=2,
        blas=blas.Blas("openblas", "0.3", 1, "SkylakeX"),
        backends={name: {"version": "9"} for name in ("numpy", *names)},
        warnings=(),
    )
    return bench.Sweep(facts, "perceptrons", 3, tuple(cases), {"jax": "It is not installed."})


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ([SLOWER, SLOWER, FASTER, FASTER], "cupy is faster than numpy from width 256 on at batch 128."),
        ([SLOWER, EVEN, LEVEL, FASTER], "cupy is faster than numpy from width 1024 on at batch 128."),
        ([FASTER, FASTER, LEVEL, SLOWER], "numpy is faster than cupy from width 1024 on at batch 128."),
        (
            [SLOWER, SLOWER, EVEN, LEVEL],
            "numpy is faster than cupy up to width 64, with no difference beyond, at batch 128.",
        ),
        ([EVEN, LEVEL, EVEN, LEVEL], "Neither cupy nor numpy is faster at any width measured at batch 128."),
        ([FASTER, SLOWER, FASTER, SLOWER], "Neither cupy nor numpy is faster from some width on at batch 128."),
        ([SLOWER, FASTER, FASTER, EVEN], "Neither cupy nor numpy is faster from some width on at batch 128."),
        ([SLOWER] * 4, "numpy is faster than cupy everywhere measured."),
        ([FASTER] * 4, "cupy is faster than numpy everywhere measured."),
    ],
)
def test_the_crossover_is_a_sentence(times, sentence):
    cases = [made_case(width, 128, cupy=cupy) for width, cupy in zip((16, 64, 256, 1024), times, strict=True)]
    assert bench.conclusions(made_sweep(cases, "cupy")) == [sentence]


def test_each_batch_size_has_its_own_crossover():
    cases = [
        made_case(16, 32, cupy=SLOWER),
        made_case(16, 512, cupy=SLOWER),
        made_case(64, 32, cupy=SLOWER),
        made_case(64, 512, cupy=FASTER),
    ]
    assert bench.conclusions(made_sweep(cases, "cupy")) == [
        "numpy is faster than cupy at every width measured at batch 32.",
        "cupy is faster than numpy from width 64 on at batch 512.",
    ]


def test_a_backend_that_wins_at_every_batch_size_wins_everywhere():
    cases = [made_case(16, batch, cupy=FASTER, torch=SLOWER) for batch in (32, 512)]
    assert bench.conclusions(made_sweep(cases, "cupy", "torch")) == [
        "cupy is faster than numpy everywhere measured.",
        "numpy is faster than torch everywhere measured.",
    ]


def test_one_backend_has_no_crossover():
    sentence = "Only numpy was measured, so there is no crossover."
    assert bench.conclusions(made_sweep([made_case(16, 32)])) == [sentence]


def test_the_fastest_backend_and_its_lead_over_the_next_are_named():
    case = made_case(16, 32, cupy=FASTER, torch=SLOWER)
    assert case.ranking == ["cupy", "numpy", "torch"]
    assert case.lead.median == pytest.approx(100 / 51)
    assert case.as_dict()["fastest"] == "cupy"


def test_the_table_shows_medians_spreads_and_the_fastest():
    cases = [made_case(16, 32, cupy=FASTER), made_case(1024, 32, cupy=EVEN)]
    assert bench.render(made_sweep(cases, "cupy")).splitlines() == [
        "Fast One, 2 cores, Linux, 2026-01-02T03:04:05+00:00",
        "xpnn 1.0, Python 3.13, NumPy 2.4, openblas 0.3, SkylakeX kernels, threads: 1",
        "numpy: version 9",
        "cupy: version 9",
        "",
        "One training step in µs: median ± half the distance of the quartiles. Trained: perceptrons.",
        "width  depth  batch  parameters    numpy      cupy        fastest",
        "   16      2     32          99  100 ± 0  51 ± 0.5   cupy, 1.96 x",
        " 1024      2     32          99  100 ± 0   95 ± 10  no difference",
        "",
        "The first step, with compilation, took at most: numpy 1.5 ms, cupy 1.5 ms.",
        "",
        "Time of a million samples:",
        "width  depth  batch   numpy    cupy",
        "   16      2     32  3.12 s  1.59 s",
        " 1024      2     32  3.12 s  2.97 s",
        "",
        "Crossovers:",
        "    backends        at  equal at width  " + "result".rjust(67),
        "cupy : numpy  batch 32               -  cupy is faster than numpy up to width 16, with no difference beyond",
        "",
        "cupy is faster than numpy up to width 16, with no difference beyond, at batch 32.",
        "Cannot run here: jax: It is not installed.",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.1234, "0.123"), (9.876, "9.88"), (999.4, "999"), (999.6, "1000"), (1234567.8, "1234568")]
)
def test_times_have_three_digits_and_no_exponent(value, text):
    assert table.format_us(value) == text


# ----------------------------------------------------------------------------------------------------- contestants


def test_a_backend_that_cannot_run_is_listed_with_the_reason(monkeypatch):
    def open_word(word):
        if word == "cupy":
            raise BackendError("Backend 'cupy' cannot run: no GPU.")
        return get_backend(word)

    monkeypatch.setattr(contestants, "get_backend", open_word)
    backends, unavailable = bench.open_backends(["numpy", "cupy", "numpy"])
    assert list(backends) == ["numpy"]
    assert unavailable == {"cupy": "Backend 'cupy' cannot run: no GPU."}


def test_by_default_all_backends_take_part_numpy_first_and_a_gpu_of_torch_for_itself(monkeypatch):
    status = {name: SimpleNamespace(available=True) for name in ("cupy", "numpy", "torch", "torch of another")}
    monkeypatch.setattr(contestants, "available_backends", lambda: status)
    monkeypatch.setattr(contestants, "get_backend", lambda word: word)
    assert list(bench.open_backends()[0]) == ["numpy", "cupy", "torch", "torch:cuda:0"]
    status["torch"].available = False
    assert list(bench.open_backends()[0]) == ["numpy", "cupy", "torch"]


# --------------------------------------------------------------------------------------------------------- command

SMALL = ["bench", "--backends", "numpy", "--widths", "4,8", "--batches", "2", "--rounds", "2"]


def test_the_command_prints_the_table_on_stdout_and_progress_on_stderr(capsys):
    assert main(SMALL) == 0
    out, err = capsys.readouterr()
    assert "Only numpy was measured, so there is no crossover." in out
    assert err.splitlines() == [
        "looking for backends ...",
        "peaks of numpy ...",
        "width 4, depth 2, batch 2: numpy ...",
        "width 8, depth 2, batch 2: numpy ...",
    ]


def test_the_command_prints_one_json_document(capsys):
    assert main([*SMALL, "--json", "--depths", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [case["width"] for case in document["cases"]] == [4, 8]
    assert [case["depth"] for case in document["cases"]] == [1, 1]
    assert document["conclusions"] == ["Only numpy was measured, so there is no crossover."]
    assert document["cases"][0]["backends"]["numpy"]["step_us"]["median"] > 0


@pytest.mark.parametrize("quick", [False, True])
def test_the_command_has_sizes_of_its_own(monkeypatch, quick):
    asked = {}
    monkeypatch.setattr(bench, "run_sweep", lambda backends, **arguments: asked.update(arguments) or made_sweep([]))
    main(["bench", "--backends", "numpy", *(["--quick"] if quick else [])])
    expected = ((16, 128, 512), (32, 256), 5) if quick else ((16, 64, 256, 1024), (32, 512), 15)
    assert (asked["widths"], asked["batches"], asked["rounds"]) == expected


def test_the_command_fails_after_its_results_if_a_backend_was_rejected(monkeypatch, capsys):
    case = replace(made_case(4, 2), rejected={"torch": "its loss at step 1 is 3, that of numpy is 2"})
    monkeypatch.setattr(bench, "run_sweep", lambda backends, **arguments: made_sweep([case], "torch"))
    assert main(["bench", "--backends", "numpy"]) == 1
    out, err = capsys.readouterr()
    assert "Not timed at width 4, depth 2, batch 2: torch: its loss at step 1 is 3, that of numpy is 2." in out
    assert err.splitlines()[-1] == "xpnn: error: torch could not be timed at every size; the results say why."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--widths", "0"], "--widths must be an integer of at least 1, got 0."),
        (["--batches", "8,x"], "--batches must be an integer of at least 1, got 'x'."),
        (["--rounds", "-1"], "--rounds must be an integer of at least 1, got -1."),
        (["--depths", "1.5"], "--depths must be an integer of at least 1, got '1.5'."),
    ],
)
def test_wrong_numbers_give_one_line_and_exit_code_2(capsys, arguments, message):
    assert main(["bench", *arguments]) == 2
    assert capsys.readouterr().err == f"xpnn: error: {message}\n"


def test_an_unknown_backend_gives_exit_code_2_and_one_that_cannot_run_1(capsys, monkeypatch):
    assert main(["bench", "--backends", "nunpy"]) == 2
    assert "'nunpy'" in capsys.readouterr().err.splitlines()[-1]
    monkeypatch.setattr(bench, "open_backends", lambda words: ({}, {"cupy": "Backend 'cupy' cannot run: no GPU."}))
    assert main(["bench", "--backends", "cupy"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "xpnn: error: Backend 'cupy' cannot run: no GPU."


# -------------------------------------------------------------------------------------------------------- programs


@pytest.fixture
def program(monkeypatch):
    """Import a module as the programs in ``bench/`` see it."""
    monkeypatch.syspath_prepend(str(PROGRAMS))
    return importlib.import_module


def test_the_spiral_of_both_contestants_has_the_losses_of_the_original(program):
    spiral = program("bench_spiral")
    problem = spiral._problem("float64")
    for name, train in {"fit": spiral._fit, "loop": spiral._loop}.items():
        spiral._compare(name, train(problem), "float64")


def test_the_spiral_refuses_other_losses(program):
    spiral = program("bench_spiral")
    losses = [spiral.EXPECTED.get(i, 0.0) for i in range(1001)]
    spiral._compare("fit", losses, "float64")
    with pytest.raises(SystemExit, match="fit: the loss after 10 iterations is "):
        spiral._compare("fit", [*losses[:10], losses[10] * (1 + 1e-8), *losses[11:]], "float64")


def test_one_thread_is_a_promise_that_must_be_made_before_numpy_loads(program):
    with pytest.raises(RuntimeError, match=r"pin must be called before .*numpy.* are imported"):
        program("one_thread").pin()


def test_results_are_saved_with_the_machine_and_the_date(program, tmp_path):
    path = program("results_file").save("step", made_sweep([]).machine, {"models": {"a": 1}}, tmp_path)
    assert path.name == "step-2026-01-02.json"
    assert json.loads(path.read_text())["models"] == {"a": 1}
    assert json.loads(path.read_text())["machine"]["processor"] == "Fast One"


def run_program(name, *arguments):
    command = [sys.executable, str(PROGRAMS / f"bench_{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_import_program_finds_no_other_array_library():
    done = run_program("import", "--runs", "1", "--goal", "100")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("heavy libraries loaded: none\n")


def test_a_disturbed_contender_wins_and_loses_nothing():
    timings = Timings({"a": (100.0, 100.0, 1.0, 100.0), "b": (10.0, 10.0, 10.0, 10.0)}, {"a": 1, "b": 1})
    assert timings.is_disturbed("a")
    assert not timings.is_disturbed("b")
    assert (timings.ratio("a", "b").low, timings.ratio("a", "b").high) == (0.1, 10.0)


@pytest.mark.parametrize(
    ("load", "threads", "warned"), [(0.1, 2, False), (1.0, 2, False), (1.5, 2, True), (3.0, None, True)]
)
def test_a_busy_machine_is_named(load, threads, warned):
    warnings = machine._warn_of_load(2, threads, load)
    assert bool(warnings) == warned
    assert all("OPENBLAS_NUM_THREADS=1" in warning for warning in warnings)
