"""Difference quotients: derivatives without any formula, to check formulas by."""

from collections.abc import Callable

__all__ = ["SmoothDerivative", "derivative"]

_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)


class SmoothDerivative(float):
    """A derivative, with `is_kink`: whether the left and right ones differ."""

    is_kink: bool


def derivative(f: Callable[[float], float], expected: float, scale: float) -> SmoothDerivative:
    r"""Derivative of `f` at 0, in the best of a few step sizes.

    The fourth-order central difference :math:`(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h` is taken for falling h until
    it meets `expected` to six digits of `scale`, since a kink of a rectifier within 2h spoils it. If no h does and the
    one-sided quotients still differ by the same amount when h falls, the point itself is a kink.
    """
    best, gaps = float("nan"), []
    for h in _STEPS:
        near, far = (f(h), f(-h)), (f(2 * h), f(-2 * h))
        estimate = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)
        if not abs(estimate - expected) >= abs(best - expected):
            best = estimate
        if abs(estimate - expected) <= 1e-6 * scale:
            break
        centre = f(0.0)
        gaps.append((near[0] - centre) / h - (centre - near[1]) / h)
    result = SmoothDerivative(best)
    constant = len(gaps) == len(_STEPS) and abs(gaps[-1]) > 0.5 * abs(gaps[-2])
    result.is_kink = constant and abs(gaps[-1]) > max(1e-4 * scale, 1e-8 * abs(f(0.0)))  # above the rounding of f
    return result
