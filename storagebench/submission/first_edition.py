"""Edition 1.0: a run is wherever a summary lies below `results/`; no two submitters used the same path.

Seen in one round: `<model>/runs/run1/<host>/`, `<model>/run-1/`, `run1/` right below the system, `<model>/run1/<host>/`,
`<model>/<hosts>@<accelerators>/runs/run1/`, `<model>/<model>_run_1/`, `<model>/<accelerator>/run_1/`,
`<model>/<model>_<n>acc/run1/`, a benchmark in the place of the system, and systems and code inside `results/`.
"""

import re
from collections.abc import Collection, Iterator

from storagebench.model import Listing
from storagebench.submission.astray import family_at
from storagebench.submission.leaves import DIVISIONS, RESULTS, STAMP, Leaf
from storagebench.submission.spelling import found_in
from storagebench.submission.tree import in_code

SUMMARY = "summary.json"
RUN = re.compile(r"(?P<stem>.*?)run[-_ ]?\d+", re.IGNORECASE)
"""The name of a run's folder: run1, run-1, run_1, unet3d_a100_run_1; what stands before belongs to the result."""
GATHERED = "runs"
REPORT = "mlperf_storage_report.json"


def first_edition_leaves(listing: Listing) -> Iterator[Leaf]:
    """Yield a leaf for every summary that lies where no tool of a later edition would have put it."""
    for path in listing.sizes:
        if path.endswith(f"/{SUMMARY}") and not in_code(path):
            leaf = _leaf(path.split("/")[:-1])
            if leaf:
                yield leaf


def unfinished(listing: Listing, leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Yield folders that are called like a run and hold no summary at any depth: aborted, and never counted."""
    run_folders = {_run_folder(leaf) for leaf in leaves}
    found = (_aborted(path.split("/"), run_folders) for path in listing.sizes if not in_code(path))
    yield from dict.fromkeys(filter(None, found))


def members(listing: Listing, leaf: Leaf) -> Iterator[str]:
    """Yield the names of the run folders of a leaf's result, whether they hold a summary or not."""
    above = _run_folder(leaf).rpartition("/")[0]
    alike = RUN.fullmatch(leaf.stamp) is not None
    for name in listing.folders(above):
        match = RUN.fullmatch(name)
        if (match is not None) == alike and (match is None or _stem(match["stem"]) == leaf.members):
            yield name


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Give a key that sorts run10 behind run9."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text))


def _leaf(parts: list[str]) -> Leaf | None:
    """Make the leaf of a summary's folder: the run is the last name that looks like one, hosts may lie below it."""
    at = next((i for i in range(2, len(parts) - 1) if parts[i].lower() == RESULTS), 0)
    if not at or parts[0].lower() not in DIVISIONS or _is_of_a_tool(parts):
        return None
    depth, stem = len(parts), ""
    for i in range(len(parts) - 1, at, -1):
        match = RUN.fullmatch(parts[i])
        if match:
            depth, stem = i + 1, _stem(match["stem"])
            break
    above = parts[: depth - 1]
    if above[-1].lower() == GATHERED and len(above) > at + 2:
        above = above[:-1]
    outer = parts[at + 1] if at == 2 else parts[at - 1]  # some put results/ into the system's folder
    model = next((name for name in parts[depth:] if found_in([name])[0]), "")
    return Leaf(
        path="/".join(parts),
        division=parts[0].lower(),
        organisation=parts[1],
        system=parts[1] if depth == at + 2 and at == 2 else outer,
        family="training",
        names=(*parts[at + 2 if at == 2 else at + 1 : depth - 1], *([model] if model else [])),
        command="run",
        stamp=parts[depth - 1],
        group="/".join(above),
        first_edition=True,
        members=stem,
        below=model,
    )


def _is_of_a_tool(parts: list[str]) -> bool:
    """Tell runs of later tools from those of somebody who had a folder `training` before there were any."""
    at = family_at(parts)
    if not at:
        return False
    stamped = any(STAMP.fullmatch(name) for name in parts[at:])
    return parts[at].lower() != "training" or stamped or not any(RUN.fullmatch(name) for name in parts[at:])


def _aborted(parts: list[str], run_folders: Collection[str]) -> str | None:
    """Return the first folder above a file that is called like a run, None where it lies in a run or in none."""
    if len(parts) < 6 or parts[2].lower() != RESULTS or family_at(parts):
        return None
    for depth in range(5, len(parts)):
        folder = "/".join(parts[:depth])
        if folder in run_folders:
            return None
        if RUN.fullmatch(parts[depth - 1]):
            return folder
    return None


def _stem(text: str) -> str:
    return text.strip("-_ ").lower()


def _run_folder(leaf: Leaf) -> str:
    parts = leaf.path.split("/")
    return "/".join(parts[: len(parts) - parts[::-1].index(leaf.stamp)])
