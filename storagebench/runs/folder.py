"""The run folder of every family: how the run ended, what its ranks printed, and the rules' word on it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storagebench.errors import RecordError, StorageBenchError
from storagebench.launch import Launcher, Launching
from storagebench.model import Judgement, Record
from storagebench.record import RECORD_FILE, RunFolder
from storagebench.serial import to_json


@contextmanager
def opened(parent: Path) -> Iterator[RunFolder]:
    """Make the folder of a run, and let it say how the run ended, whatever happens in between.

    Raises:
        RecordError: the results directory cannot be written.
    """
    folder = RunFolder.create(parent)
    try:
        yield folder
    except StorageBenchError as error:
        _last_word(folder, "failed", str(error))
        raise type(error)(f"{error} (the folder of this run: {folder.path})") from error
    except (KeyboardInterrupt, SystemExit):
        _last_word(folder, "interrupted", "the session was stopped before the run was over")
        raise
    except BaseException as error:
        _last_word(folder, "failed", f"{type(error).__name__}: {error}")
        raise


@contextmanager
def keeping(figures: str) -> Iterator[None]:
    """Put the headline figures into the message when a finished run cannot be written down: they cost hours.

    Raises:
        RecordError: it could not be written.
    """
    try:
        yield
    except RecordError as error:
        raise RecordError(f"{error}; the run itself was over with {figures}") from error


@contextmanager
def logged(folder: RunFolder, name: str, launching: Launching) -> Iterator[Launcher]:
    """Make a launcher whose ranks print straight into the run's logs, so that a killed run keeps them.

    Their names are `<name>.stdout.log` and `<name>.stderr.log`.
    """
    logs = [folder.path / f"{name}.{stream}.log" for stream in ("stdout", "stderr")]
    with logs[0].open("wb") as stdout, logs[1].open("wb") as stderr:
        yield launching(stdout, stderr)


def write_verdict(record: Record, judgement: Judgement) -> dict[str, Any]:
    """Add the word of the rules to a run's folder; return the whole of `record.json`."""
    folder = RunFolder(Path(record.folder), Path(record.folder).name)
    word = {"verdict": judgement.verdict.name, "judged_as": judgement.edition, "findings": to_json(judgement.findings)}
    document: dict[str, Any] = json.loads((folder.path / RECORD_FILE).read_text(encoding="utf-8")) | word
    metadata = next(folder.path.glob("*_metadata.json"))
    facts = json.loads(metadata.read_text(encoding="utf-8")) | {"verification": judgement.verdict.name}
    folder.write_json(metadata.name, facts)
    folder.write_json(RECORD_FILE, document)
    return document


def _last_word(folder: RunFolder, status: str, reason: str) -> None:
    try:
        folder.say(status, reason)
    except RecordError:
        # The disk that the reason speaks of may be the one this word should go to; "running" still stands there,
        # with a pid that is gone.
        return
