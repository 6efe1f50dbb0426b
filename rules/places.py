"""Where things lie in a submitted tree, told from its listing: submitters, systems, leaves, code images."""

import re
from collections.abc import Iterator

from storagebench.model import Edition, Group, Record, Submission

STAMP = re.compile(r"[0-9]{8}_[0-9]{6}")
"""A leaf's name: the local time at which its phase began."""

POOL_MARKER = ".mlps-image-pool"
POINTER = ".mlps-code-image"
IMAGE = re.compile(r"code-[0-9a-f]{8}")
POINTED = re.compile(r"md5-tree-v2:([0-9a-f]{32})")


def submitters(submission: Submission, edition: Edition) -> Iterator[str]:
    """Yield ``closed/acme`` for every submitter of every division, whatever the capitals of the division's folder."""
    known = {name.lower() for name in edition["layout.divisions"]}
    for division in _folders(submission, ""):
        if division.lower() in known:
            yield from (f"{division}/{name}" for name in _folders(submission, division))


def systems(submission: Submission, edition: Edition) -> Iterator[str]:
    """Yield ``closed/acme/results/one`` for every system that has a folder of results."""
    for submitter in submitters(submission, edition):
        yield from (f"{submitter}/results/{name}" for name in _folders(submission, f"{submitter}/results"))


def models(submission: Submission, edition: Edition, category: str) -> Iterator[str]:
    """Yield ``closed/acme/results/one/training/unet3d`` for every model of a category."""
    for system in systems(submission, edition):
        yield from (f"{system}/{category}/{name}" for name in _folders(submission, f"{system}/{category}"))


def phase_leaves(submission: Submission, edition: Edition, phase: str) -> Iterator[str]:
    """Yield the leaves of one phase of training: every folder below it whose name does not begin with a dot."""
    for model in models(submission, edition, "training"):
        yield from (f"{model}/{phase}/{name}" for name in _folders(submission, f"{model}/{phase}"))


def checkpoint_leaves(submission: Submission, edition: Edition) -> Iterator[str]:
    """Yield the leaves of checkpointing, which has no level for the phase."""
    for model in models(submission, edition, "checkpointing"):
        yield from (f"{model}/{name}" for name in _folders(submission, model))


def stamped_leaves(submission: Submission, above: str) -> Iterator[str]:
    """Yield every folder below `above`, at any depth, that is named by a time stamp, and none below such a folder."""
    waiting = [above]
    while waiting:
        path = waiting.pop()
        if STAMP.fullmatch(path.rpartition("/")[2]):
            yield path
        else:
            waiting += reversed([f"{path}/{name}" for name in _folders(submission, path)])


def is_run(leaf: str) -> bool:
    """Say whether a leaf is one of a run, not of another phase: ``closed/acme/results/one/training/unet3d/run/…``."""
    parts = leaf.split("/")
    return parts[4:5] == ["checkpointing"] or parts[-2:-1] == ["run"]


def pools(submission: Submission, organisation: str) -> tuple[str, ...]:
    """Return the folders whose code images an organisation may point at: the tree's, and its own of the round."""
    return tuple(name for name in ("code-images", organisation) if submission.listing.holds(f"{name}/{POOL_MARKER}"))


def pool_folders(submission: Submission) -> Iterator[str]:
    """Yield the folders at the root that may be pools: all but the divisions."""
    return (name for name in _folders(submission, "") if name.lower() not in ("closed", "open", "whatif"))


def images(submission: Submission) -> Iterator[str]:
    """Yield ``code-images/code-01234567`` for every image in a folder that has, or should have, a pool's marker."""
    for folder in pool_folders(submission):
        yield from (f"{folder}/{name}" for name in _folders(submission, folder) if name.startswith("code-"))


def place(subject: Record | Group) -> str:
    """Return where a run or a result lies in the tree; its folder where nobody noted that."""
    facts = subject.shared if isinstance(subject, Group) else subject
    found = facts.value("path") if facts.has("path") else None
    return found if isinstance(found, str) else subject.folder


def _folders(submission: Submission, path: str) -> Iterator[str]:
    return (name for name in submission.listing.folders(path) if not name.startswith("."))
