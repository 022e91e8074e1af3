"""A file is short enough to be read at one sitting, or says why it is not."""

import ast
from pathlib import Path

import xpnn

LIMIT = 150


def test_a_long_file_says_why():
    root = Path(xpnn.__file__).parent
    files = [*root.rglob("*.py"), *(root.parent / "backends").rglob("*.py")]
    long = {path: path.read_text("utf-8") for path in files if len(path.read_text("utf-8").splitlines()) > LIMIT}
    silent = [path.name for path, text in long.items() if "\nOver 150 lines: " not in (_docstring(text) or "")]
    assert long
    assert silent == []


def _docstring(text: str) -> str | None:
    return ast.get_docstring(ast.parse(text))
