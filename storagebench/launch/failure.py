"""The report of a failing rank, turned into the error that the person at the terminal reads."""

from collections.abc import Mapping
from typing import Any

from storagebench import errors
from storagebench.errors import EngineError, StorageBenchError


def rank_error(report: Mapping[str, Any]) -> StorageBenchError:
    """Make the error for what `run_rank` reported: keys `class`, `text`, `rank`, `host`.

    Errors of our own tree keep their class (a damaged dataset stays a DatasetError); all others are EngineErrors.
    """
    kind = getattr(errors, str(report.get("class")), None)
    if not (isinstance(kind, type) and issubclass(kind, StorageBenchError)):
        kind = EngineError
    return kind(f"rank {report.get('rank', '?')} on {report.get('host', '?')}: {report.get('text', 'failed')}")


def died_error(who: str, ending: str, last_words: str) -> EngineError:
    """Make the error for a process that ended without a report."""
    said = f", last words: {last_words}" if last_words else " without a word"
    return EngineError(f"{who} {ending}{said}")
