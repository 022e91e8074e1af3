"""A file appears whole or not at all, whatever fails and whenever the process dies."""

import errno
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from xpnn.errors import ArgumentError
from xpnn.safetensors import encode, read, write
from xpnn.safetensors.atomic_file import replace_file

posix = pytest.mark.skipif(os.name == "nt", reason="permissions, links and locks of POSIX")


def tensors(number):
    return {"a": np.full(1000, float(number)), "b": np.full(7, float(number))}


@pytest.fixture
def path(tmp_path):
    """A file with the content 1, the only one in its folder."""
    path = tmp_path / "model.safetensors"
    write(path, tensors(1), 1)
    return path


def is_intact(path, number=1):
    return path.read_bytes() == encode(tensors(number), number) and list(path.parent.iterdir()) == [path]


class Failing:
    """A stream whose method `name` fails at its call number `count`, after half of the bytes where there are any."""

    def __init__(self, stream, name, count, error):
        self._stream, self._name, self._count, self._error = stream, name, count, error

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self._stream.close()

    def _step(self, name, *arguments):
        if name == self._name:
            self._count -= 1
            if self._count < 0:
                if arguments:
                    self._stream.write(bytes(arguments[0])[: len(arguments[0]) // 2])
                raise self._error
        return getattr(self._stream, name)(*arguments)

    def write(self, part):
        return self._step("write", part)

    def flush(self):
        return self._step("flush")


FAULTS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]


class TestFailure:
    @pytest.mark.parametrize("error", FAULTS, ids=["ENOSPC", "Ctrl-C", "memory"])
    @pytest.mark.parametrize(("step", "count"), [("write", 0), ("write", 1), ("write", 2), ("flush", 0)])
    def test_a_failing_stream_leaves_the_old_file_and_nothing_else(self, path, monkeypatch, step, count, error):
        original = Path.open

        def open_failing(self, mode="r"):
            stream = original(self, mode)
            return Failing(stream, step, count, error) if mode == "xb" else stream

        with monkeypatch.context() as patch, pytest.raises(type(error)) as caught:
            patch.setattr(Path, "open", open_failing)
            write(path, tensors(2), 2)
        assert caught.value is error
        assert is_intact(path)

    @pytest.mark.parametrize("error", FAULTS, ids=["ENOSPC", "Ctrl-C", "memory"])
    @pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
    def test_a_failing_system_call_leaves_the_old_file_and_nothing_else(self, path, monkeypatch, step, error):
        def fail(*arguments, **named):
            raise error

        with monkeypatch.context() as patch, pytest.raises(type(error)) as caught:
            patch.setattr(os, step, fail)
            write(path, tensors(2), 2)
        assert caught.value is error
        assert is_intact(path)

    @posix
    def test_a_failing_note_in_the_folder_is_reported_and_the_new_file_is_whole(self, path, monkeypatch):
        original, calls = os.fsync, []

        def fail_second(descriptor):
            calls.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
            if len(calls) == 2:
                raise OSError(errno.EIO, "Input/output error")
            original(descriptor)

        with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output error"):
            patch.setattr(os, "fsync", fail_second)
            write(path, tensors(2), 2)
        assert calls == [False, True]
        assert is_intact(path, 2)

    def test_the_error_of_the_write_is_seen_even_if_the_temporary_file_cannot_be_removed(self, path, monkeypatch):
        def fail(*arguments, **named):
            raise OSError(errno.EIO, "first")

        def fail_later(*arguments, **named):
            raise OSError(errno.EACCES, "second")

        with monkeypatch.context() as patch, pytest.raises(OSError, match="first"):
            patch.setattr(os, "fsync", fail)
            patch.setattr(os, "unlink", fail_later)
            write(path, tensors(2), 2)
        assert read(path)[1] == 1

    def test_content_that_fails_half_way_leaves_the_old_file(self, path):
        def parts():
            yield b"half"
            raise RuntimeError("the other half is missing")

        with pytest.raises(RuntimeError, match="the other half is missing"):
            replace_file(path, parts())
        assert is_intact(path)

    def test_the_data_are_on_the_disk_before_they_get_the_name_and_the_name_after(self, path, monkeypatch):
        calls, sizes = [], []
        fsync, replace = os.fsync, os.replace

        def note_fsync(descriptor):
            calls.append("fsync")
            sizes.append(os.fstat(descriptor).st_size)
            fsync(descriptor)

        def note_replace(*arguments):
            calls.append("replace")
            replace(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", note_fsync)
            patch.setattr(os, "replace", note_replace)
            write(path, tensors(2), 2)
        assert calls == (["fsync", "replace"] if os.name == "nt" else ["fsync", "replace", "fsync"])
        assert sizes[0] == path.stat().st_size

    @posix
    def test_a_full_disk_leaves_the_old_file_and_nothing_else(self, path):
        program = """
            import resource, sys
            from test_atomic_file import tensors, write
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
            try:
                write(sys.argv[1], tensors(2), 2)
            except OSError as error:
                print(error.strerror)
        """
        assert run(program, path) == "File too large\n"
        assert is_intact(path)


class TestTarget:
    def test_a_new_file_is_written_and_an_old_one_replaced(self, tmp_path):
        for number in (1, 2, 3):
            write(tmp_path / "a", tensors(number), number)
            assert is_intact(tmp_path / "a", number)

    @posix
    @pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_a_new_file_gets_the_usual_permissions(self, tmp_path, umask, mode):
        before = os.umask(umask)
        try:
            write(tmp_path / "a", tensors(1), 1)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode

    @posix
    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
    def test_an_old_file_keeps_its_permissions(self, path, mode):
        path.chmod(mode)
        write(path, tensors(2), 2)
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert is_intact(path, 2)

    @posix
    def test_the_content_is_never_open_to_more_people_than_the_old_file(self, path, monkeypatch):
        path.chmod(0o600)
        original, modes = os.fsync, []

        def note(descriptor):
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
            original(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", note)
            write(path, tensors(2), 2)
        assert modes[0] == 0o600

    @posix
    @pytest.mark.parametrize("hops", [1, 2])
    def test_a_link_stays_and_the_file_behind_it_is_replaced(self, tmp_path, hops):
        folder = tmp_path / "real"
        folder.mkdir()
        write(folder / "a", tensors(1), 1)
        link = tmp_path / "link"
        link.symlink_to(Path("real") / "a")
        if hops == 2:
            link = tmp_path / "link to link"
            link.symlink_to("link")
        write(link, tensors(2), 2)
        assert link.is_symlink()
        assert is_intact(folder / "a", 2)
        assert read(link)[1] == 2

    @posix
    def test_a_link_to_nothing_gets_a_file(self, tmp_path):
        (tmp_path / "link").symlink_to("a")
        write(tmp_path / "link", tensors(1), 1)
        assert (tmp_path / "link").is_symlink()
        assert read(tmp_path / "a")[1] == 1

    @posix
    def test_a_ring_of_links_is_an_error_of_the_system(self, tmp_path):
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        with pytest.raises(OSError, match="symbolic link"):
            write(tmp_path / "a", tensors(1), 1)
        assert (tmp_path / "a").is_symlink()

    def test_a_folder_is_an_error_of_the_system(self, tmp_path):
        (tmp_path / "a").mkdir()
        with pytest.raises(IsADirectoryError):
            write(tmp_path / "a", tensors(1), 1)
        assert [file.name for file in tmp_path.iterdir()] == ["a"]

    def test_a_missing_folder_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError) as caught:
            write(tmp_path / "none" / "a", tensors(1), 1)
        assert caught.value.filename == str(tmp_path / "none")

    @posix
    def test_a_pipe_is_refused_and_stays(self, tmp_path):
        os.mkfifo(tmp_path / "a")
        with pytest.raises(ArgumentError) as caught:
            write(tmp_path / "a", tensors(1), 1)
        assert str(caught.value) == f"path must be the name of a regular file, got {str(tmp_path / 'a')!r}."
        assert (tmp_path / "a").is_fifo()

    def test_a_file_that_may_not_be_written_is_not_replaced(self, path, monkeypatch):
        path.chmod(0o444)
        monkeypatch.setattr(os, "access", lambda file, mode: bool(Path(file).stat().st_mode & 0o200))
        with pytest.raises(PermissionError) as caught:
            write(path, tensors(2), 2)
        assert caught.value.filename == str(path)
        assert read(path)[1] == 1
        path.chmod(0o644)

    @posix
    @pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="the superuser may write everywhere")
    def test_a_folder_that_may_not_be_written_is_an_error_of_the_system(self, path):
        path.parent.chmod(0o555)
        try:
            with pytest.raises(PermissionError):
                write(path, tensors(2), 2)
        finally:
            path.parent.chmod(0o755)
        assert is_intact(path)

    @pytest.mark.parametrize("name", ["a" * 250, "ü" * 120, "[*]?", "-", ".hidden", "with space"])
    def test_any_name_works(self, tmp_path, name):
        for number in (1, 2):
            write(tmp_path / name, tensors(number), number)
        assert is_intact(tmp_path / name, 2)


def orphan(path, stem=None, digits="0123456789abcdef"):
    file = path.with_name(f"{stem or path.name}.{digits}.xpnn-tmp")
    file.write_bytes(b"half")
    return file


class TestOrphans:
    @posix
    def test_the_next_write_removes_what_a_killed_one_left(self, path):
        orphan(path)
        orphan(path, digits="f" * 16)
        write(path, tensors(2), 2)
        assert is_intact(path, 2)

    @posix
    def test_what_cannot_be_removed_does_not_hinder_the_rest(self, path):
        folders = [path.with_name(f"{path.name}.{number:016x}.xpnn-tmp") for number in range(10)]
        for number, folder in enumerate(folders):
            folder.mkdir()
            orphan(path, digits=f"{number + 10:016x}")
        write(path, tensors(2), 2)
        assert sorted(path.parent.iterdir()) == sorted([path, *folders])

    @posix
    def test_files_of_other_names_stay(self, path):
        others = [
            orphan(path, stem="other.safetensors"),
            orphan(path, stem="modelXsafetensors"),
            orphan(path, digits="0123"),
            orphan(path, digits="0123456789ABCDEF"),
            path.with_name("model.safetensors.bak"),
            path.with_name("model.safetensors.0123456789abcdef.xpnn-tmp.txt"),
        ]
        for file in others:
            file.write_bytes(b"mine")
        folder = path.with_name("model.safetensors.aaaaaaaaaaaaaaaa.xpnn-tmp")
        folder.mkdir()
        write(path, tensors(2), 2)
        assert sorted(path.parent.iterdir()) == sorted([path, folder, *others])

    @posix
    def test_the_temporary_file_of_a_writer_at_work_stays(self, path):
        def parts():
            yield b"first "
            write(path, tensors(2), 2)
            assert read(path)[1] == 2
            yield b"second"

        replace_file(path, parts())
        assert path.read_bytes() == b"first second"
        assert list(path.parent.iterdir()) == [path]

    @posix
    def test_a_writer_whose_temporary_file_is_taken_for_an_orphan_takes_another(self, path, monkeypatch):
        fcntl = pytest.importorskip("fcntl")
        original, taken = fcntl.flock, []

        def lose_first(stream, operation):
            original(stream, operation)
            if not taken:
                taken.append(stream.name)
                Path(stream.name).unlink()

        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", lose_first)
            write(path, tensors(2), 2)
        assert len(taken) == 1
        assert is_intact(path, 2)

    @posix
    def test_a_drive_without_locks_is_written_and_nothing_is_removed(self, path, monkeypatch):
        fcntl = pytest.importorskip("fcntl")
        file = orphan(path)

        def refuse(stream, operation):
            raise OSError(errno.ENOLCK, "No locks available")

        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", refuse)
            write(path, tensors(2), 2)
        assert read(path)[1] == 2
        assert file.exists()

    def test_a_system_without_locks_is_written_and_nothing_is_removed(self, path, monkeypatch):
        file = orphan(path)
        monkeypatch.setattr("xpnn.safetensors.atomic_file.fcntl", None)
        write(path, tensors(2), 2)
        assert read(path)[1] == 2
        assert sorted(path.parent.iterdir()) == sorted([path, file])

    def test_writers_in_threads_do_not_disturb_each_other(self, path):
        failures = []

        def work(number):
            try:
                for _ in range(15):
                    write(path, tensors(number), number)
                    tensors_read, metadata = read(path)
                    assert tensors_read["a"][0] == metadata
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert list(path.parent.iterdir()) == [path]


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from xpnn.errors import CheckpointError
from xpnn.safetensors import encode, read, write

def write_naively(path, tensors, metadata):
    with open(path, "wb") as stream:
        stream.write(encode(tensors, metadata))

def save_for_ever(write, path, number):
    while True:
        number += 1
        write(path, {"a": np.full(2**17, float(number))}, number)

def count_unreadable(write, path, kills):
    random.seed(0)
    write(path, {"a": np.zeros(2**17)}, 0)
    last, unreadable = 0, 0
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            save_for_ever(write, path, last)
        time.sleep(random.uniform(0.005, 0.04))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            tensors, number = read(path)
            assert number >= last and set(tensors["a"]) == {float(number)}
            last = number
        except CheckpointError:
            unreadable += 1
    return unreadable, last

folder = Path(sys.argv[1])
unreadable, last = count_unreadable(write, folder / "a", 60)
naive, _ = count_unreadable(write_naively, folder / "b", 30)
write(folder / "a", {"a": np.zeros(1)}, "end")
print(unreadable, last > 10, naive > 0, sorted(os.listdir(folder)))
"""

STEPS = """
import os, signal, sys
from pathlib import Path
import numpy as np
from xpnn.safetensors import read, write

path = Path(sys.argv[1]) / "a"
steps = 0

def die_at(fatal, original):
    def call(*arguments, **named):
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)
    return call

def write_and_die(fatal):
    for name in ("open", "fsync", "replace", "chmod", "unlink", "stat", "urandom", "close"):
        setattr(os, name, die_at(fatal, getattr(os, name)))
    write(path, {"a": np.ones(3)}, "new")
    os._exit(0)

seen, status = [], signal.SIGKILL
while status == signal.SIGKILL:
    write(path, {"a": np.zeros(3)}, "old")
    child = os.fork()
    if child == 0:
        write_and_die(len(seen) + 1)
    status = os.waitpid(child, 0)[1]
    seen.append(read(path)[1])
write(path, {"a": np.zeros(3)}, "old")
switch = seen.index("new")
print(status, switch > 4, len(seen) > switch + 3, set(seen[:switch]), set(seen[switch:]), os.listdir(path.parent))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
class TestKill:
    def test_a_killed_writer_leaves_a_whole_file_and_a_naive_one_does_not(self, tmp_path):
        assert run(KILLS, tmp_path) == "0 True True ['a', 'b']\n"

    def test_a_kill_at_each_step_leaves_the_old_file_or_the_new_one(self, tmp_path):
        assert run(STEPS, tmp_path) == "0 True True {'old'} {'new'} ['a']\n"


def run(program, *arguments):
    """Output of a Python program in its own process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout
