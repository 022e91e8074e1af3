"""Numbers of a benchmark as text."""

__all__ = ["bytes_text", "format_us", "rate", "seconds_text"]


def format_us(value: float) -> str:
    """Three digits, and never an exponent.

    >>> format_us(0.1234), format_us(1234.5)
    ('0.123', '1234')
    """
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


def rate(value: float) -> str:
    """Three digits at most, with commas.

    >>> rate(51234.0), rate(9.876)
    ('51,200', '9.88')
    """
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def bytes_text(value: int) -> str:
    """Bytes in a unit of 1000.

    >>> bytes_text(999), bytes_text(12_345_678)
    ('999 B', '12.3 MB')
    """
    size = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5 or unit == "GB":
            break
        size /= 1000.0
    return f"{size:.3g} {unit}" if size < 999.5 else f"{size:.0f} {unit}"


def seconds_text(value: float) -> str:
    """Seconds in a unit that suits them.

    >>> seconds_text(0.0123), seconds_text(12.3), seconds_text(7200.0)
    ('12.3 ms', '12.3 s', '2 h')
    """
    if value < 1.0:
        return f"{format_us(value * 1e3)} ms"
    return f"{format_us(value)} s" if value < 3600.0 else f"{value / 3600.0:.3g} h"
