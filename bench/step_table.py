"""`tables`: what `bench_step` has measured, as text."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

__all__ = ["bases", "tables"]


def bases(names: Collection[str]) -> list[str]:
    """Contenders with which the others are compared."""
    return [base for base in ("jax.jit", "plain NumPy") if base in names]


def tables(results: dict[str, Any], names: list[str]) -> str:
    """Medians in microseconds, then the medians of the ratios per round."""
    from xpnn.bench.table import format_us, render_rows

    def table(title: str, cell: Callable[[Any, str], str]) -> str:
        rows = [[f"{model} @ {r['batch']}", *(cell(r, name) for name in names)] for model, r in results.items()]
        return f"{title}\n{render_rows([['', *names], *rows])}"

    def microseconds(result: Any, name: str) -> str:
        return format_us(result["step_us"][name]["median"])

    parts = [table("One training step in µs (median)", microseconds)]
    parts += [table(f"Ratio to {base}", partial(_ratio, base)) for base in bases(names)]
    return "\n\n".join(parts)


def _ratio(base: str, result: Any, name: str) -> str:
    return f"{result['ratios'][base][name]['median']:.2f}"
