"""The short names of saved runs: ``0007``, ``latest``, ``latest~1``, a tag, or a path."""

import re
from dataclasses import dataclass
from pathlib import Path

from storagebench.errors import ConfigError
from storagebench.history.shelf import Item, Saved, Shelf, open_shelf
from storagebench.record import RECORD_FILE

LATEST = re.compile(r"latest(?:~(\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a short name means: one certain run, or for each item one of `runs`, `back` results before its newest."""

    name: str
    shelf: Shelf
    runs: tuple[Saved, ...]
    certain: bool = False
    back: int = 0

    def run_for(self, item: Item, series: str = "") -> Saved | None:
        """Return the run that an item is held against, the last of its result; None where there is none.

        Runs of the item's own `series` are not earlier ones, unless one of them is named for certain.
        """
        if self.certain:
            return self.runs[0]
        newest = {run.result: run for run in self.runs if run.item == item and (not series or run.series != series)}
        ordered = sorted(newest.values(), key=lambda run: run.number)
        return ordered[-1 - self.back] if self.back < len(ordered) else None


def resolve(name: str, shelf: Shelf, base: Path) -> Reference:
    """Say what a short name means; a path, relative to `base`, is a run folder, its record, or a whole tree of results.

    Raises:
        ConfigError: there is no such run; the sentence says what there is.
    """
    if match := LATEST.fullmatch(name):
        return Reference(name, shelf, shelf.runs, back=int(match[1] or 0))
    if name.isdecimal() and 0 < int(name) <= len(shelf.runs):
        return Reference(name, shelf, (shelf.runs[int(name) - 1],), certain=True)
    if tagged := tuple(run for run in shelf.runs if run.tag == name):
        return Reference(name, shelf, tagged)
    path = Path(base, Path(name).expanduser())
    if not name.isdecimal() and path.exists():
        return _at(name, path, shelf)
    if not shelf.runs:
        raise ConfigError(f"'{name}' names no saved run: there is none in {shelf.root}; name its --results-dir")
    tags = sorted({run.tag for run in shelf.runs if run.tag})
    known = f"tags are {', '.join(tags)}" if tags else "no run has a tag"
    raise ConfigError(
        f"'{name}' names no saved run: those in {shelf.root} are 0001 to {shelf.runs[-1].name}, {known}, and there is "
        "no such path"
    )


def _at(name: str, path: Path, shelf: Shelf) -> Reference:
    folder = (path.parent if path.name == RECORD_FILE else path).resolve()
    own = next((run for run in shelf.runs if run.folder.resolve() == folder), None)
    if own is not None:
        return Reference(name, shelf, (own,), certain=True)
    if (folder / RECORD_FILE).exists():
        beside = open_shelf(folder.parent)
        run = next((run for run in beside.runs if run.folder == folder), None)
        if run is None:
            raise ConfigError(f"{folder / RECORD_FILE}: {beside.damaged[folder / RECORD_FILE]}; name another run")
        return Reference(name, beside, (run,), certain=True)
    other = open_shelf(folder)
    if not other.runs:
        raise ConfigError(f"'{name}' names no saved run: no record is in {folder}")
    return Reference(name, other, other.runs)
