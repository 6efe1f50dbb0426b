"""The folder of a series of checkpoints, and the file in it that says whose they are and which of them are whole.

``<checkpoint-dir>/<model>/`` holds one folder for each checkpoint, named as DLIO names them, and the marker. Rank 0
alone writes the marker, after every save and durably, so that a reader never takes half a checkpoint for a whole one,
nor another run's for its own. Nothing is ever deleted that a marker does not call ours.
"""

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from storagebench.errors import EngineError
from storagebench.serial import from_json, to_json

MARKER = ".storagebench-checkpoints.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series of checkpoints: `token` identifies the run, `shape` what was written, `whole` what can be read.

    `finished` says that the writing run came to its end; without it the series is being written by the process
    `pid` on `host`, or is what that process left when it died.
    """

    token: int
    shape: str
    started_at: str
    whole: tuple[int, ...]
    finished: bool
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)

    @property
    def abandoned(self) -> bool:
        """Say whether nobody writes it any more; of a process on another host we cannot know."""
        if self.finished or self.host != socket.gethostname():
            return False
        return self.pid == os.getpid() or not Path(f"/proc/{self.pid}").exists()


def checkpoint_folder(folder: str, number: int) -> str:
    """Return the folder of one checkpoint: DLIO counts a save as a step of the first epoch."""
    return f"{folder}/global_epoch1_step{number}"


def begin(folder: str, series: Series) -> None:
    """Take a folder for a new series; what a run that died there left behind is removed.

    Raises:
        EngineError: the folder cannot be written, or holds the checkpoints of another run.
    """
    with _explained(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        found = read(folder)
        if found is None and (strange := _checkpoint_folders(folder)):
            raise EngineError(
                f"{folder} holds {strange[0].name}, which no run here wrote: name another --checkpoint-dir, or remove it"
            )
        if found is not None and not found.abandoned:
            whose = "" if found.finished else f", which process {found.pid} on {found.host} has not ended"
            raise EngineError(
                f"{folder} holds the checkpoints of the run that began {found.started_at}{whose}: "
                "remove that folder, or name another --checkpoint-dir"
            )
        if found is not None:
            remove(folder)
            Path(folder).mkdir(parents=True, exist_ok=True)
        write(folder, series)


def resume(folder: str, shape: str) -> Series:
    """Return the series that a run of this shape left to be read.

    Raises:
        EngineError: there is none, or it is another model's, another number of ranks' or not whole.
    """
    found = read(folder)
    if found is None:
        raise EngineError(f"{folder} holds no checkpoints to read: write some first, or name another --checkpoint-dir")
    if found.shape != shape:
        raise EngineError(
            f"{folder} holds checkpoints of another run: {found.shape}, and this one needs {shape}; "
            "name the right --checkpoint-dir"
        )
    if not found.whole:
        raise EngineError(
            f"{folder} holds no whole checkpoint: the run that began {found.started_at} did not get so far"
        )
    return found


def read(folder: str) -> Series | None:
    """Return what the marker of a folder says, None where there is none.

    Raises:
        EngineError: the marker cannot be read or is none of ours.
    """
    path = Path(folder, MARKER)
    try:
        return from_json(Series, json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError):
        raise EngineError(f"{path} is damaged: remove {folder} if its checkpoints are not needed") from None


def write(folder: str, series: Series) -> None:
    """Write the marker, durably: it is whole or it is the old one."""
    path = Path(folder, MARKER)
    part = path.with_suffix(".part")
    with _explained(folder):
        with part.open("w", encoding="utf-8") as file:
            json.dump(to_json(series), file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _sync_folder(folder)


def make(folder: str, number: int) -> None:
    """Make the folder of one checkpoint, which is not whole before it is added.

    Raises:
        EngineError: the folder cannot be made.
    """
    with _explained(folder):
        Path(checkpoint_folder(folder, number)).mkdir()


def add(folder: str, number: int) -> None:
    """Count a checkpoint as whole, with the names of its files on stable storage.

    Raises:
        EngineError: the marker cannot be written.
    """
    with _explained(folder):
        _sync_folder(checkpoint_folder(folder, number))
    found = _expected(folder)
    write(folder, replace(found, whole=(*found.whole, number)))


def drop(folder: str, number: int) -> None:
    """Remove one checkpoint of a series; who is stopped in between leaves it not whole.

    Raises:
        EngineError: the folder cannot be written.
    """
    found = _expected(folder)
    write(folder, replace(found, whole=tuple(one for one in found.whole if one != number)))
    with _explained(folder):
        shutil.rmtree(checkpoint_folder(folder, number))


def finish(folder: str) -> None:
    """Say that the run which wrote the series has come to its end.

    Raises:
        EngineError: the marker cannot be written.
    """
    write(folder, replace(_expected(folder), finished=True))


def remove(folder: str, token: int | None = None) -> None:
    """Remove a series and its folder, unless that holds other things too; only that of `token` if one is named.

    Raises:
        EngineError: something cannot be removed.
    """
    found = read(folder)
    if found is None or (token is not None and found.token != token):
        return
    with _explained(folder):
        for path in _checkpoint_folders(folder):
            shutil.rmtree(path)
        Path(folder, MARKER).with_suffix(".part").unlink(missing_ok=True)
        Path(folder, MARKER).unlink()
        with contextlib.suppress(OSError):  # somebody else's files are in it: it stays
            Path(folder).rmdir()


def _expected(folder: str) -> Series:
    found = read(folder)
    if found is None:
        raise EngineError(f"{folder} lost its marker {MARKER}: somebody removed it during the run")
    return found


def _checkpoint_folders(folder: str) -> list[Path]:
    return sorted(path for path in Path(folder).glob("global_epoch*_step*") if path.is_dir())


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explained(folder: str) -> Iterator[None]:
    """Turn an OSError into one sentence.

    Raises:
        EngineError: with the file or the folder.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
