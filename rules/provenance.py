"""Rule 2.1.6 and what hangs on it: code images, the stamps of leaves, manifests and editions; in the order of the text.

An image's digest covers all its files; the reader works it out and puts it beside the documents under the image's path
with a slash at its end. So it does, under `<leaf>/`, with what a leaf's metadata says of its stamp.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rules.places import (
    IMAGE,
    POINTED,
    POINTER,
    POOL_MARKER,
    images,
    is_run,
    pool_folders,
    pools,
    stamped_leaves,
    submitters,
)
from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Submission

provenance = functools.partial(rule, family="provenance", scope="submission", editions="3.0")

HASH_FILE = ".code-hash.json"
STAMP_FILE = "provenance.json"
MANIFEST = "submission.yaml"
UNKNOWN = "unknown"


@provenance("2.1.6", "codeDirectoryContents")
def images_say_what_they_are(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every code image holds a .code-hash.json: digest, algorithm, time in UTC, version of the tool, commit or null.

    The text calls the algorithm md5-tree-v1, pools say md5-tree-v2: either is accepted.
    Reads: .code-hash.json of each image.
    """
    for image in images(submission):
        path = f"{image}/{HASH_FILE}"
        found = submission.documents.get(path)
        if not isinstance(found, Mapping):
            saw = submission.problems.get(path, "absent, or no mapping")
            yield Breach(Lands.INVALID, saw, "what the tool wrote beside the code", path)
            continue
        for name, (fits, needs) in HASH_FIELDS.items():
            if not fits(found.get(name)):
                yield Breach(Lands.INVALID, f"{name} is {found.get(name)!r:.60}", needs, path)


@provenance("CHECK-01", "poolPointerResolution")
def leaves_point_at_an_image(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Every leaf points at a code image of the submission's pool, or of its organisation's own.

    An organisation without any pool is said once. Reads: .mlps-image-pool, .mlps-code-image of each leaf.
    """
    for submitter in submitters(submission, edition):
        known = pools(submission, submitter.rpartition("/")[2])
        if not known:
            yield Breach(Lands.INVALID, "no pool of code images", f"code-images/ with its {POOL_MARKER}", submitter)
        for leaf in stamped_leaves(submission, f"{submitter}/results") if known else ():
            pointed = _pointed(submission, leaf)
            if not pointed:
                said = submission.documents.get(f"{leaf}/{POINTER}", "absent")
                yield Breach(Lands.INVALID, f"{POINTER}: {said!s:.60}", "md5-tree-v2: and 32 hex digits", leaf)
            elif not any(submission.listing.holds(f"{pool}/code-{pointed[:8]}") for pool in known):
                yield Breach(Lands.INVALID, f"points at code-{pointed[:8]}", f"an image in {' or '.join(known)}", leaf)


@provenance("CHECK-02", "poolImageSelfConsistency")
def images_are_what_their_digest_says(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A code image is called by the first eight digits of its digest, and its files have that digest.

    In the round every image fell short: staff had removed a file from all of them (78 of 78), and none was turned
    away; after it the digest counts. Reads: .code-hash.json; the digest that the reader worked out.
    """
    for image in images(submission):
        recorded = _recorded(submission, image)
        if not recorded:
            continue  # 2.1.6 has said so
        if image.rpartition("/")[2] != f"code-{recorded[:8]}":
            yield Breach(Lands.INVALID, f"its digest is {recorded[:8]}…", f"the name code-{recorded[:8]}", image)
        counted = submission.documents.get(f"{image}/")
        digest = counted.get("md5_tree_v2") if isinstance(counted, Mapping) else None
        if digest != recorded:
            saw = f"files with the digest {digest}" if digest else "files that could not be hashed"
            lands = Lands.ADVICE if edition.as_of_round and digest else Lands.INVALID
            yield Breach(lands, saw, f"{recorded}, as {HASH_FILE} says", image)


@provenance("CHECK-03", "poolOrphanCheck")
def images_are_pointed_at(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """At least one leaf points at each code image.

    Reads: .code-hash.json of each image, .mlps-code-image of every leaf of both divisions.
    """
    pointed = {
        _pointed(submission, leaf)
        for submitter in submitters(submission, edition)
        for leaf in stamped_leaves(submission, f"{submitter}/results")
    }
    for image in images(submission):
        recorded = _recorded(submission, image)
        if recorded and recorded not in pointed:
            yield Breach(Lands.INVALID, "no leaf points at it", "images that made a result", image)


@provenance("CHECK-04", "poolLegacyCheck")
def images_lie_in_pools(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """Code lies in pools with a marker: no code/ folder is left from older layouts, and no image lies elsewhere.

    A pool without an image is advice. The round began with code/ folders, so there they are advice, too.
    Reads: names of folders.
    """
    softly = Lands.ADVICE if edition.as_of_round else Lands.INVALID
    for submitter in submitters(submission, edition):
        for path in _code_folders(submission, submitter):
            yield Breach(softly, "a code/ folder", "the code as an image in a pool", path)
    for folder in pool_folders(submission):
        inside = [name for name in submission.listing.folders(folder) if IMAGE.fullmatch(name)]
        marked = submission.listing.holds(f"{folder}/{POOL_MARKER}")
        if inside and not marked:
            yield Breach(Lands.INVALID, f"{len(inside)} images without a marker", POOL_MARKER, folder)
        if marked and not inside:
            yield Breach(Lands.ADVICE, "a pool without an image", "the images that leaves point at", folder)


@provenance("PROV-01", "leafProvenance")
def stamps_agree_with_pointers(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The stamp of a leaf can be read and names the code image that the leaf points at.

    A leaf whose metadata announces a stamp has one; a leaf that never announced one is older than stamps.
    Reads: provenance.json and .mlps-code-image of each leaf; provenance_file of its metadata.
    """
    for leaf in _leaves(submission, edition):
        path, said = f"{leaf}/{STAMP_FILE}", submission.documents.get(f"{leaf}/")
        if not submission.listing.holds(path):
            if isinstance(said, Mapping) and said.get("provenance_file"):
                yield Breach(Lands.INVALID, "its metadata announces a stamp", STAMP_FILE, leaf)
            continue
        stamp, pointed = submission.documents.get(path), _pointed(submission, leaf)
        if not isinstance(stamp, Mapping) or stamp.get("schema") != "mlps-run-provenance/1":
            saw = submission.problems.get(path, "no mapping of the schema mlps-run-provenance/1")
            yield Breach(Lands.INVALID, saw, "a stamp as the tool writes it", path)
        elif pointed and _value(stamp, "tool.code_image") != f"md5-tree-v2:{pointed}":
            saw = f"the code image {_value(stamp, 'tool.code_image')!s:.60}"
            yield Breach(Lands.INVALID, saw, f"md5-tree-v2:{pointed}, as {POINTER} says", path)


@provenance("PROV-02", "submissionManifest")
def manifests_list_what_is_there(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A submitter's manifest can be read, lists exactly the runs that are there, and is of their edition.

    Leaves of datasize and datagen are no runs (rule 1.3): they may be listed and need not be. Without a manifest
    there is nothing to say. Reads: submission.yaml; rules_edition of the stamps.
    """
    for submitter in submitters(submission, edition):
        path = f"{submitter}/{MANIFEST}"
        if not submission.listing.holds(path):
            continue
        manifest = submission.documents.get(path)
        if not isinstance(manifest, Mapping) or manifest.get("schema") != "mlps-submission-manifest/1":
            saw = submission.problems.get(path, "no mapping of the schema mlps-submission-manifest/1")
            yield Breach(Lands.INVALID, saw, "a manifest as the tool writes it", path)
            continue
        leaves, listed = list(stamped_leaves(submission, f"{submitter}/results")), _listed(manifest)
        there = {leaf[len(submitter) + 1 :] for leaf in leaves}
        runs = {leaf[len(submitter) + 1 :] for leaf in leaves if is_run(leaf)}
        for leaf in sorted((runs - listed) | (listed - there)):
            saw = f"{leaf:.120} is {'not listed' if leaf in runs else 'listed and not there'}"
            yield Breach(Lands.INVALID, saw, "exactly the runs of the tree", path)
        declared = str(manifest.get("rules_edition"))
        for leaf, stamp in _stamps(submission, edition, submitter):
            if str(stamp.get("rules_edition")) != declared:
                saw = f"a stamp of edition {stamp.get('rules_edition')!s:.20}"
                yield Breach(Lands.INVALID, saw, f"{declared:.20}, as {MANIFEST} says", leaf)


@provenance("EDN-01", "rulesEdition", numbers="known_editions")
def editions_are_known(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The edition that a stamp or a manifest declares is one that exists.

    Reads: rules_edition of provenance.json and submission.yaml.
    """
    known = edition["provenance.known_editions"]
    for path, declared in _declared(submission, edition):
        if declared not in (UNKNOWN, *known):
            yield Breach(Lands.INVALID, f"edition {declared:.20}", f"one of {', '.join(known)}", path)


@provenance("EDN-02", "comparabilityClass", numbers="classes classed")
def runs_belong_to_a_class(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A stamped run has a core configuration that the edition declares comparable for its model and accelerator.

    INVALID under closed, advice under open and whatif, whose runs never share a class with CLOSED ones, and advice for
    families whose classes were not published. Phases that are no runs, and runs without a hash, are not asked. Reads: core_config.hash and rules_edition of the stamps.
    """
    classes = edition["provenance.classes"]
    for leaf, stamp in _stamps(submission, edition):
        core, declared = _value(stamp, "core_config.hash"), str(stamp.get("rules_edition"))
        parts = leaf.split("/")
        if not isinstance(core, str) or core == UNKNOWN or declared not in edition["provenance.known_editions"]:
            continue
        known = classes.get(declared, {}).get(parts[5], {})
        said = submission.documents.get(f"{leaf}/")
        accelerator = str(said.get("accelerator")) if isinstance(said, Mapping) else "None"
        if core not in [*known.get(accelerator, ()), *known.get("any", ())] and is_run(leaf):
            certain = parts[0].lower() == "closed" and parts[4] in edition["provenance.classed"]
            lands = Lands.INVALID if certain else Lands.ADVICE
            needs = f"a class that edition {declared} declares for {parts[5]} on {accelerator}"
            yield Breach(lands, f"core configuration {core:.20}", needs, leaf)


@provenance("EDN-03", "dlioRevision", warns=True, numbers="dlio_commits")
def the_engine_is_a_listed_revision(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """A stamped run was made with a revision of DLIO that its edition lists.

    Upstream warns and accepts. Reads: dlio.commit and rules_edition of the stamps.
    """
    listed = edition["provenance.dlio_commits"]
    for leaf, stamp in _stamps(submission, edition):
        commit = _value(stamp, "dlio.commit")
        asked = stamp.get("rules_edition") == edition.name and is_run(leaf)
        if asked and isinstance(commit, str) and commit not in (UNKNOWN, *listed):
            yield Breach(Lands.ADVICE, f"DLIO {commit:.8}", f"a commit that edition {edition.name} lists", leaf)


@provenance("EDN-04", "checkableEdition", numbers="checkable_editions")
def editions_can_be_checked(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The edition that a stamp or a manifest declares is one that the official checker has numbers for.

    Stamps came with 3.0: one that declares an older edition was not written by a tool of that edition.
    Reads: rules_edition of provenance.json and submission.yaml.
    """
    known, checkable = edition["provenance.known_editions"], edition["provenance.checkable_editions"]
    for path, declared in _declared(submission, edition):
        if declared in known and declared not in checkable:
            yield Breach(Lands.INVALID, f"edition {declared}", f"one of {', '.join(checkable)}", path)


@provenance("x", "x-core-config", warns=True)
def stamps_tell_the_configuration(submission: Submission, edition: Edition) -> Iterator[Breach]:
    """The core configuration of a stamp is that of the run's own parameters, hashed again.

    Reads: core_config.hash of the stamps; the hash that the reader worked out of the parameters in the metadata.
    """
    for leaf, stamp in _stamps(submission, edition):
        said = submission.documents.get(f"{leaf}/")
        computed = said.get("core_config") if isinstance(said, Mapping) else None
        stamped = _value(stamp, "core_config.hash")
        if computed and stamped not in (None, UNKNOWN, computed):
            yield Breach(Lands.ADVICE, f"stamped {stamped!s:.20}", f"{computed}, as the parameters hash to", leaf)


def _is(pattern: str) -> Any:
    return lambda found: isinstance(found, str) and re.fullmatch(pattern, found) is not None


def _is_utc(found: Any) -> bool:
    try:
        moment = datetime.fromisoformat(found)
    except (TypeError, ValueError):
        return False
    return moment.utcoffset() is not None and not moment.utcoffset()


HASH_FIELDS = {
    "hash": (_is(r"[0-9a-f]{32}"), "32 lower-case hex digits"),
    "algorithm": (_is(r"md5-tree-v[12]"), "md5-tree-v2"),
    "captured_at": (_is_utc, "a time in UTC, such as 2026-07-12T12:07:20Z"),
    "mlpstorage_version": (_is(r".+"), "the version of the tool"),
    "git_sha": (lambda found: found is None or _is(r"[0-9a-f]{40}")(found), "40 hex digits, or null"),
}
"""What .code-hash.json holds: by name, whether a value will do, and what would."""


def _leaves(submission: Submission, edition: Edition) -> Iterator[str]:
    for submitter in submitters(submission, edition):
        yield from stamped_leaves(submission, f"{submitter}/results")


def _stamps(submission: Submission, edition: Edition, below: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for leaf in _leaves(submission, edition):
        stamp = submission.documents.get(f"{leaf}/{STAMP_FILE}")
        placed = leaf.count("/") >= 6  # division, organisation, results, system, category, model, stamp
        if isinstance(stamp, Mapping) and placed and leaf.startswith(below):
            yield leaf, stamp


def _declared(submission: Submission, edition: Edition) -> Iterator[tuple[str, str]]:
    for submitter in submitters(submission, edition):
        manifest = submission.documents.get(f"{submitter}/{MANIFEST}")
        if isinstance(manifest, Mapping):
            yield f"{submitter}/{MANIFEST}", str(manifest.get("rules_edition", UNKNOWN))
    for leaf, stamp in _stamps(submission, edition):
        yield leaf, str(stamp.get("rules_edition", UNKNOWN))


def _listed(manifest: Mapping[str, Any]) -> set[str]:
    runs = manifest.get("runs")
    entries = runs if isinstance(runs, list) else []
    return {str(entry.get("leaf")) for entry in entries if isinstance(entry, Mapping)}


def _code_folders(submission: Submission, submitter: str) -> Iterator[str]:
    """Yield code/ right below a submitter, and below each category or model of its systems, as OPEN had it."""
    places = [submitter]
    for _ in range(4):
        yield from (f"{path}/code" for path in places if "code" in submission.listing.folders(path))
        above = [f"{submitter}/results"] if places == [submitter] else places
        places = [f"{path}/{name}" for path in above for name in submission.listing.folders(path) if name != "code"]


def _recorded(submission: Submission, image: str) -> str:
    found = submission.documents.get(f"{image}/{HASH_FILE}")
    recorded = found.get("hash") if isinstance(found, Mapping) else None
    return recorded if isinstance(recorded, str) else ""


def _pointed(submission: Submission, leaf: str) -> str:
    found = submission.documents.get(f"{leaf}/{POINTER}")
    match = POINTED.fullmatch(found.strip()) if isinstance(found, str) else None
    return match[1] if match else ""


def _value(stamp: Mapping[str, Any], dotted: str) -> Any:
    outer, _, inner = dotted.partition(".")
    below = stamp.get(outer)
    return below.get(inner) if isinstance(below, Mapping) else None
