"""`CompiledFunction`: when it compiles, what it keeps, what it says; and how much memory compiled steps need."""

import warnings
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from live_memory import live_minimum
from random_programs import NUMPY

from xpnn import Network
from xpnn.errors import ArgumentError, RecordingError, ShapeError
from xpnn.layers import BatchNorm, Dense, Dropout
from xpnn.namespaces import Number, Recorder
from xpnn.optimizers import SGD, Adam
from xpnn.program import schedule
from xpnn.random import Streams
from xpnn.training import compiled, draws
from xpnn.training.compile_mode import check_mode
from xpnn.training.compiled import CompiledFunction, UncompiledWarning
from xpnn.training.draws import Mask
from xpnn.training.recording import record_step
from xpnn.training.tape import Recording
from xpnn_backends._numba_plan import APART
from xpnn_backends.compiler import Compiler


class World:
    """A clock that only work moves, a backend with two compilers, and a function to compile."""

    def __init__(self, monkeypatch, costs=(5.0, 20.0), eager=2.0, runs=(1.0, 0.5), **options):
        self.now, self.log, self.eager_seconds, self.fails = 0.0, [], eager, {}
        monkeypatch.setattr(compiled, "time", SimpleNamespace(perf_counter=lambda: self.now))
        makers = zip(("slow", "fast"), costs, runs, strict=True)
        estimates = options.pop("estimates", {})
        self.compilers = tuple(
            Compiler(name, cost, self._maker(name, cost, run), estimates.get(name)) for name, cost, run in makers
        )
        self.backend = SimpleNamespace(compilers=self.compilers, xp=NUMPY.xp, device="cpu")
        self.masks = options.pop("masks", ())
        self.function = CompiledFunction("step", self.backend, options.pop("mode", True), self.record, None, **options)

    def _maker(self, name, cost, run_seconds):
        world = self

        class Made:
            nbytes = 100 if name == "slow" else 50

            def prepare(self, held):
                world.log.append(f"prepare {name} for {held}")

            def run(self, held, given, numbers):
                world.now += run_seconds
                world.log.append(f"run {name}")
                return [name, *[np.shape(a) for a in given], *numbers], held

        def make(program, given_schedule):
            assert given_schedule is schedule
            world.now += cost
            world.log.append(f"compile {name}")
            if name in world.fails:
                raise world.fails[name]
            return Made()

        return make

    def record(self, *args):
        self.now += 0.25
        self.log.append("record")
        if "record" in self.fails:
            raise self.fails["record"]
        recorder = Recorder(NUMPY)
        x = recorder.give(args[0])
        return Recording(recorder.program([x * Number.named("rate")], {}), self.masks)

    def eager(self):
        self.now += self.eager_seconds
        self.log.append("eager")
        if "eager" in self.fails:
            raise self.fails["eager"]
        return "eager"

    def run(self, *args):
        self.log.clear()
        args = args or (np.zeros(3),)
        return self.function.run(args, lambda: "held", self.eager, lambda out, held: (out, held), lambda: {"rate": 0.5})


# ------------------------------------------------------------------------------------------------------------- costs


def test_a_function_is_compiled_when_its_runs_have_taken_as_long_as_that_takes(monkeypatch):
    world = World(monkeypatch)
    for _ in range(3):  # 2, 4, 6 seconds: the next run finds that 5 are reached
        assert world.run() == "eager"
        assert world.log == ["eager"]
    assert world.run() == (["slow", (3,), 0.5], "held")
    assert world.log == ["record", "compile slow", "prepare slow for held", "run slow"]


def test_the_next_compiler_waits_until_the_runs_of_the_one_before_have_taken_as_long(monkeypatch):
    world = World(monkeypatch)
    for _ in range(3):
        world.run()
    for _ in range(20):
        world.run()
    assert world.log == ["run slow"]
    assert world.run()[0][0] == "fast"
    assert world.log == ["compile fast", "prepare fast for held", "run fast"]  # recorded once
    for _ in range(200):
        world.run()
    assert world.log == ["run fast"]


def test_nobody_waits_longer_for_a_compilation_than_the_runs_before_it_took(monkeypatch):
    world = World(monkeypatch, costs=(7.0, 33.0), runs=(0.4, 0.1))
    running = 0.0
    for _ in range(300):
        before = world.now
        world.run()
        own = {"eager": 2.0, "run slow": 0.4, "run fast": 0.1}[world.log[-1]]
        assert world.now - before - own <= running + 0.25 + 1e-9
        running += own
    assert world.log == ["run fast"]


def test_an_estimate_for_the_program_at_hand_counts_more_than_the_usual_cost(monkeypatch):
    seen = []

    def estimate(program, given_schedule):
        seen.append((len(program.nodes), given_schedule))
        return 2.0

    world = World(monkeypatch, estimates={"fast": estimate})
    modes = []
    for _ in range(7):
        world.run()
        modes.append(world.log[-1])
    assert modes == ["eager"] * 3 + ["run slow"] * 2 + ["run fast"] * 2
    assert seen == [(1, schedule)]


@pytest.mark.parametrize("options", [{"mode": "slow"}, {"mode": "slow", "patience": 9.0}, {"costs": (0.0, 20.0)}])
def test_a_compiler_that_is_named_or_costs_nothing_does_not_wait(monkeypatch, options):
    world = World(monkeypatch, **options)
    assert world.run()[0][0] == "slow"


def test_patience_lets_a_cheap_compiler_wait(monkeypatch):
    world = World(monkeypatch, costs=(0.0, 20.0), patience=4.0)
    assert [world.run() == "eager" for _ in range(4)] == [True, True, False, False]


def test_a_compiler_that_is_named_is_the_only_one(monkeypatch):
    for name in ("slow", "fast"):
        world = World(monkeypatch, mode=name, costs=(5.0, 5.0))
        assert {world.run()[0][0] for _ in range(50)} == {name}


def test_without_compilers_or_with_false_everything_is_eager_and_nothing_is_reported(monkeypatch):
    world = World(monkeypatch, mode=False, costs=(0.0, 0.0))
    for _ in range(5):
        assert world.run() == "eager"
    assert world.function.reports == []
    bare = CompiledFunction("step", SimpleNamespace(), True, world.record, None)
    assert bare.run((np.zeros(3),), list, lambda: "eager", None, dict) == "eager"


# ----------------------------------------------------------------------------------------------------- shapes, reports


def test_each_shape_and_each_type_has_its_own_program_and_its_own_account(monkeypatch):
    world = World(monkeypatch, mode="slow")
    a, b = np.zeros(3), np.zeros(3, "float32")
    for args in ((a,), (b,), (np.zeros((3, 1)),), (a, None), (a, b)):
        world.run(*args)
        assert world.log[0] == "record"
        world.run(*[None if arg is None else arg + 1 for arg in args])
        assert world.log == ["run slow"]
    assert [r.shapes for r in world.function.reports] == [((3,),), ((3,),), ((3, 1),), ((3,), None), ((3,), (3,))]

    world = World(monkeypatch)
    for _ in range(3):
        world.run(a)
    assert world.run(b) == "eager"
    assert world.run(a)[0][0] == "slow"


def test_a_report_says_how_a_function_runs_and_what_that_has_cost(monkeypatch):
    world = World(monkeypatch)
    world.run()
    (report,) = world.function.reports
    assert (report.function, report.shapes, report.mode, report.operations) == ("step", ((3,),), "eager", 0)
    for _ in range(3):
        world.run()
    assert (report.mode, report.recording_seconds, report.compiling_seconds) == ("slow", 0.25, 5.0)
    assert (report.operations, report.nbytes, report.reason) == (1, 100, None)
    for _ in range(30):
        world.run()
    assert (report.mode, report.compiling_seconds, report.nbytes) == ("fast", 25.0, 50)


def test_the_oldest_of_more_than_64_shapes_goes(monkeypatch):
    world = World(monkeypatch, mode="slow")
    for n in range(65):
        world.run(np.zeros(n))
    assert len(world.function.reports) == 64
    assert [report.shapes for report in world.function.reports][::63] == [((1,),), ((64,),)]
    world.run(np.zeros(64))
    assert world.log == ["run slow"]
    world.run(np.zeros(0))
    assert world.log[0] == "record"


def test_masks_are_drawn_for_each_run_and_follow_the_other_inputs(monkeypatch):
    world = World(monkeypatch, mode="slow", masks=(Mask("dropout/1", 0.5, (4, 2)),))
    drawn = []
    monkeypatch.setattr(draws, "draw_mask", lambda *args: drawn.append(args[2:]) or np.zeros(args[4]))
    for _ in range(2):
        assert world.run(np.zeros(3), None)[0] == ["slow", (3,), (4, 2), 0.5]
    assert drawn == [("dropout/1", 0.5, (4, 2))] * 2


def test_a_second_thread_runs_eagerly_while_the_first_uses_the_memory(monkeypatch):
    world = World(monkeypatch, mode="slow")
    world.run()
    seen = []
    world.function.run(
        (np.zeros(3),), lambda: seen.append(world.run()) or "held", world.eager, lambda *a: a, lambda: {"rate": 1.0}
    )
    assert seen == ["eager"]
    assert world.run()[0][0] == "slow"


# ------------------------------------------------------------------------------------------------------------ failures


def test_what_cannot_be_recorded_runs_eagerly_and_says_why_once(monkeypatch):
    world = World(monkeypatch, mode="slow")
    world.fails["record"] = RecordingError("the reason.")
    with pytest.warns(UncompiledWarning) as caught:
        assert world.run() == "eager"
    assert [str(w.message) for w in caught] == [
        "The step of this network runs uncompiled: the reason. Pass compile=False to say so yourself."
    ]
    assert world.log == ["record", "eager"]
    for args in ((np.zeros(3),), (np.zeros(4),)):  # warnings are errors here: there is no second one
        assert world.run(*args) == "eager"
        assert world.log == ["eager"]
    (report,) = world.function.reports
    assert (report.mode, report.reason) == ("eager", "the reason.")


@pytest.mark.parametrize(
    ("error", "reason"), [(ValueError("one\ntwo"), "one."), (KeyError(), "KeyError."), (TypeError("all. "), "all.")]
)
def test_a_reason_is_one_sentence(monkeypatch, error, reason):
    world = World(monkeypatch, mode="slow")
    world.fails["record"] = error
    with pytest.warns(UncompiledWarning, match=f"uncompiled: {reason} Pass"):
        world.run()


def test_code_that_is_wrong_gives_its_own_error_and_no_warning(monkeypatch):
    world = World(monkeypatch, mode="slow")
    world.fails |= {"record": RecordingError("the reason."), "eager": ZeroDivisionError("the bug")}
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught, pytest.raises(ZeroDivisionError, match="the bug"):
            warnings.simplefilter("always")
            world.run()
        assert caught == []
    del world.fails["eager"]
    with pytest.warns(UncompiledWarning):
        world.run()


def test_an_error_in_an_eager_run_does_not_count_as_time_and_leaves_the_rest_as_it_was(monkeypatch):
    world = World(monkeypatch)
    world.fails["eager"] = ZeroDivisionError("the bug")
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            world.run()
    del world.fails["eager"]
    for _ in range(3):
        assert world.run() == "eager"
    assert world.run()[0][0] == "slow"


def test_a_compiler_that_fails_leaves_the_one_before_in_place(monkeypatch):
    world = World(monkeypatch)
    world.fails["fast"] = RuntimeError("no such processor")
    for _ in range(100):
        world.run()
    assert world.log == ["run slow"]
    (report,) = world.function.reports
    assert (report.mode, report.nbytes, report.reason) == ("slow", 100, "no such processor.")


def test_the_first_compiler_that_fails_leaves_everything_eager(monkeypatch):
    world = World(monkeypatch, mode="slow")
    world.fails["slow"] = RuntimeError("no memory")
    with pytest.warns(UncompiledWarning, match="uncompiled: no memory. Pass"):
        assert world.run() == "eager"
    assert world.run() == "eager"


# ---------------------------------------------------------------------------------------------------------------- modes


def test_modes_are_checked():
    for mode in (True, False, "replay"):
        assert check_mode(NUMPY, mode) is mode
    names = ", ".join(sorted(compiler.name for compiler in NUMPY.compilers))
    with pytest.raises(ArgumentError) as caught:
        check_mode(NUMPY, "replya")
    assert str(caught.value) == f"compile must be True, False or a way of backend 'numpy' ({names}), got 'replya'."
    with pytest.raises(ArgumentError) as caught:
        check_mode(SimpleNamespace(name="bare"), 1)
    assert str(caught.value) == "compile must be True, False or a way of backend 'bare' (which has none), got 1."
    with pytest.raises(ArgumentError, match="compile must be True, False or a way"):
        Network([Dense(3)], compile="cuda graph")


# ------------------------------------------------------------------------------------------------------------ networks


@dataclass(frozen=True)
class Custom:
    """A layer that does what it is told."""

    act: object
    name: str | None = None

    def init(self, rng, input_shape):
        return {}, {}, input_shape

    def forward(self, params, state, x, ctx):
        return self.act(ctx.xp, x), None, state

    def backward(self, params, saved, dy, ctx):
        return dy, {}


def problem():
    rng = np.random.default_rng(0)
    return rng.standard_normal((8, 4)), rng.integers(3, size=8)


UNRECORDABLE = {
    "a comparison": lambda xp, x: x if float(xp.max(x)) < 100 else -x,
    "a mask as a factor": lambda xp, x: (x > -100) * 1.0 * x,
    "a number of NumPy": lambda xp, x: x * np.float64(1.0),
    "an index by an array": lambda xp, x: x[xp.arange(x.shape[0])],
}


@pytest.mark.parametrize("name", UNRECORDABLE)
def test_a_network_with_a_layer_that_cannot_be_recorded_learns_as_it_does_uncompiled(name):
    x, y = problem()
    nets = [Network([Dense(4), Custom(UNRECORDABLE[name]), Dense(3)], compile=c) for c in ("replay", False)]
    with pytest.warns(UncompiledWarning, match="^The step of this network runs uncompiled: .* Pass compile=False") as w:
        nets[0].train_on_batch(x, y)
    assert len(w) == 1
    nets[1].train_on_batch(x, y)
    for net in nets:
        net.train_on_batch(x, y)
        net.train_on_batch(x[:4], y[:4])
    assert np.array_equal(nets[0].flat_parameters, nets[1].flat_parameters)
    assert [report.mode for report in nets[0].compilations] == ["eager"]


def test_a_layer_that_raises_gives_its_own_error():
    def act(xp, x):
        raise ArithmeticError("the layer is wrong")

    net = Network([Dense(4), Custom(act), Dense(3)], compile="replay")
    with pytest.raises(ArithmeticError, match="the layer is wrong"):
        net.train_on_batch(*problem())


def test_a_wrong_input_gives_the_error_of_the_network_compiled_or_not():
    x, y = problem()
    for mode in ("replay", False):
        net = Network([Dense(3)], compile=mode)
        net.train_on_batch(x, y)
        with pytest.raises(ShapeError, match="x must have shape"):
            net.train_on_batch(x[:, :2], y)


def test_reports_of_a_network_name_what_was_compiled_for_which_shapes():
    x, y = problem()
    net = Network([Dense(3)], compile="replay", metrics=["accuracy"])
    net.fit(x, y, batch_size=5, epochs=2, validation_data=(x, y))
    net.predict(x)
    reports = net.compilations
    assert {report.function for report in reports} == {"step", "measurement", "outputs"}
    assert {report.mode for report in reports} == {"replay"}
    assert {report.shapes[0] for report in reports if report.function == "step"} == {(5, 4), (3, 4)}
    assert all(report.operations and report.compiling_seconds > 0 for report in reports)


# -------------------------------------------------------------------------------------------------------------- memory

NETS = {
    "2-24-24-3 @ 300": (2, [24, 24, 3], 300),
    "784-128-10 @ 32": (784, [128, 10], 32),
    "784-512-512-10 @ 128": (784, [512, 512, 10], 128),
    "784-2048-2048-10 @ 512": (784, [2048, 2048, 10], 512),
}


def plans(layers, n_features, n_classes, batch, optimizer, dtype="float32"):
    """Schedules of one step, for the replay and for compiled code."""
    net = Network(layers, optimizer=optimizer, dtype=dtype).build(n_features)
    x, y = np.zeros((batch, n_features), dtype), np.zeros(batch, np.int64)
    program = record_step(net._learner, x, y, None).program
    return schedule(program), schedule(program, frozenset(("max", "min")), APART)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("optimizer", [Adam(0.001), SGD(0.1)], ids=["Adam", "SGD"])
def test_steps_of_the_benchmarks_need_hardly_more_memory_than_what_lives_at_one_time(name, optimizer):
    n_features, (*hidden, n_classes), batch = NETS[name]
    layers = [*(Dense(n, activation="relu") for n in hidden), Dense(n_classes)]
    for plan in plans(layers, n_features, n_classes, batch, optimizer):
        assert live_minimum(plan) <= plan.nbytes <= 1.1 * live_minimum(plan, in_place=False)


def test_a_step_with_masks_and_state_needs_no_less_memory_than_what_lives_at_one_time():
    layers = [Dense(20, activation="gelu"), BatchNorm(), Dropout(0.3), Dense(3)]
    for plan in plans(layers, 5, 3, 40, Adam(), dtype="float64"):
        assert 0 < live_minimum(plan) <= plan.nbytes


def test_the_streams_of_masks_are_those_of_the_eager_step():
    x, y = problem()
    nets = [Network([Dense(4), Dropout(0.5), Dense(3)], compile=c, seed=5) for c in ("replay", False)]
    for net in nets:
        for _ in range(3):
            net.train_on_batch(x, y)
    assert isinstance(nets[0]._learner.streams, Streams)
    assert np.array_equal(nets[0].flat_parameters, nets[1].flat_parameters)
