"""Ctrl-C between steps: a step is never left half done."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["interrupt_between"]


@contextmanager
def interrupt_between() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C wait until the function that this gives is called, which then raises KeyboardInterrupt.

    A second Ctrl-C does not wait. In other threads than the main one, and where somebody else handles Ctrl-C, nothing
    is changed.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return
    noted: list[int] = []

    def note(number: int, frame: Any) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    def check() -> None:
        if noted:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    check()
