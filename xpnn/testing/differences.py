"""Difference quotients: derivatives without any formula, to check formulas by."""

from collections.abc import Callable

__all__ = ["SmoothDerivative", "derivative"]

_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
_ROUNDING = 64 * 2.0**-52


class SmoothDerivative(float):
    """A derivative, with `is_kink`: whether the left and right ones differ."""

    is_kink: bool


def derivative(f: Callable[[float], float], expected: float, scale: float) -> SmoothDerivative:
    r"""Derivative of `f` at 0, by the best of a few difference quotients.

    The central differences of second order, :math:`(f(h) - f(-h)) / 2h`, and of fourth order are taken for falling h
    until one meets `expected` to six digits of `scale`, since a kink of a rectifier within h spoils them. If none does
    and the one-sided quotients differ by an amount that stays as h falls, above the rounding of `f`, the point itself
    is a kink.
    """
    centre, best, gaps = f(0.0), float("nan"), []
    for h in _STEPS:
        near, far = (f(h), f(-h)), (f(2 * h), f(-2 * h))
        second = (near[0] - near[1]) / (2 * h)
        fourth = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)
        for estimate in (fourth, second):
            if not abs(estimate - expected) >= abs(best - expected):
                best = estimate
        if abs(best - expected) <= 1e-6 * scale:
            break
        gaps.append((near[0] - centre) / h - (centre - near[1]) / h)
    result = SmoothDerivative(best)
    stays = len(gaps) == len(_STEPS) and 0.2 * abs(gaps[-2]) < abs(gaps[-1]) < 5.0 * abs(gaps[-2])
    result.is_kink = stays and abs(gaps[-1]) > max(1e-4 * scale, _ROUNDING * abs(centre) / _STEPS[-1])
    return result
