"""What a reviewer would ask of code images, although no rule forbids it."""

from collections.abc import Iterator, Mapping

from rules.places import images
from rules.provenance import HASH_FILE, provenance
from rules.registry import Breach
from storagebench.model import Edition, Lands, Submission


@provenance("x", "x-same-commit", warns=True)
def code_of_one_commit_is_the_same_code(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Images that name the same commit have the same digest, and each names one.

    CLOSED allows unmodified code only, and no reference digest is pinned (3.6.1): of two images of one commit with two
    digests, one at least was modified. In the round that was so of 9 of 69 images, and 9 more named no commit.
    Reads: hash and git_sha of the .code-hash.json of each image.
    """
    first: dict[str, tuple[str, str]] = {}
    for image in images(submission):
        found = submission.documents.get(f"{image}/{HASH_FILE}")
        if not isinstance(found, Mapping):
            continue  # 2.1.6 has said so
        commit, digest = found.get("git_sha"), str(found.get("hash"))
        if not isinstance(commit, str):
            yield Breach(Lands.ADVICE, "no commit", "the commit that it can be compared with", image)
            continue
        other, known = first.setdefault(commit, (image, digest))
        if digest != known:
            saw = f"commit {commit:.8} with another digest than {other}"
            yield Breach(Lands.ADVICE, saw, "unmodified code, or a word on what was changed", image)
