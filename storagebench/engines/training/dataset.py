"""From the wish for a dataset to the dataset: made, extended, resumed or simply found, and checked in any case.

A folder with a manifest holds a whole dataset. One with only a marker holds the beginning of one, which the next
call resumes. Files do not depend on how many there are, so a larger dataset serves every smaller wish, and a
smaller one is extended in place: its manifest stays valid until the larger one replaces it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from storagebench import __version__
from storagebench.engines.training.foreign import adopt
from storagebench.engines.training.layout import Layout, layout_of, relative_path
from storagebench.engines.training.manifest import (
    MANIFEST_FILE,
    Manifest,
    is_foreign,
    read_manifest,
    read_marker,
    write_manifest,
    write_marker,
)
from storagebench.errors import DatasetError
from storagebench.launch import Job, Launcher, Tell
from storagebench.model import Dataset, Host
from storagebench.model.dataset import GENERATOR_VERSION
from storagebench.serial import to_json
from storagebench.units import bytes_text

__all__ = ["MANIFEST_FILE", "Manifest", "ensure", "read_manifest"]

LOCK_FILE = ".storagebench-datagen.lock"
SAMPLED_FILES = 1000
"""How many files are looked at before a dataset is believed; the first and the last are always among them."""
_BLOCK_BYTES = 4096


def ensure(
    dataset: Dataset, folder: str, launcher: Launcher, hosts: tuple[Host, ...], ranks: int, tell: Tell
) -> Manifest:
    """Return the manifest of a dataset in `folder` with at least the files wanted, after making what is missing.

    Calls from several processes for one folder take turns.

    Raises:
        DatasetError: the folder holds something else or a damaged dataset, cannot be written, or is too small.
        ClusterError, EngineError: the launcher or a rank failed; the next call resumes.
    """
    root = str(Path(folder).absolute())
    found = _accept(dataset, root)
    if found is not None and found.dataset.num_files >= dataset.num_files:
        return found
    lock = FileLock(Path(root, LOCK_FILE))
    with _writing_to(root):
        Path(root).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        found = _accept(dataset, root)
        if found is not None and found.dataset.num_files >= dataset.num_files:
            return found
        return _generate(dataset, root, found, _Crew(launcher, hosts, ranks, tell))
    finally:
        lock.release()


class _Crew(NamedTuple):
    """Who generates, and who listens."""

    launcher: Launcher
    hosts: tuple[Host, ...]
    ranks: int
    tell: Tell


def _accept(dataset: Dataset, root: str) -> Manifest | None:
    """Return the manifest of the folder, once the files it shares with the dataset wanted have been looked at."""
    manifest = read_manifest(root) or (None if read_marker(root) else adopt(dataset, root))
    if manifest is None:
        return None
    _refuse_other(dataset, manifest.dataset, root)
    there = manifest.dataset
    if is_foreign(manifest) and there.num_files < dataset.num_files:
        raise DatasetError(
            f"{root} holds {there.num_files} files that DLIO generated, where {dataset.num_files} are needed, and these "
            "cannot be mixed with ours: have DLIO generate them, or choose another --data-dir"
        )
    shared = replace(there, num_files=min(there.num_files, dataset.num_files))
    if there.format == "parquet":  # all of one size; the footer to ask might be the damaged one
        _verify(shared, root, lambda _: manifest.total_bytes // there.num_files)
    elif is_foreign(manifest):
        _look(shared, layout_of(shared, root))
    else:
        _verify(shared, root, layout_of(shared).file_bytes)
    return manifest


def _generate(dataset: Dataset, root: str, found: Manifest | None, crew: _Crew) -> Manifest:
    """Make what is missing after the files of a smaller dataset that was `found`."""
    marked = read_marker(root)
    if marked is not None:
        _refuse_other(dataset, marked, root)
    elif found is None:
        _refuse_strangers(root)
    layout = layout_of(dataset)
    sizes = [layout.file_bytes(file) for file in range(dataset.num_files)]
    _check_space(dataset, root, sizes, there=found.dataset.num_files if found else 0, look=marked is not None)
    started_at = _now()
    with _writing_to(root):
        write_marker(dataset, root, started_at)
        for file in range(min(dataset.num_files, max(dataset.num_subfolders, 1))):
            Path(root, layout.path(file)).parent.mkdir(parents=True, exist_ok=True)
    payload = {"dataset": to_json(dataset), "folder": root}
    module = "storagebench.engines.training.generate"
    crew.launcher.run(Job(module=module, payload=payload, ranks=crew.ranks, hosts=crew.hosts), crew.tell)
    _verify(dataset, root, sizes.__getitem__)
    manifest = Manifest(
        dataset=dataset,
        total_bytes=sum(sizes),
        started_at=started_at,
        ended_at=_now(),
        ranks=crew.ranks,
        generator=f"storagebench {__version__}, generator {GENERATOR_VERSION}",
        path=root,
    )
    with _writing_to(root):
        write_manifest(manifest)
    return manifest


def _refuse_other(wanted: Dataset, there: Dataset, root: str) -> None:
    """Raise unless two datasets differ in nothing but the number of files."""
    differences = [
        f"{field.name} is {_shown(getattr(there, field.name))} there and {_shown(getattr(wanted, field.name))} here"
        for field in fields(Dataset)
        if field.name != "num_files" and getattr(there, field.name) != getattr(wanted, field.name)
    ]
    if differences:
        raise DatasetError(
            f"{root} holds a dataset of other parameters ({'; '.join(differences)}): delete the folder to have the "
            "dataset generated again, or choose another --data-dir."
        )


def _shown(value: object) -> str:
    return f"{len(value)} columns" if isinstance(value, tuple) else repr(value)


def _refuse_strangers(root: str) -> None:
    """Raise if the folder holds anything although no dataset was ever begun in it."""
    strangers = sorted({entry.name for entry in Path(root).iterdir()} - {LOCK_FILE})
    if strangers:
        raise DatasetError(
            f"{root} is not empty (it holds {strangers[0]!r}) and holds no dataset of ours: "
            "empty it, or choose another --data-dir."
        )


def _check_space(dataset: Dataset, root: str, sizes: list[int], *, there: int, look: bool) -> None:
    """Raise if what is missing does not fit: all but the first files, `there`, and with `look` all that exist."""
    missing: Sequence[int] = range(there, len(sizes))
    if look:
        missing = [file for file in missing if not Path(root, relative_path(dataset, file)).exists()]
    needed = sum(-(-sizes[file] // _BLOCK_BYTES) * _BLOCK_BYTES for file in missing)
    state = os.statvfs(root)
    free = state.f_bavail * state.f_frsize
    if needed > free:
        raise DatasetError(
            f"The dataset of {dataset.model} in {root} needs {bytes_text(needed)}, has {bytes_text(free)} free on "
            f"{_mount_point(root)}: {len(missing)} of {len(sizes)} files × {bytes_text(needed / len(missing))} are "
            "still to be written; free some space, choose another --data-dir or use fewer files."
        )


def _verify(dataset: Dataset, root: str, file_bytes: Callable[[int], int]) -> None:
    """Look at the sizes of up to 1000 files, spread evenly.

    Raises:
        DatasetError: a file is missing or of another size.
    """
    for file in _sample(dataset):
        path, expected = Path(root, relative_path(dataset, file)), file_bytes(file)
        try:
            size = path.stat().st_size
            state = f"holds {size} bytes instead of {expected}"
        except OSError as error:
            size, state = None, f"should hold {expected} bytes, found none ({error.strerror})"
        if size != expected:
            raise DatasetError(f"{path} {state}: the dataset is damaged; delete {root} to have it generated again.")


def _look(dataset: Dataset, layout: Layout) -> None:
    """Find up to 1000 files whose sizes nobody but the disk knows.

    Raises:
        DatasetError: one is missing.
    """
    for file in _sample(dataset):
        layout.file_bytes(file)


def _sample(dataset: Dataset) -> Iterator[int]:
    last = dataset.num_files - 1
    count = min(dataset.num_files, SAMPLED_FILES)
    return (last * number // max(count - 1, 1) for number in range(count))


def _mount_point(folder: str) -> Path:
    return next(parent for parent in (Path(folder), *Path(folder).parents) if parent.is_mount())


@contextmanager
def _writing_to(root: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(f"Cannot write a dataset to {root}: {reason}; choose another --data-dir.") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
