"""`read_result` and `compare_rows`: two results of `xpnn bench --json` side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xpnn.bench.result import FORMAT
from xpnn.bench.units import format_us
from xpnn.errors import DataError
from xpnn.safetensors import strict_json

__all__ = ["compare_cases", "compare_machines", "compare_rows", "read_result"]

_FACTS = ("processor", "cores", "system", "python", "numpy", "xpnn", "blas", "threads", "driver", "backends")


def read_result(path: str) -> dict[str, Any]:
    """Read a file that ``xpnn bench --json`` wrote.

    Raises
    ------
    DataError
        If it is something else.
    """
    try:
        document = strict_json.parse(Path(path).read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}")
        compare_cases(document, document), compare_machines(document, document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} must hold a result of 'xpnn bench --json' ({type(error).__name__}: {error})."
        ) from error
    return document  # type: ignore[no-any-return]


def compare_cases(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare the step times of every backend at every size that both have.

    Returns
    -------
    list of dict
        Sizes, ``backend``, medians ``before_us`` and ``after_us``, ``ratio`` (after / before) and ``verdict``:
        ``"faster"`` or ``"slower"`` if the quartiles do not overlap, else ``"no difference"``.
    """
    found = []
    older = {_key(case): case["backends"] for case in before["cases"]}
    for case in after["cases"]:
        for name, entry in case["backends"].items():
            if name not in older.get(_key(case), {}):
                continue
            old, new = older[_key(case)][name]["step_us"], entry["step_us"]
            verdict = (
                "faster" if new["high"] < old["low"] else "slower" if new["low"] > old["high"] else "no difference"
            )
            sizes = dict(zip(("width", "depth", "batch"), _key(case), strict=False))
            times = {"before_us": float(old["median"]), "after_us": float(new["median"])}
            ratio = times["after_us"] / times["before_us"] if times["before_us"] > 0 else float("nan")
            found.append({**sizes, "backend": str(name), **times, "ratio": ratio, "verdict": verdict})
    return found


def compare_machines(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Sentences on what differs between the machines, their versions, and what was trained."""
    facts = [
        {name: part["machine"].get(name) for name in _FACTS} | {"subject": part["subject"]} for part in (before, after)
    ]
    return [f"{name} was {old}, and is {facts[1][name]}." for name, old in facts[0].items() if old != facts[1][name]]


def compare_rows(cases: list[dict[str, Any]]) -> list[list[str]]:
    """Heading and one row per comparison."""
    header = ["width", "depth", "batch", "backend", "before µs", "after µs", "after / before", "verdict"]
    rows = [
        [
            *("-" if case[name] is None else str(case[name]) for name in ("width", "depth", "batch")),
            case["backend"],
            format_us(case["before_us"]),
            format_us(case["after_us"]),
            f"{case['ratio']:.2f}",
            case["verdict"],
        ]
        for case in cases
    ]
    return [header, *rows]


def _key(case: Mapping[str, Any]) -> tuple[Any, ...]:
    return case["width"], case["depth"], case["batch"], case["parameters"]
