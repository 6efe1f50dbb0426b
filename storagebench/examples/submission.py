"""The golden submission, changed: a whole tree in memory, as the rules of the chapters see one."""

from collections.abc import Mapping
from typing import Any

from storagebench.examples.changes import Changes, changed, of, own
from storagebench.examples.document import document
from storagebench.model import Group, Listing, Record, Submission

FILE_BYTES = 100
POINTER = ".mlps-code-image"


def submission(edition: str, changes: Changes) -> Submission:
    """Return the golden submission of an edition, changed.

    A change names a path and what is there: a number of bytes, null for nothing (of a folder: nothing below it), else
    what the document says; ``<path>#<dotted name>`` changes a value in a document, ``training#<name>`` a fact of every
    training run, and ``junk#<path>`` says what a file is that was left out.
    """
    golden = document("submission")["golden"]
    changes = {**golden["editions"].get(edition, {}), **changes}
    there = {**_tree(golden), **{path: found for path, found in changes.items() if "#" not in path}}
    gone = tuple(f"{path}/" for path, found in there.items() if found is None)
    there = {path: found for path, found in there.items() if not f"{path}/".startswith(gone)}
    documents = {
        path: changed(found, of(changes, f"{path}#")) if isinstance(found, Mapping) else own(found)
        for path, found in there.items()
        if not isinstance(found, int)
    }
    files = {path: found if isinstance(found, int) else FILE_BYTES for path, found in there.items() if path[-1] != "/"}
    listing = Listing(files)
    groups = tuple(_group(group, listing, of(changes, f"{group['family']}#")) for group in golden["groups"])
    return Submission("golden", listing, groups, documents, junk=of(changes, "junk#"))


def _tree(golden: Mapping[str, Any]) -> dict[str, Any]:
    leaves: Mapping[str, list[str]] = golden["leaves"]
    files = [*golden["files"], *(f"{leaf}/{name}" for leaf, names in leaves.items() for name in names)]
    pointers = {f"{leaf}/{POINTER}": golden["pointer"] for leaf in leaves}
    return {**dict.fromkeys(files, FILE_BYTES), **pointers, **golden["documents"]}


def _group(group: Mapping[str, Any], listing: Listing, changes: Changes) -> Group:
    paths = [f"{group['path']}/run/{name}" for name in listing.folders(f"{group['path']}/run")]
    runs = tuple(
        Record(group["family"], "closed", path, changed({**group["run"], "path": path}, changes)) for path in paths
    )
    return Group(group["family"], "closed", group["path"], runs, {"path": group["path"]})
