"""A run folder of ours as a Record: read by the very code that reads other people's submissions."""

from pathlib import Path

from storagebench.errors import RecordError
from storagebench.model import Record
from storagebench.submission.families import sources_of
from storagebench.submission.files import Files
from storagebench.submission.leaves import leaf_at
from storagebench.submission.run import Run
from storagebench.submission.tree import list_tree


def read_record(folder: Path) -> Record:
    """Read one run folder of the edition 3.0 layout, with the phases beside it and the description of its system.

    Only the folder of its result is listed, not the whole tree of results.

    Raises:
        RecordError: there is no such folder, or it does not lie as a results tree has it.
    """
    if not folder.is_dir():
        raise RecordError(f"{folder} is not a run folder: there is no such directory")
    folder = folder.absolute()
    leaf = leaf_at(folder.parts)
    if leaf is None:
        raise RecordError(
            f"{folder} is not a run folder: it does not lie at <division>/<organisation>/results/<system>/…"
        )
    root = Path(*folder.parts[: -len(leaf.path.split("/"))])
    tree = list_tree(root, (leaf.group, f"{leaf.submitter}/systems"))
    return Run(Files(tree), leaf).record(sources_of(leaf.family))
