"""What `xpnn bench` keeps for ``backend="auto"``, and what `choose_backend` makes of it, good or bad."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from xpnn import _profile, bench
from xpnn._profile import Entry, Profile, read_profile
from xpnn.backend import choose_backend, get_backend, name_device
from xpnn.bench.profile import keep_profile, make_profile
from xpnn.bench.timings import Timings
from xpnn.cli import _bench_job
from xpnn.cli.main import main
from xpnn_backends import cache_folder

FACTS = {"processor": "Fast One", "numpy": "2.4"}
SOURCE = "Measured by 'xpnn bench' on 2026-01-02."
ADVICE = "'xpnn bench' writes a new one."


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty cache on a machine with known facts."""
    monkeypatch.setenv("XPNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_profile, "find_fingerprint", lambda: dict(FACTS))
    return tmp_path / "cache"


def made_profile(*entries, **devices):
    entries = entries or (Entry(5000, 32, "numpy", {"numpy": 10.0, "torch": 21.0}),)
    return Profile("2026-01-02T03:04:05+00:00", FACTS, {"numpy": name_device(get_backend("numpy")), **devices}, entries)


def reason_of(document, folder):
    """Put a text where the profile would be, and return what `auto` says then."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profile.json").write_bytes(document if isinstance(document, bytes) else document.encode())
    word, reason = choose_backend()
    assert word == choose_without(reason)
    return reason


def choose_without(reason):
    return "numpy" if reason.startswith("No GPU backend runs here") else reason.partition(" runs on ")[0]


def test_a_profile_comes_back_as_it_was_kept(folder):
    profile = made_profile()
    assert keep_profile(profile) == folder / "profile.json"
    assert read_profile() == (profile, SOURCE)


def test_auto_is_the_fastest_backend_at_the_nearest_size():
    keep_profile(
        made_profile(
            Entry(500, 32, "jax", {"numpy": 30.0, "jax": 10.0}),
            Entry(9000, 32, "numpy", {"numpy": 10.0, "jax": 21.0, "torch": 40.0}),
            Entry(9000, 512, "numpy", {"numpy": 10.0}),
            Entry(1_000_000, 512, "numpy", {"numpy": 10.0, "torch": 10.2}),
        )
    )
    assert choose_backend() == (
        "numpy",
        f"numpy is 2.1 times faster than jax at 9,000 parameters and batch 32. {SOURCE}",
    )
    assert choose_backend(8000, 600)[1] == f"numpy alone was measured at 9,000 parameters and batch 512. {SOURCE}"
    level = f"numpy is as fast as torch at 1,000,000 parameters and batch 512. {SOURCE}"
    assert choose_backend(3_000_000, 200)[1] == level
    assert get_backend("auto") is get_backend("numpy")


def test_auto_can_be_a_backend_that_is_not_numpy():
    pytest.importorskip("torch")
    torch = get_backend("torch")
    entry = Entry(9000, 32, "torch", {"numpy": 30.0, "torch": 10.0})
    keep_profile(made_profile(entry, torch=name_device(torch)))
    assert choose_backend()[0] == "torch"
    assert get_backend("auto") is torch


def test_without_a_profile_the_rule_holds_and_the_command_is_named():
    reason = choose_backend()[1]
    assert reason.endswith(". 'xpnn bench' would measure which backend is the fastest here.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        b"\xff\xfe\x00",
        "[" * 100_000,
        '{"format": "xpnn profile 0"}',
        '{"format": "xpnn profile 1"}',
        '{"format": "xpnn profile 1", "date": "x", "fingerprint": {}, "devices": {}, "entries": []}',
        '{"format": "xpnn profile 1", "date": "x", "fingerprint": {}, "devices": {}, "entries": [{}]}',
        '{"format": "xpnn profile 1", "date": "x", "fingerprint": 3, "devices": {}, "entries": 4}',
    ],
)
def test_a_damaged_profile_is_left_aside_with_the_reason(folder, text):
    reason = reason_of(text, folder)
    assert f"The profile {folder / 'profile.json'} is not used, since it is damaged (" in reason
    assert reason.endswith(f"; {ADVICE}")
    assert "\n" not in reason


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": 0},
        {"batch": -1},
        {"parameters": True},
        {"parameters": "5"},
        {"step_us": {"numpy": float("nan")}},
        {"step_us": {"numpy": 0.0}},
        {"fastest": "torch", "step_us": {"numpy": 1.0}},
    ],
)
def test_an_entry_that_makes_no_sense_damages_the_profile(folder, change):
    document = json.loads(made_profile().dump())
    document["entries"][0] |= change
    assert "since it is damaged (ValueError: " in reason_of(json.dumps(document), folder)


def test_a_profile_of_other_versions_or_another_machine_is_left_aside(folder, monkeypatch):
    keep_profile(made_profile())
    place = f"The profile {folder / 'profile.json'} is not used, since it was measured with"
    monkeypatch.setattr(_profile, "find_fingerprint", lambda: FACTS | {"numpy": "2.5"})
    assert choose_backend()[1].endswith(f"{place} numpy 2.4, and now that is 2.5; {ADVICE}")
    monkeypatch.setattr(_profile, "find_fingerprint", lambda: FACTS | {"torch": "3"})
    assert choose_backend()[1].endswith(f"{place} torch absent, and now that is 3; {ADVICE}")
    monkeypatch.setattr(_profile, "find_fingerprint", lambda: {"processor": "Fast One"})
    assert choose_backend()[1].endswith(f"{place} numpy 2.4, and now that is absent; {ADVICE}")


@pytest.mark.parametrize("word", ["auto", "cupy:99", "no such backend", "numpy:"])
def test_a_profile_whose_fastest_backend_does_not_run_is_left_aside(word):
    keep_profile(made_profile(Entry(5000, 32, word, {word: 1.0, "numpy": 2.0}), **{word: "a GPU"}))
    wanted = f"The profile of 'xpnn bench' is not used, since {word}, its fastest backend, does not run here."
    assert choose_backend()[1].endswith(wanted)


def test_a_profile_of_another_device_is_left_aside():
    keep_profile(made_profile(numpy="Fake 1"))
    wanted = "is not used, since numpy runs on cpu, and was measured on Fake 1."
    assert choose_backend()[1].endswith(wanted)


def test_a_profile_that_cannot_be_opened_is_no_error(folder):
    (folder / "profile.json").mkdir(parents=True)
    assert "The profile of 'xpnn bench' cannot be read (" in choose_backend()[1]


def test_the_facts_of_this_machine_name_its_libraries(monkeypatch):
    monkeypatch.undo()
    import numpy as np

    from xpnn import _fingerprint

    facts = _fingerprint.find_fingerprint()
    assert facts["numpy"] == np.__version__
    assert {"processor", "cores", "system", "python", "xpnn"} <= facts.keys()
    assert all(isinstance(value, str) for value in facts.values())


@pytest.mark.parametrize(
    ("platform", "variables", "wanted"),
    [
        ("linux", {"XPNN_CACHE": "/own"}, "/own"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/xpnn"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/xpnn"),
        ("linux", {}, "/home/me/.cache/xpnn"),
        ("darwin", {}, "/home/me/Library/Caches/xpnn"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/xpnn/Cache"),
        ("win32", {}, "/home/me/AppData/Local/xpnn/Cache"),
    ],
)
def test_the_cache_lies_where_the_system_wants_it(monkeypatch, platform, variables, wanted):
    for name in ("XPNN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cache_folder.Path, "home", lambda: Path("/home/me"))
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder.find_cache() == Path(wanted)


# ------------------------------------------------------------------------------------------------- from a sweep


def made_sweep(**rounds):
    case = bench.Case(16, 32, 99, dict.fromkeys(rounds, 1.0), Timings(rounds, dict.fromkeys(rounds, 1)), {}, 2)
    empty = bench.Case(16, 64, 0, {}, Timings({}, {}), {"numpy": "out of memory"}, 2)
    machine = bench.describe_machine({name: get_backend("numpy") for name in rounds})
    return bench.Sweep(machine, "perceptrons", 3, (case, empty), {})


@pytest.mark.parametrize(
    ("other", "fastest"),
    [((5.0, 5.0, 5.0), "torch"), ((9.0, 9.9, 10.5), "numpy"), ((20.0, 20.0, 20.0), "numpy")],
)
def test_the_first_backend_is_kept_unless_another_is_clearly_faster(other, fastest):
    sweep = made_sweep(numpy=(10.0, 10.0, 10.0), torch=other)
    profile = make_profile(sweep, {"numpy": get_backend("numpy"), "torch": get_backend("numpy")})
    (entry,) = profile.entries
    assert (entry.parameters, entry.batch, entry.fastest) == (99, 32, fastest)
    assert entry.step_us == {"numpy": 10.0, "torch": pytest.approx(sorted(other)[1])}


def small_bench(monkeypatch, *options):
    sweep = made_sweep(numpy=(10.0, 10.0, 10.0))
    sweep = replace(sweep, cases=sweep.cases[:1])
    monkeypatch.setattr(bench, "run_sweep", lambda backends, **options: sweep)
    monkeypatch.setattr(bench, "open_backends", lambda words: ({"numpy": get_backend("numpy")}, {}))
    monkeypatch.setattr("xpnn.bench.profile.find_fingerprint", lambda: dict(FACTS))
    return main(["bench", *options])


def test_a_plain_run_keeps_its_profile_and_says_what_auto_is_now(monkeypatch, folder, capsys):
    assert small_bench(monkeypatch) == 0
    assert (folder / "profile.json").exists()
    wanted = "'auto' is now numpy: numpy alone was measured at 99 parameters and batch 32. Measured by 'xpnn bench' on "
    assert capsys.readouterr().err.splitlines()[-1].startswith(wanted)
    main(["backends"])
    assert "\n'auto' is numpy: numpy alone was measured at 99 parameters" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--backends", "numpy"], ["--tf32"]])
def test_a_run_that_is_not_the_whole_truth_keeps_nothing(monkeypatch, folder, options):
    for name in _bench_job._TF32:
        monkeypatch.setenv(name, "0")
    assert small_bench(monkeypatch, *options) == 0
    assert not (folder / "profile.json").exists()


def test_a_folder_that_cannot_be_written_is_no_failure(monkeypatch, folder, capsys):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert small_bench(monkeypatch) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("the profile for 'auto' is not kept: ")
