"""What rules on a whole submission need of files beyond their words: digests of images, lines of YAML, hashes.

It stands among the documents under names that no file has: ``<image>/``, ``<leaf>/``, ``<description>#lines``.
"""

from collections.abc import Iterator
from typing import Any

from storagebench.errors import StorageBenchError
from storagebench.parameters import core_config_hash
from storagebench.submission.code_image import counts, tree_digest
from storagebench.submission.files import Files
from storagebench.submission.leaves import DIVISIONS
from storagebench.submission.line_numbers import line_numbers
from storagebench.submission.tree import in_code

STAMP_FILE = "provenance.json"
ANNOUNCED = b'"provenance_file"'
"""The key under which a metadata file announces a stamp."""


def worked_out(files: Files) -> Iterator[tuple[str, Any]]:
    """Yield name and fact of everything that is worked out of a tree; without images and stamps that is little."""
    listing = files.tree.listing
    for path in listing.sizes:
        *above, name = path.split("/")
        if above and above[-1] == "systems" and name.endswith(".yaml") and not in_code(path):
            yield f"{path}#lines", line_numbers(files.content(path) or b"")
    for pool in (name for name in listing.folders() if name.lower() not in DIVISIONS):
        for name in listing.folders(pool):
            if name.startswith("code-"):
                yield f"{pool}/{name}/", _image(files, f"{pool}/{name}/")
    for leaf in _leaves(files):
        yield f"{leaf}/", _leaf(files, leaf)


def _image(files: Files, above: str) -> dict[str, Any]:
    """Hash an image file by file; one with a file that was left out, or cannot be read, has no digest."""
    paths = [path[len(above) :] for path in files.under(above)]
    junk = (path[len(above) :] for path in files.tree.junk if path.startswith(above))
    left_out = any(counts(path) and counts(f"{path}/") for path in junk)  # a file, or a folder
    digest = None if left_out else tree_digest(paths, lambda path: files.content(f"{above}{path}"))
    return {"md5_tree_v2": digest, "files": sum(map(counts, paths))}


def _leaves(files: Files) -> Iterator[str]:
    """Yield the folders that have a stamp, or a metadata file that announces one."""
    for path in files.tree.listing.sizes:
        leaf, _, name = path.rpartition("/")
        stamped = name == STAMP_FILE or (name.endswith("_metadata.json") and _announces(files, path))
        if stamped and not in_code(path):
            yield leaf


def _announces(files: Files, path: str) -> bool:
    beside = f"{path.rpartition('/')[0]}/{STAMP_FILE}"
    return not files.holds(beside) and ANNOUNCED in (files.content(path) or b"")


def _leaf(files: Files, leaf: str) -> dict[str, Any]:
    metadata = files.metadata(leaf)
    trained = metadata.get("benchmark_type") == "training"
    return {
        "provenance_file": metadata.get("provenance_file"),
        "accelerator": metadata.get("accelerator"),
        "core_config": _core_config(metadata.get("parameters")) if trained else None,
    }


def _core_config(parameters: Any) -> str | None:
    """Hash a run's parameters; None where they have not the form of a configuration."""
    try:
        return core_config_hash(parameters) if isinstance(parameters, dict) else None
    except (StorageBenchError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None
