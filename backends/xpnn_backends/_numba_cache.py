"""Compiled steps on disk: the printed text is a module in the user's cache folder, beside it what numba made of it."""

import hashlib
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from xpnn_backends.cache_folder import find_cache

__all__ = ["forget", "is_kept", "load_text"]


def is_kept(text: str) -> bool:
    """Whether numba has compiled this text before, and kept it."""
    return any(path.suffix == ".nbc" for path in _kept(text))


def forget(text: str) -> None:
    """Remove what numba has kept of this text."""
    for path in _kept(text):
        path.unlink(missing_ok=True)


def load_text(text: str) -> tuple[ModuleType, bool]:
    """Run `text` as a module; return it, and whether numba can keep what it compiles from it.

    The name of the file is a digest of everything on which the result depends, so that a file is never stale; a file
    with another content is written anew.
    """
    digest = _digest(text)
    folder = find_cache() / "steps"
    path = folder / f"step_{digest}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as file:
                file.write(text)
            Path(file.name).replace(path)
    except (OSError, RuntimeError):
        return _run(text, "<step>", digest), False
    return _run(text, str(path), digest), True


def _kept(text: str) -> list[Path]:
    folder = find_cache() / "steps" / "__pycache__"
    return [*folder.glob(f"step_{_digest(text)}.*.nb[ci]")] if folder.is_dir() else []


def _digest(text: str) -> str:
    made_with = Path(__file__).with_name("_numba_intrinsics.py").read_bytes() + version("numba").encode()
    return hashlib.sha256(text.encode() + made_with).hexdigest()[:24]


def _run(text: str, path: str, digest: str) -> ModuleType:
    """Run a module and register it: numba looks it up by its name when it reads its files."""
    name = f"xpnn_step_{digest}"
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = path
        exec(compile(text, path, "exec"), module.__dict__)  # noqa: S102
        sys.modules[name] = module
    return sys.modules[name]
