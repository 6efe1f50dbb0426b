"""The published table of a submission, `results.csv` and `results.json`, with the columns of its edition."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagebench.errors import ConfigError, RecordError
from storagebench.judge import judge
from storagebench.model import Edition, Group, Record, Submission, Verdict
from storagebench.model.aggregation import means_of_epochs, measured
from storagebench.record.whole import write_whole
from storagebench.results.published import figures

NAMES = ("results.csv", "results.json")

POINTER = ".mlps-code-image"
"""The file in every run folder that names the code image: `md5-tree-v2:<32 hex>`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One result: a value for every column of the edition, "" where nothing is known, and the verdict behind it.

    `means` are `train_mean_of_<name>`, which rule 3.3.8 wants in results.json and in no column.
    """

    folder: str
    verdict: Verdict
    cells: Mapping[str, Any]
    means: Mapping[str, float]


def publish(submission: Submission, edition: Edition, folder: Path, judged: Path) -> list[Row]:
    """Judge a submission's results and write their table into a folder outside the judged tree; return its rows.

    Raises:
        ConfigError: the folder lies inside the tree.
        RecordError: the folder cannot be written.
    """
    refuse_inside(folder, judged)
    table = rows(submission, edition)
    write(table, folder, edition)
    return table


def refuse_inside(folder: Path, judged: Path) -> None:
    """Make sure that a judged tree stays as it was handed in.

    Raises:
        ConfigError: the folder is the tree or lies inside it, whatever links lead there.
    """
    if folder.resolve().is_relative_to(judged.resolve()):
        raise ConfigError(f"--results-out={folder} lies inside the judged tree {judged}: name a folder outside of it")


def rows(submission: Submission, edition: Edition) -> list[Row]:
    """Return a row for every result, in the submission's order; Division says what the rules say of it."""
    return [_row(group, submission, edition) for group in submission.groups]


def verdict_of(group: Group, edition: Edition) -> Verdict:
    """Return the verdict on a result: the worst of its own findings and of those on each of its runs.

    Upstream's check_runs_valid; the warm-up is one of the runs. A family that the edition does not know is INVALID.
    """
    if not group.records or group.family not in edition.table:
        return Verdict.INVALID
    subjects: tuple[Group | Record, ...] = (group, *group.records)
    return max(judge(subject, edition).verdict for subject in subjects)


def write(table: Sequence[Row], folder: Path, edition: Edition) -> None:
    """Write results.csv and results.json, each whole or not at all.

    Raises:
        RecordError: the folder cannot be written.
    """
    columns = list(edition["results.columns"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(row.cells[column]) for column in columns] for row in table)
    whole = [{**row.cells, **row.means} for row in table]
    document = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    for name, content in zip(NAMES, (text.getvalue(), document), strict=True):
        _write(folder / name, content)


def _row(group: Group, submission: Submission, edition: Edition) -> Row:
    verdict, found = verdict_of(group, edition), figures(group, edition)
    asked = Verdict.OPEN if group.division == "open" else Verdict.CLOSED
    first = group.records[0] if group.records else group.shared
    model = str(first.value("model")) if first.has("model") else ""
    labels = edition["results.labels"]
    named = {
        "organisation": _text(first, "organisation"),
        "division": max(asked, verdict).name,
        "system": _text(first, "system_name"),
        "family": group.family,
        "model": model,
        "label": labels.get(model, "" if labels else model),
        "code": _code(first.folder if not first.has("path") else _text(first, "path"), submission),
        "logs": _text(group.shared, "path") or group.folder,
    }
    told = {**found, **named}
    told |= {f"{group.family}.{name}": value for name, value in told.items()}
    told |= {f"{group.family}.{model}.{name}": value for name, value in found.items()}
    cells = {column: told.get(figure, "") for column, figure in edition["results.columns"].items()}
    return Row(group.folder, verdict, cells, _means(group, edition))


def _means(group: Group, edition: Edition) -> dict[str, float]:
    if group.family != "training":
        return {}
    return means_of_epochs(measured(group.records, **edition["training.runs"]))


def _code(leaf: str, submission: Submission) -> str:
    """Name the code image that a run points at, "" where the tree does not hold it."""
    pointer = str(submission.documents.get(f"{leaf}/{POINTER}", "")).strip().rpartition(":")[2]
    pools = ("code-images", "/".join(leaf.split("/")[:2]), leaf.split("/")[1] if "/" in leaf else "")
    named = (f"{pool}/code-{pointer[:8]}" for pool in pools)
    return next((path for path in named if pointer and submission.listing.holds(path)), "")


def _text(record: Record, name: str) -> str:
    return str(record.value(name)) if record.has(name) else ""


def _harmless(cell: Any) -> Any:
    """Keep a spreadsheet from taking a submitter's text for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text.encode(errors="replace"))
    except OSError as error:
        raise RecordError(f"cannot write {target}: {error.strerror}; choose another --results-out") from None
