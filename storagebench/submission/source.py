"""A submitted tree, listed once and read as rules ask: its runs, its results, and the submission as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from storagebench.edition import edition_names
from storagebench.model import Group, Record, Submission
from storagebench.submission.astray import astray_leaves, within
from storagebench.submission.facts import Facts
from storagebench.submission.families import sources_of
from storagebench.submission.files import Files
from storagebench.submission.first_edition import first_edition_leaves, natural, unfinished
from storagebench.submission.leaves import DIVISIONS, STAMP, Leaf, tool_leaves
from storagebench.submission.result import GROUP_FACTS, Result
from storagebench.submission.run import Run
from storagebench.submission.tree import in_code, list_tree
from storagebench.submission.worked_out import worked_out

CHAPTERS = ("layout", "provenance", "system")
NEWEST = ("retinanet", "kv_cache", "vector_database")
OLDER = ("resnet50", "cosmoflow")
"""Names of folders that only edition 3.0 has, and that it has no more."""
IMAGE_FILES = ("/.mlps-code-image", "/.mlps-image-pool")
METADATA = re.compile(r"_(\d{4})\d{4}_\d{6}_metadata\.json")
FIRST_YEAR_OF_3_0 = "2026"
"""Runs of edition 2.0 were made in the first half of 2025, by the stamps that name their folders."""


class Source:
    """A tree of any edition; making it lists the tree and reads nothing."""

    def __init__(self, root: Path) -> None:
        self.tree = list_tree(root)
        self.files = Files(self.tree)
        self._in_order: dict[str, tuple[Leaf, ...]] = {}

    @cached_property
    def runs(self) -> tuple[Leaf, ...]:
        """Every run folder, in order of its path."""
        listing = self.tree.listing
        found = {leaf.path: leaf for leaf in tool_leaves(listing)}
        told = frozenset(found)
        moved = (*astray_leaves(listing, told), *first_edition_leaves(listing))
        found |= {leaf.path: leaf for leaf in moved if not within(leaf.path, told)}
        return tuple(sorted(found.values(), key=lambda leaf: natural(leaf.path)))

    @cached_property
    def results(self) -> Mapping[str, tuple[Leaf, ...]]:
        """The runs of each result, by a readable name that is the same in every process."""
        found: dict[tuple[str, str, str], list[Leaf]] = {}
        for leaf in self.runs:
            found.setdefault(leaf.result, []).append(leaf)
        return {_result_name(*result): tuple(runs) for result, runs in found.items()}

    @cached_property
    def edition(self) -> str:
        """The newest edition whose layout the tree has."""
        return max((self._edition_by_place(leaf.first_edition) for leaf in self.runs), default="3.0")

    def edition_of(self, subject: Record | Group | Submission) -> str:
        """Name the edition that a subject belongs to: the one that a run of ours was planned by, else by its layout."""
        if isinstance(subject, Submission):
            return self.edition
        run = subject.records[-1] if isinstance(subject, Group) else subject
        planned = run.value("edition") if run.has("edition") else ""
        return planned if planned in edition_names() else self._edition_by_place(run.value("layout") == "1.0")

    @cached_property
    def division(self) -> str:
        """The strictest division that a run of the tree claims."""
        claimed = {leaf.division for leaf in self.runs}
        return next(division for division in DIVISIONS if division in claimed or division == DIVISIONS[-1])

    def _edition_by_place(self, first_edition: bool) -> str:
        return "1.0" if first_edition else self._tool_edition

    @cached_property
    def _tool_edition(self) -> str:
        runs = [leaf for leaf in self.runs if not leaf.first_edition]
        names = {name.lower() for leaf in runs for name in (leaf.family, *leaf.names)}
        marked = any(path.endswith(IMAGE_FILES) for path in self.tree.listing.sizes)
        if marked or names.intersection(NEWEST):
            return "3.0"
        years = [leaf.stamp[:4] for leaf in runs if STAMP.fullmatch(leaf.stamp)]
        years += [match[1] for path in self.tree.listing.sizes if (match := METADATA.search(path))] if not years else []
        if names.intersection(OLDER) or (years and max(years) < FIRST_YEAR_OF_3_0):
            return "2.0"
        code = any("code" in self.tree.listing.folders(leaf.submitter) for leaf in runs)
        return "2.0" if code and not years else "3.0"

    def record(self, leaf: Leaf) -> Record:
        """Return one run."""
        return Run(self.files, leaf).record(sources_of(leaf.family))

    def group(self, name: str) -> Group:
        """Return the runs of one result, oldest first, and what belongs to all of them."""
        leaves = self._in_order.get(name, self.results[name])
        result = Result(self.files, leaves[0])
        runs = [(self.record(leaf), leaf) for leaf in leaves]
        if leaves[0].first_edition and name not in self._in_order:  # by what they say, for their folders do not
            runs.sort(key=lambda run: _started(run[0]))
            self._in_order[name] = tuple(leaf for _, leaf in runs)
        folder = str(self.tree.root / leaves[0].group)
        return Group(
            leaves[0].family, leaves[0].division, folder, tuple(run for run, _ in runs), Facts(result, GROUP_FACTS)
        )

    def submission(self) -> Submission:
        """Return the whole tree with the documents that rules on it read; a group is read while a rule asks for it."""
        documents = {path: self._document(path) for path in self.tree.listing.sizes if _is_document(path)}
        aborted = unfinished(self.tree.listing, self.runs)
        return Submission(
            folder=str(self.tree.root),
            listing=self.tree.listing,
            groups=_Results(self.results, self.group),
            documents={path: found for path, found in documents.items() if found is not None}
            | dict(worked_out(self.files)),
            problems={path: why for path, why in self.files.problems.items() if path in documents},
            junk=self.tree.junk | dict.fromkeys(aborted, "called like a run, but without a summary at any depth"),
        )

    def _document(self, path: str) -> Any:
        name = path.rpartition("/")[2].lower()
        if name.endswith((".yaml", ".yml")):
            return self.files.yaml(path)
        return self.files.json(path) if name.endswith(".json") else self.files.text(path)


class _Results:
    """Groups that are made when they are reached and let go behind: of 10,000 runs no more than one result is held."""

    def __init__(self, names: Iterable[str], make: Callable[[str], Group]) -> None:
        self._names = tuple(names)
        self._make = make

    def __iter__(self) -> Iterator[Group]:
        return map(self._make, self._names)


DOCUMENTS = frozenset(
    {
        ".mlps-code-image",
        ".mlps-image-pool",
        ".code-hash.json",
        "provenance.json",
        "submission.yaml",
        "results.json",
        "mlperf_storage_report.json",
    }
)
"""Files that rules on a whole submission read wherever they lie, beside the descriptions of systems."""

OF_CODE = frozenset({".mlps-image-pool", ".code-hash.json"})
"""Those of them that are read below a folder of code, too."""


def _result_name(group: str, members: str, below: str) -> str:
    return f"{group}/{members}*{f'/{below}' if below else ''}" if members or below else group


def _is_document(path: str) -> bool:
    *above, name = path.split("/")
    if name in OF_CODE:
        return True
    described = above[-1:] and above[-1].lower() == "systems" and name.lower().endswith((".yaml", ".yml", ".json"))
    return bool(described or name in DOCUMENTS) and not in_code(path)


def _started(record: Record) -> tuple[str, object]:
    start = record.value("summary.start") if record.has("summary.start") else ""
    return (start if isinstance(start, str) else "", natural(record.folder))
