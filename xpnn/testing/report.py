"""What a check found."""

from dataclasses import dataclass

__all__ = ["GradientReport", "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of a list of checks: the names of those that ran, and a sentence for each that failed."""

    checks: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed (and at least one ran)."""
        return bool(self.checks) and not self.failures

    def __str__(self) -> str:
        return "\n".join(self.failures) or f"{len(self.checks)} checks passed"


@dataclass(frozen=True, slots=True)
class GradientReport:
    """Outcome of a comparison of gradients with difference quotients.

    Parameters
    ----------
    passed : bool
        Whether every error is within the tolerance.
    max_error : float
        Greatest error found.
    worst : tuple of (str, tuple of int)
        Name of the array, and index in it, of the greatest error.
    checked : int
        Number of derivatives compared.
    skipped : int
        Number of derivatives left out, because the loss has a kink there.
    tolerance : float
        Greatest error that passes.
    """

    passed: bool
    max_error: float
    worst: tuple[str, tuple[int, ...]]
    checked: int
    skipped: int
    tolerance: float

    def __str__(self) -> str:
        name, index = self.worst
        verdict = "gradients agree" if self.passed else "gradients are wrong"
        return (
            f"{verdict}: greatest error {self.max_error:.2e} at {name}{list(index)} "
            f"(tolerance {self.tolerance:.0e}, {self.checked} derivatives, {self.skipped} at kinks)"
        )
