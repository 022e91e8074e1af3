"""From an exception to one line and an exit code."""

import argparse

from xpnn.errors import XpnnError

__all__ = ["explain"]

_BAD_INPUT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def explain(error: BaseException) -> tuple[int, str]:
    """Return the exit code (2 for bad input, 130 after Ctrl-C, else 1) and the sentence, which is one line.

    >>> explain(FileNotFoundError(2, "No such file or directory", "a.csv"))
    (2, 'a.csv: No such file or directory.')
    >>> explain(KeyboardInterrupt())
    (130, 'interrupted.')
    """
    code, sentence = _explain(error)
    line = " ".join(sentence.split())
    return code, line if line.endswith((".", "?")) else f"{line}."


def _explain(error: BaseException) -> tuple[int, str]:
    if isinstance(error, KeyboardInterrupt):
        return 130, "interrupted"
    if isinstance(error, argparse.ArgumentError):
        return 2, f"{error.argument_name} {error.message}"
    if isinstance(error, XpnnError):
        return 2 if isinstance(error, ValueError | TypeError) else 1, str(error)
    if isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        return 2 if isinstance(error, _BAD_INPUT) else 1, where + (error.strerror or str(error))
    if isinstance(error, MemoryError):
        return 1, f"there is not enough memory ({str(error) or 'no details'})."
    if isinstance(error, UnicodeEncodeError):
        return 1, f"the output must be able to hold {error.object[error.start]!a}; set PYTHONIOENCODING=utf-8"
    if isinstance(error, FloatingPointError):
        return 1, str(error)
    return 1, f"unexpected {type(error).__name__}: {error} ('python -X dev -m xpnn' shows where)."
