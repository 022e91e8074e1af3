"""`prefetch`: a thread works ahead, so that the next batch is on the device when the step is done."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import Any, TypeVar

from xpnn.backend import using
from xpnn.typing import Backend

__all__ = ["prefetch"]

T = TypeVar("T")

_WAIT = 0.05
"""Seconds after which a thread that waits looks whether it is still wanted."""


def prefetch(items: Iterable[T], backend: Backend, depth: int = 2) -> Iterator[T]:
    """Yield what `items` yields, computed by a thread that is at most `depth` items ahead.

    What the thread raises is raised here, in its place. When the iterator is closed, the thread ends after the item
    that it is at, and is waited for.
    """
    queue: Queue[tuple[str, Any]] = Queue(depth)
    unwanted = threading.Event()
    thread = threading.Thread(target=_work, args=(items, backend, queue, unwanted), name="xpnn-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = queue.get()
            if kind == "item":
                yield value
            elif kind == "error":
                raise value
            else:
                return
    finally:
        unwanted.set()
        _drain(queue)
        thread.join()


def _work(items: Iterable[Any], backend: Backend, queue: Queue[tuple[str, Any]], unwanted: threading.Event) -> None:
    try:
        with using(backend):
            for item in items:
                if not _put(queue, ("item", item), unwanted):
                    return
        _put(queue, ("end", None), unwanted)
    except BaseException as error:
        _put(queue, ("error", error), unwanted)


def _put(queue: Queue[tuple[str, Any]], entry: tuple[str, Any], unwanted: threading.Event) -> bool:
    while not unwanted.is_set():
        try:
            queue.put(entry, timeout=_WAIT)
        except Full:
            continue
        return not unwanted.is_set()
    return False


def _drain(queue: Queue[tuple[str, Any]]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
