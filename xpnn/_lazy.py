"""`lazy_names`: a package whose modules are imported when somebody asks for what is in them.

A program uses a few of the many layers; to import all of them would take most of the time of ``import xpnn``. The
package lists its names under ``typing.TYPE_CHECKING`` for whoever reads or checks it, and has this at its end::

    __getattr__, __dir__ = lazy_names(__name__, __all__)
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, names: Sequence[str], elsewhere: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Functions ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    names : sequence of str
        What it offers. A name stands in the module that is written like it, but for case and underscores:
        ``Conv2DTranspose`` in ``conv2d_transpose``.
    elsewhere : mapping of str to str, optional
        Modules of names that stand in another one.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = sys.modules[package]
        file = (elsewhere or {}).get(name) or _written_like(name, module.__path__)
        value = getattr(import_module(f"{package}.{file}"), name)
        setattr(module, name, value)
        return value

    return find, lambda: sorted({*names, *vars(sys.modules[package])})


def _written_like(name: str, path: Any) -> str:
    return next(module.name for module in iter_modules(path) if module.name.replace("_", "") == name.lower())
