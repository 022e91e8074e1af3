"""`tables`: what `bench_step` has measured, as text."""

from collections.abc import Callable
from functools import partial
from typing import Any

__all__ = ["BASES", "remarks", "tables"]

BASES = ("jax.jit", "NumPy with out=", "PyTorch CUDA graph")
"""Contenders with which the others are compared."""


def tables(results: dict[str, Any], names: list[str]) -> str:
    """Medians in microseconds, then the medians of the ratios per round; a row for each contender that was timed."""
    from xpnn.bench.table import format_us, render_rows

    measured = [name for name in names if any(name in result["step_us"] for result in results.values())]
    header = ["", *(f"{model} @ {result['batch']}" for model, result in results.items())]

    def table(title: str, cell: Callable[[Any, str], str]) -> str:
        rows = [[name, *(cell(result, name) for result in results.values())] for name in measured]
        return f"{title}\n{render_rows([header, *rows])}"

    def microseconds(result: Any, name: str) -> str:
        return format_us(result["step_us"][name]["median"]) if name in result["step_us"] else "-"

    parts = [table("One training step in µs (median)", microseconds)]
    parts += [table(f"Ratio to {base}", partial(_ratio, base)) for base in BASES if base in measured]
    return "\n\n".join(parts)


def remarks(results: dict[str, Any]) -> list[str]:
    """Who was left out, and why; who had other losses, and where."""
    lines: dict[str, None] = {}
    for model, result in results.items():
        lines |= dict.fromkeys(f"{name} is left out: {why}" for name, why in result["left_out"].items())
        lines |= dict.fromkeys(f"{name} is not timed on {model}: {why}." for name, why in result["wrong"].items())
    return list(lines)


def _ratio(base: str, result: Any, name: str) -> str:
    ratios = result["ratios"].get(base, {})
    return f"{ratios[name]['median']:.2f}" if name in ratios else "-"
