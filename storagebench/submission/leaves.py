"""Where the runs of a tree are, told from names alone; nothing is read.

Editions 2.0 and 3.0 lay runs out as their tools write them (2.0 of the rules)::

    <division>/<organisation>/results/<system>/training/<model>/<command>/<stamp>/
    <division>/<organisation>/results/<system>/checkpointing/<model>/<stamp>/
    <division>/<organisation>/results/<system>/kv_cache/<model>/<command>/<stamp>/
    <division>/<organisation>/results/<system>/vector_database/<engine>/<index>/<command>/<stamp>/

In edition 1.0 nobody did as another, so a run is wherever a summary is (`storagebench.submission.first_edition`); runs of
later tools that were moved about are found by `storagebench.submission.astray`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storagebench.model import Listing

DIVISIONS = ("closed", "open", "whatif")
RESULTS = "results"
PHASES = ("datasize", "datagen", "run")
LEVELS = {"training": 1, "checkpointing": 1, "kv_cache": 1, "vector_database": 2}
"""Families by the name of their folder, and how many levels of names follow before the command."""
WITHOUT_COMMAND = ("checkpointing",)
STAMP = re.compile(r"\d{8}_\d{6}")
"""The name that a tool gives to the folder of a run: the local time at which it began."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One run folder: who says it is what, by its place in the tree; paths are relative to the root.

    `division` is in lower case whatever the folder's spelling; `group` is the folder of the result that it belongs
    to; `members` narrows a folder that several results share (edition 1.0) to the run folders of this one, and `below`
    to the folders of one model where each run has several.
    """

    path: str
    division: str
    organisation: str
    system: str
    family: str
    names: tuple[str, ...]
    command: str
    stamp: str
    group: str
    first_edition: bool = False
    members: str = ""
    below: str = ""

    @property
    def submitter(self) -> str:
        """The submitter's folder: ``closed/DDN``."""
        return "/".join(self.path.split("/")[:2])

    @property
    def result(self) -> tuple[str, str, str]:
        """What is the same for all runs of one result."""
        return self.group, self.members, self.below


def systems_of(listing: Listing) -> Iterator[tuple[str, str, str, str]]:
    """Yield division folder, organisation, results folder and system, for every system that has results."""
    for folder in listing.folders():
        if folder.lower() not in DIVISIONS:
            continue
        for organisation in listing.folders(folder):
            for results in listing.folders(f"{folder}/{organisation}"):
                if results.lower() == RESULTS:
                    above = f"{folder}/{organisation}/{results}"
                    yield from ((folder, organisation, results, system) for system in listing.folders(above))


def tool_leaves(listing: Listing, command: str = "run") -> Iterator[Leaf]:
    """Yield the run folders (or those of another phase) that lie as the tools of editions 2.0 and 3.0 write them."""
    for division, organisation, results, system in systems_of(listing):
        base = f"{division}/{organisation}/{results}/{system}"
        for family in listing.folders(base):
            if family in LEVELS:
                for group in _below(listing, f"{base}/{family}", LEVELS[family]):
                    names = tuple(group.split("/")[5:])
                    for path in stamps(listing, group, family, command):
                        stamp = path.rpartition("/")[2]
                        yield Leaf(path, division.lower(), organisation, system, family, names, command, stamp, group)


def stamps(listing: Listing, group: str, family: str, command: str) -> Iterator[str]:
    """Yield the folders of one phase of a result, oldest first; names that begin with a dot are no runs."""
    if family in WITHOUT_COMMAND:
        above, barred = group, PHASES if command == "run" else ()
        if command != "run":
            return
    else:
        above, barred = f"{group}/{command}", ()
    for name in listing.folders(above):
        path = f"{above}/{name}"
        if name[0] != "." and name not in barred and not (barred and _is_a_level(listing, path)):
            yield path


def leaf_at(parts: tuple[str, ...]) -> Leaf | None:
    """Make the leaf of a path that ends as the tools lay runs out; None when it does not.

    The path of the leaf is relative to the folder that holds the division.
    """
    for family, levels in LEVELS.items():
        deep = 5 + levels + (family not in WITHOUT_COMMAND) + 1
        if len(parts) < deep:
            continue
        own = parts[-deep:]
        if own[4] == family and own[2].lower() == RESULTS and own[0].lower() in DIVISIONS:
            names = own[5 : 5 + levels]
            command = "run" if family in WITHOUT_COMMAND else own[5 + levels]
            group = "/".join(own[: 5 + levels])
            return Leaf("/".join(own), own[0].lower(), own[1], own[3], family, names, command, own[-1], group)
    return None


def _is_a_level(listing: Listing, path: str) -> bool:
    """Tell a level that somebody put in (`write/`, `read/`) from a run: it holds no file, and folders named by stamps."""
    return any(map(STAMP.fullmatch, listing.folders(path))) and not listing.files(path)


def _below(listing: Listing, path: str, levels: int) -> Iterator[str]:
    if levels == 0:
        yield path
        return
    for name in listing.folders(path):
        if name[0] != ".":
            yield from _below(listing, f"{path}/{name}", levels - 1)
