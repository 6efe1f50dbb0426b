"""The present, as upstream's files have it."""

from datetime import UTC, datetime


def local_stamp() -> str:
    """Return the present as upstream writes it: ISO 8601, local time without zone."""
    return datetime.now(UTC).astimezone().replace(tzinfo=None).isoformat()
