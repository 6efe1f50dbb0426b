"""Bytes, rates and durations as people read them; the only place that formats them."""

KIB = 1024
MIB = 1024**2
GIB = 1024**3
LARGEST = 2**1000
"""Beyond every storage, and below what a float can hold: data may name any number."""


def bytes_text(count: float) -> str:
    """Say a number of bytes in binary units: ``bytes_text(3 * GIB) == "3.00 GiB"``."""
    size = float(min(count, LARGEST))
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TiB"


def duration_text(seconds: float) -> str:
    """Say a duration: ``duration_text(75) == "1 min 15 s"``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
