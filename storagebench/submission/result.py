"""What belongs to a result and to none of its runs: the report, other phases, the files beside the runs."""

from collections.abc import Callable
from typing import Any

from storagebench.submission.facts import text
from storagebench.submission.files import Files
from storagebench.submission.first_edition import GATHERED, REPORT, members
from storagebench.submission.leaves import PHASES, WITHOUT_COMMAND, Leaf
from storagebench.submission.systems import system_of


class Result:
    """Reads the folder of a result; `leaf` is any run of it."""

    def __init__(self, files: Files, leaf: Leaf) -> None:
        self.files = files
        self.leaf = leaf
        gathered = [name for name in files.tree.listing.folders(leaf.group) if name.lower() == GATHERED]
        self.places = [leaf.group, *(f"{leaf.group}/{name}" for name in (*gathered, "run"))]

    def report(self) -> dict[str, Any] | None:
        """The report that edition 1.0's script wrote over the five runs."""
        above = self.leaf.group.rpartition("/")[0]
        found = (self.files.mapping(f"{place}/{REPORT}") for place in (*self.places, above))
        return next(filter(None, found), None)

    def results_json(self) -> bool:
        """Whether the result has its results.json."""
        return any(self.files.holds(f"{place}/results.json") for place in self.places)

    def folders(self) -> dict[str, list[str]]:
        """Every folder of each phase whose name does not begin with a dot, a run's or not."""
        listing = self.files.tree.listing
        if self.leaf.first_edition:
            return {"run": list(members(listing, self.leaf))}
        if self.leaf.family in WITHOUT_COMMAND:
            return {"run": [name for name in listing.folders(self.leaf.group) if name[0] != "."]}
        phases = {phase: listing.folders(f"{self.leaf.group}/{phase}") for phase in PHASES}
        there = listing.folders(self.leaf.group)
        return {phase: [name for name in names if name[0] != "."] for phase, names in phases.items() if phase in there}

    def sizes(self) -> dict[str, int]:
        """The files right in the result's folder and right beside its runs, with their sizes."""
        start, listing = len(self.leaf.group) + 1, self.files.tree.listing
        paths = (f"{place}/{name}" for place in self.places for name in listing.files(place))
        return {path[start:]: listing.sizes[path] for path in paths}

    def stamps(self) -> dict[str, str]:
        """The edition that each run's provenance names, where it has one."""
        found = {}
        for path in self.files.under(f"{self.leaf.group}/"):
            if path.endswith("/provenance.json"):
                edition = text(self.files.mapping(path).get("rules_edition"))
                found[path.split("/")[-2]] = edition or "unknown"
        return found


GROUP_FACTS: dict[str, Callable[[Result], Any]] = {
    "system": lambda result: system_of(result.files, result.leaf),
    "report": Result.report,
    "results_json": Result.results_json,
    "folders": Result.folders,
    "files": Result.sizes,
    "edition_stamps": Result.stamps,
    "path": lambda result: result.leaf.group,
    "organisation": lambda result: result.leaf.organisation,
    "system_name": lambda result: result.leaf.system,
}
