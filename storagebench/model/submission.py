"""A whole submission as the rules see it: the listing of its tree, what its documents say, and its results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from storagebench.model.record import Record


@dataclass(frozen=True)
class Listing:
    """Names and sizes of every file below a root, without their content; paths are POSIX and relative to the root."""

    sizes: Mapping[str, int]
    empty_folders: tuple[str, ...] = ()

    def folders(self, path: str = "") -> tuple[str, ...]:
        """Return the names of the folders right below a folder ("" is the root), in order."""
        return tuple(sorted(self._children.get(path, ({}, {}))[0]))

    def files(self, path: str = "") -> tuple[str, ...]:
        """Return the names of the files right below a folder, in order."""
        return tuple(sorted(self._children.get(path, ({}, {}))[1]))

    def holds(self, path: str) -> bool:
        """Say whether a file or a folder of this path exists."""
        return path in self.sizes or path in self._children

    @cached_property
    def _children(self) -> dict[str, tuple[dict[str, None], dict[str, None]]]:
        children: dict[str, tuple[dict[str, None], dict[str, None]]] = {"": ({}, {})}

        def folder(path: str) -> tuple[dict[str, None], dict[str, None]]:
            above, unknown = path, []
            while above not in children:
                unknown.append(above)
                above = above.rpartition("/")[0]
            for known in reversed(unknown):
                children[known] = ({}, {})
                parent, _, name = known.rpartition("/")
                children[parent][0][name] = None
            return children[path]

        for path in self.empty_folders:
            folder(path)
        for path in self.sizes:
            above, _, name = path.rpartition("/")
            folder(above)[1][name] = None
        return children


@dataclass(frozen=True, slots=True)
class Group:
    """The runs that make one result: same division, organisation, system, workload and accelerators, oldest first.

    `facts` is what belongs to the group and to none of its runs: the system's description, a report, other phases.
    """

    family: str
    division: str
    folder: str
    records: tuple[Record, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shared(self) -> Record:
        """The group's own facts, with the questions that a record answers."""
        return Record(self.family, self.division, self.folder, self.facts)


@dataclass(frozen=True, slots=True)
class Submission:
    """One upload: the listing of the tree, the documents in it by path, and the groups of its results.

    Groups can be gone through as often as rules like, and may be made anew each time: to hold all of them is to hold
    every document of the tree.
    `documents` holds parsed JSON and YAML (systems, manifests, pointers as text); a document that could not be read
    is in `problems` instead, by path, with one sentence. `junk` names what is left out of everything, and why.
    """

    folder: str
    listing: Listing
    groups: Iterable[Group]
    documents: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    junk: Mapping[str, str] = field(default_factory=dict)

    def named(self, suffix: str) -> Iterable[tuple[str, Any]]:
        """Yield path and content of the documents whose path ends so, in order of their paths."""
        return ((path, self.documents[path]) for path in sorted(self.documents) if path.endswith(suffix))
