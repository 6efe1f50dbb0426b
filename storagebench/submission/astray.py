"""Runs of the tools of editions 2.0 and 3.0 that do not lie where the tools put them, so that none vanishes unjudged.

People add a level for the accelerator or a group of systems, leave out the system or the command, and change capitals. Such a run
is told by the family's folder, anywhere below the submitter, and by its summary or metadata.
"""

from collections.abc import Collection, Iterator

from storagebench.model import Listing
from storagebench.submission.leaves import DIVISIONS, LEVELS, PHASES, RESULTS, STAMP, Leaf
from storagebench.submission.tree import in_code

MARKS = ("summary.json", "_metadata.json")
"""How names of files end that only run folders and those of other phases hold."""

NO_NAMES = ("run", "runs", "write", "writes", "read", "reads")
"""Folders on the way to a run that tell nothing of what it is."""


def astray_leaves(listing: Listing, known: Collection[str]) -> Iterator[Leaf]:
    """Yield a leaf for every run of a tool that is neither one of the folders `known` nor below one."""
    seen = set()
    for path in listing.sizes:
        folder, _, name = path.rpartition("/")
        if not name.endswith(MARKS) or folder in seen:
            continue
        seen.add(folder)
        leaf = None if in_code(path) or within(folder, known) else _leaf(folder.split("/"))
        if leaf:
            yield leaf


def within(path: str, folders: Collection[str]) -> bool:
    """Say whether a path is one of some folders, or lies below one."""
    parts = path.split("/")
    return any("/".join(parts[:depth]) in folders for depth in range(len(parts), 1, -1))


def family_at(parts: list[str]) -> int:
    """Return where in a path the folder of a family stands, 0 where none does."""
    return next((i for i in range(2, len(parts)) if parts[i].lower() in LEVELS), 0)


def _leaf(parts: list[str]) -> Leaf | None:
    at = family_at(parts)
    if not at or parts[0].lower() not in DIVISIONS:
        return None
    stamped = [i for i in range(at + 1, len(parts)) if STAMP.fullmatch(parts[i])]
    if not stamped:
        return None
    deep = stamped[-1]
    between = parts[at + 1 : deep]
    if any(name.lower() in PHASES and name.lower() != "run" for name in between):
        return None
    above = parts[:deep]
    while above[-1].lower() in NO_NAMES:
        above = above[:-1]
    system = parts[at - 1] if parts[at - 1].lower() != RESULTS else parts[1]
    return Leaf(
        path="/".join(parts),
        division=parts[0].lower(),
        organisation=parts[1],
        system=system,
        family=parts[at].lower(),
        names=tuple(name for name in between if name.lower() not in NO_NAMES) or ("",),
        command="run",
        stamp=parts[deep],
        group="/".join(above),
    )
