"""`--submission-build=DIR`: saved runs put together as edition 3.0 lays a submission out; what is there is never overwritten."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from storagebench.edition import load_edition
from storagebench.errors import ConfigError, RecordError
from storagebench.history import Saved, Shelf
from storagebench.history.shelf import phase_of
from storagebench.record import INCOMPLETE, RECORD_FILE
from storagebench.results.system_description import PLACEHOLDER, description
from storagebench.select import READ, WRITE
from storagebench.submission.leaves import leaf_at

SUBMITTED = ("closed", "open")
Place = tuple[Path, str, int]
"""The folder that runs share, their accelerator and how many of them: what makes one result of the rules."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What was put together, and what was not: folders of runs left out with the reason, and descriptions to fill in."""

    root: Path
    runs: tuple[Path, ...]
    left_out: Mapping[str, str]
    systems: tuple[Path, ...]

    def lines(self) -> Iterator[str]:
        """Say in lines for a person what became of it."""
        yield f"{len(self.runs)} runs in {self.root}"
        yield from (f"left out: {name}: {reason}" for name, reason in self.left_out.items())
        yield from (f"fill in {PLACEHOLDER} in {path}" for path in self.systems)


def assemble(shelf: Shelf, root: Path) -> Assembly:
    """Copy the runs of closed and open with their phases and logs, and describe their systems.

    Of each result the newest series goes in, and of that as many runs as the edition wants, the last in a row: the rules
    let runs be deleted so (2.1.18a). Phases before the runs go in whole.

    Raises:
        ConfigError: the folder is not a new or an empty one, lies among the results, or there is nothing to put there.
        RecordError: something cannot be copied.
    """
    _refuse(shelf, root)
    chosen, left_out = _choose(shelf)
    if not chosen:
        raise ConfigError(f"--submission-build: there is no complete run of closed or open in {shelf.root}")
    systems: dict[Path, Saved] = {}
    copied = []
    try:
        for run in chosen:
            target = _target(run, root)
            _copy_phases(run.folder.parent.parent, target.parent.parent)
            shutil.copytree(run.folder, target)
            copied.append(target)
            submitter = root.joinpath(*target.relative_to(root).parts[:2])
            systems[submitter / "systems" / f"{run.plan['system']}.yaml"] = run
        for path, run in systems.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = yaml.safe_dump(description(run.whole()), sort_keys=False, allow_unicode=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot put {root} together: {error}; remove what is there and try again") from None
    return Assembly(root, tuple(copied), left_out, tuple(systems))


def _refuse(shelf: Shelf, root: Path) -> None:
    if root.resolve().is_relative_to(shelf.root.resolve()):
        raise ConfigError(f"--submission-build={root} lies among the results: name a folder outside of {shelf.root}")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigError(f"--submission-build={root} is there already and nothing is overwritten: name a new folder")


def _choose(shelf: Shelf) -> tuple[list[Saved], dict[str, str]]:
    results: dict[Place, list[Saved]] = {}
    left_out: dict[str, str] = {}
    for run in shelf.runs:
        if run.record["division"] not in SUBMITTED:
            left_out[run.name] = f"{run.record['id']} was run as {run.record['division']}"
        elif run.climbed:
            left_out[run.name] = f"{run.record['id']} was made by --climb and is no part of a result"
        elif leaf_at(run.folder.absolute().parts) is None:
            left_out[run.name] = f"{run.folder} does not lie as a results tree has it"
        else:
            results.setdefault((run.folder.parent, run.item[2], run.item[3]), []).append(run)
    chosen: list[Saved] = []
    for runs in results.values():
        kept = _in_a_row(runs)
        chosen += kept
        left_out |= {run.name: f"{run.record['id']}: a later series goes in" for run in runs if run not in kept}
    return sorted(chosen, key=lambda run: run.number), left_out


def _in_a_row(runs: Sequence[Saved]) -> list[Saved]:
    """Return the last runs of the newest series, as many as the edition makes a result of.

    A run that reads the checkpoints of another invocation has that one with it.
    """
    newest = [run for run in runs if run.result == runs[-1].result]
    edition = load_edition(str(newest[-1].plan["edition"]))
    kept = newest[-sum(edition.repeats(str(newest[-1].record["family"]))) :]
    read = {_checkpoints(run) for run in kept if phase_of(run.plan) == READ}
    wrote = [run for run in runs if phase_of(run.plan) == WRITE and _checkpoints(run) in read] if read else []
    return [*wrote, *kept]


def _checkpoints(run: Saved) -> Any:
    """Return what identifies the checkpoints that a run wrote or read."""
    return (run.whole().get("evidence") or {}).get("series")


def _target(run: Saved, root: Path) -> Path:
    leaf = leaf_at(run.folder.absolute().parts)
    assert leaf is not None
    return root / leaf.path


def _copy_phases(source: Path, target: Path) -> None:
    """Copy the complete folders of the phases beside the runs (datasize, datagen), each once."""
    for phase in source.iterdir() if source.is_dir() else ():
        for leaf in phase.iterdir() if phase.is_dir() else ():
            whole = leaf.is_dir() and not (leaf / INCOMPLETE).exists() and not (leaf / RECORD_FILE).exists()
            if whole and not (target / phase.name / leaf.name).exists():
                shutil.copytree(leaf, target / phase.name / leaf.name)
