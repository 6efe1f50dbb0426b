"""Which description belongs to a system: same name, whatever the spelling of its ending."""

from typing import Any

from storagebench.submission.files import Files
from storagebench.submission.leaves import Leaf

ENDINGS = (".yaml", ".yml", ".json")


def system_of(files: Files, leaf: Leaf) -> dict[str, Any] | None:
    """Return the parsed description of the system that a leaf was run on, None where there is none to be read.

    It lies in `systems/` of the submitter; one submitter of edition 1.0 put that folder into the system's results.
    """
    path = system_path(files, leaf)
    return files.system(path) or None if path else None


def system_path(files: Files, leaf: Leaf) -> str:
    """Return the path of that description, "" where there is none."""
    above = "/".join(leaf.path.split("/")[:4])
    for folder, only in ((f"{leaf.submitter}/systems", False), (f"{above}/systems", True)):
        found = [name for name in files.tree.listing.files(folder) if name.lower().endswith(ENDINGS)]
        for name in found:
            if name.rpartition(".")[0].lower() == leaf.system.lower():
                return f"{folder}/{name}"
        if only and len(found) == 1:
            return f"{folder}/{found[0]}"
    return ""
