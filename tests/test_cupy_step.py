"""The compiled step on CuPy, over a CuPy in the memory of the host: kernels, products, graphs, streams, fallbacks."""

import sys
import threading
from dataclasses import replace

import cuda_on_host
import host_cupy
import numpy as np
import pytest
import test_compiled as cases
import test_output_losses as outputs

from xpnn import Network
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm
from xpnn.metrics import TopKAccuracy
from xpnn.program import schedule
from xpnn.training.compiled import UncompiledWarning

pytestmark = pytest.mark.skipif(cuda_on_host.COMPILER is None, reason="no g++ to compile kernels for the processor")

MODES = ("replay", "fused", "graph")
LAYERS = (Dense(6, activation="gelu"), Dense(3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of compiled kernels."""
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def host(monkeypatch, folder):
    """CuPy over the host."""
    with host_cupy.installed(folder) as parts:
        monkeypatch.setitem(cases.TESTED, "host", parts.backend)
        yield parts


def _compare(mode, layers, **options):
    _, wanted = cases._train("numpy", False, layers, **options)
    net, given = cases._train("host", mode, layers, **options)
    assert [(report.mode, report.reason) for report in net.compilations] == [(mode, None)]
    tolerance = 1e-12 if options.get("dtype", "float64") == "float64" else 2e-5
    for a, b in zip(given, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=4 * tolerance * np.abs(b).max(initial=0.0))


@pytest.mark.parametrize("mode", ["replay", "graph"])
@pytest.mark.parametrize("name", cases.LAYERS)
def test_a_step_of_a_layer_gives_the_numbers_of_numpy(host, mode, name):
    _compare(mode, cases.LAYERS[name])


@pytest.mark.parametrize(("mode", "weighted"), [("replay", False), ("graph", True)])
@pytest.mark.parametrize("name", cases.LOSSES)
def test_a_loss_gives_the_numbers_of_numpy(host, mode, name, weighted):
    loss, targets = cases.LOSSES[name]
    layers = [Dense(3, activation="log_softmax" if "likelihood" in name else None)]
    _compare(mode, layers, loss=loss, targets=targets, weights=np.arange(24.0) if weighted else None)


@pytest.mark.parametrize("mode", ["replay", "graph"])
@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_an_optimizer_gives_the_numbers_of_numpy(host, mode, name):
    _compare(mode, [Dense(6, activation="tanh"), Dense(3)], optimizer=cases.OPTIMIZERS[name])


@pytest.mark.parametrize("mode", MODES)
def test_a_step_in_float32_gives_the_numbers_of_numpy(host, mode):
    layers = [Dense(40, activation="gelu"), BatchNorm(), Dropout(0.3), LayerNorm(), Dense(3)]
    _compare(mode, layers, dtype="float32", l1=1e-3, l2=1e-2)


@pytest.mark.parametrize("mode", MODES)
def test_a_step_of_a_large_network_gives_the_numbers_of_numpy(host, mode):
    layers = [Dense(3000, activation="tanh"), Dropout(0.5), Dense(20, activation="relu"), Dense(3)]
    _compare(mode, layers, optimizer=cases.OPTIMIZERS["Adam, clip_norm"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["MultiHeadAttention", "BatchNorm", "Flatten, Reshape", "LayerNorm"])
def test_outputs_are_those_of_numpy_for_every_size_of_batch(host, mode, name):
    x, _ = cases._problem("labels")
    nets = [
        Network(cases.LAYERS[name], backend=b, dtype="float64", compile=c)
        for b, c in (("numpy", False), (host.backend, mode))
    ]
    for n in (24, 1, 24):
        a, b = (net.predict(x[:n]) for net in nets)
        np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_a_training_with_metrics_and_short_batches_has_the_history_of_numpy(host, mode):
    x, y = cases._problem("labels", n=50)
    layers = [Dense(8, activation="relu"), BatchNorm(), Dropout(0.2), Dense(3)]
    histories = []
    for backend, compiled in (("numpy", False), (host.backend, mode)):
        metrics = ["accuracy", "f1", TopKAccuracy(2)]
        net = Network(layers, metrics=metrics, backend=backend, dtype="float64", compile=compiled)
        history = net.fit(x, y, batch_size=16, epochs=4, validation_data=(x, y))
        histories.append([history[key] for key in ("loss", "accuracy", "f1", "val_loss", "val_accuracy")])
    assert {report.mode for report in net.compilations} == {mode}
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_constants_that_are_repeated_in_memory_are_read_as_they_are(host, mode):
    """Without sample weights the sum of the weights is a constant, of which every output gets a view."""
    x, y = cases._problem("reals")
    given, wanted = (
        Network([Dense(3)], loss="mse", metrics=["r2", "explained_variance"], backend=b, dtype="float64", compile=c)
        .build(5)
        .evaluate(x, y, batch_size=10)
        for b, c in ((host.backend, mode), ("numpy", False))
    )
    assert given == pytest.approx(wanted, rel=1e-12)


def _compiled(host, mode, layers=LAYERS, **options):
    """A network that has run a step, and the executor of its steps."""
    x, y = cases._problem("labels")
    net = Network(list(layers), backend=host.backend, compile=mode, dtype="float64", seed=1, **options).build(5)
    net.train_on_batch(x, y)
    (entry,) = net._learner._compiled_step._entries.values()
    return net, entry


def test_a_step_that_cannot_be_captured_stays_with_its_kernels_and_says_why(host, monkeypatch):
    erfc = host.special.erfc
    monkeypatch.setattr(host.special, "erfc", lambda x: host.cupy.asarray(host.cupy.asnumpy(erfc(x))))
    at_once = tuple(replace(compiler, seconds=0.0) for compiler in host.backend.compilers)
    monkeypatch.setattr(type(host.backend), "compilers", at_once)
    x, y = cases._problem("labels")
    layers = [Dense(6, activation="gelu"), Dense(3)]
    nets = [
        Network(layers, backend=b, compile=c, dtype="float64", seed=1).build(5)
        for b, c in (("numpy", False), (host.backend, True))
    ]
    for _ in range(6):
        losses = [float(net.train_on_batch(x, y)) for net in nets]
    (report,) = nets[1].compilations
    assert report.mode == "fused"
    assert report.reason == "cudaErrorStreamCaptureUnsupported: stream is capturing."
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    np.testing.assert_allclose(nets[1].flat_parameters, nets[0].flat_parameters, rtol=1e-12)
    assert all(stream.captured is None for stream in host_cupy.Stream.all_of_them)


def test_a_step_that_has_no_kernel_runs_eagerly_and_says_why(host, monkeypatch):
    monkeypatch.delitem(sys.modules["xpnn_backends._cuda_math"]._TEXTS, "multiply")
    x, y = cases._problem("labels")
    net = Network([Dense(3)], backend=host.backend, compile="graph", dtype="float64", seed=1).build(5)
    with pytest.warns(UncompiledWarning, match="multiply must be an elementwise operation to be a kernel"):
        net.train_on_batch(x, y)


def test_the_runs_before_a_capture_leave_parameters_and_state_alone(host):
    net, entry = _compiled(host, "fused", (Dense(6), BatchNorm(), Dense(3)))
    held = net._learner._held.for_step()
    before = [host.cupy.asnumpy(array) for array in held]
    compilers = {compiler.name: compiler for compiler in host.backend.compilers}
    graph = compilers["graph"].compile(entry.program, schedule)
    graph.prepare(held)
    for array, old in zip(held, before, strict=True):
        assert np.array_equal(host.cupy.asnumpy(array), old)


def test_a_graph_holds_as_many_products_and_kernels_as_the_step_and_nothing_else(host):
    _, entry = _compiled(host, "graph")
    kernels = entry.executor._kernels
    calls = sum(2 for step in kernels._steps if getattr(step, "op", "") == "call")  # the function, and the assignment
    others = sum(getattr(step, "op", "") != "call" for step in kernels._steps)
    assert len(entry.executor._graph.work) == calls + others
    assert host.cublas.calls == 3 * sum(hasattr(step, "product") for step in kernels._steps)  # 2 to warm up, 1 captured


def test_a_graph_is_captured_anew_when_the_arrays_that_it_writes_are_others(host):
    net, entry = _compiled(host, "graph")
    x, y = cases._problem("labels")
    first = entry.executor._graph
    net.train_on_batch(x, y)
    assert entry.executor._graph is first
    other = net.copy_to(host.backend)
    held = list(other._learner._held.for_step())
    given = [host.backend.asarray(array) for array in (x, y)]
    entry.executor.run(held, given, entry.program.compute_numbers(other._learner.updater.scalars()))
    assert entry.executor._graph is not first
    net.train_on_batch(x, y)
    np.testing.assert_array_equal(other.flat_parameters, net.flat_parameters)


def test_kernels_write_the_arrays_that_they_are_given_last(host):
    net, entry = _compiled(host, "fused", (Dense(6), BatchNorm(), Dense(3)))
    other, (x, y) = net.copy_to(host.backend), cases._problem("labels")
    before = net.flat_parameters
    given = [host.backend.asarray(array) for array in (x, y)]
    entry.executor.run(
        other._learner._held.for_step(), given, entry.program.compute_numbers(other._learner.updater.scalars())
    )
    np.testing.assert_array_equal(net.flat_parameters, before)
    net.train_on_batch(x, y)
    np.testing.assert_array_equal(other.flat_parameters, net.flat_parameters)
    assert not np.array_equal(net.flat_parameters, before)


def test_each_thread_multiplies_through_a_handle_of_its_own(host):
    net, entry = _compiled(host, "fused")
    x, y = cases._problem("labels")
    first = entry.executor._handle
    net.train_on_batch(x, y)
    assert entry.executor._handle is first
    thread = threading.Thread(target=net.train_on_batch, args=(x, y))
    thread.start()
    thread.join()
    assert entry.executor._handle is not first


def test_numbers_of_a_run_that_has_not_begun_stay_as_they_were(host):
    """Two steps are put into the stream before the first one runs; each has its own learning rate."""
    x, y = cases._problem("labels")
    nets = [
        Network([Dense(3)], backend=b, compile=c, dtype="float64", optimizer="sgd").build(5)
        for b, c in (("numpy", False), (host.backend, "graph"))
    ]
    for net in nets:
        for rate in (0.5, 0.125, 0.03125):
            net.learning_rate = rate
            net.train_on_batch(x, y)
    np.testing.assert_allclose(nets[1].flat_parameters, nets[0].flat_parameters, rtol=1e-12)


def test_a_step_in_another_stream_comes_after_what_its_arrays_wait_for(host):
    x, y = cases._problem("labels")
    nets = [
        Network([Dense(3)], backend=b, compile=c, dtype="float64").build(5)
        for b, c in (("numpy", False), (host.backend, "graph"))
    ]
    nets[0].train_on_batch(x, y)
    with host_cupy.Stream():
        loss = nets[1].train_on_batch(x, y)
        assert float(loss) > 0
        np.testing.assert_allclose(nets[1].flat_parameters, nets[0].flat_parameters, rtol=1e-12)


def test_results_stay_as_they_are_when_the_next_step_runs(host):
    net, _ = _compiled(host, "graph")
    x, y = cases._problem("labels")
    first = net.train_on_batch(x, y)
    kept = float(first)
    second = net.train_on_batch(x, y)
    assert float(first) == kept != float(second)


def test_arrays_that_kernels_could_not_write_are_refused(host):
    _, entry = _compiled(host, "fused", (Dense(6), BatchNorm(), Dense(3)))
    held = [host.cupy.zeros((*node.shape, 2), node.dtype)[..., 0] for node in entry.program.held]
    with pytest.raises(ValueError, match="arrays that are held must be contiguous to be written by kernels"):
        entry.executor.prepare(held)


def test_the_working_memory_of_a_graph_counts_its_inputs_and_the_workspace(host):
    _, entry = _compiled(host, "graph")
    arenas = schedule(entry.program, frozenset(("sum", "max", "min"))).nbytes
    given = sum(node.size * 8 for node in entry.program.given)
    assert entry.report.nbytes == entry.executor.nbytes == arenas + 32 * 2**20 + given


def test_rocm_replays_and_does_nothing_else(host, monkeypatch):
    monkeypatch.setattr(host.cupy.cuda.runtime, "is_hip", True)
    assert [compiler.name for compiler in host.backend.compilers] == ["replay"]


@pytest.mark.parametrize("mode", ["replay", "graph"])
def test_losses_and_weights_of_several_outputs_give_the_numbers_of_numpy(host, mode):
    results = []
    for backend, way in (("numpy", False), (host.backend, mode)):
        net = outputs._network(backend, way)
        history = net.fit(outputs.X, outputs.Y, batch_size=8, epochs=2, sample_weight=outputs.WEIGHTS)
        results.append([*history.history.values(), net.flat_parameters])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
