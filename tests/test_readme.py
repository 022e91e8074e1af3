"""What the README shows is run, and what it promises about importing is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_example_of_the_readme_runs(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[number], f"README example {number}", "exec"), {"__name__": "readme"})  # noqa: S102
    assert "Traceback" not in capsys.readouterr().err


def test_the_readme_has_its_examples():
    assert len(BLOCKS) == 3


def test_importing_xpnn_loads_no_heavy_library():
    code = "import sys, xpnn; print(sorted({'torch', 'jax', 'cupy', 'scipy', 'pyarrow', 'numba'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
