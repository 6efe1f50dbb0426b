"""Code images, stamps and manifests: what the examples of the rules (test_chapters.py) leave to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.model import Lands, Submission, Verdict
from tests.rules.golden_submission import (
    CACHE,
    CHECKPOINT,
    IMAGE,
    MANIFEST,
    POOL,
    RUNS,
    STAMP,
    golden_documents,
    manifest,
    stamp,
    submission,
)

PICTURE = f"{POOL}/code-{IMAGE[:8]}"
POINTER = f"{RUNS[0]}/.mlps-code-image"
HASHES = golden_documents()[f"{PICTURE}/.code-hash.json"]
OTHER = "f" * 32


def found(subject: Submission, *, as_of_round: bool = False) -> list[tuple[str, str, Lands]]:
    findings = judge(subject, load_edition("3.0", as_of_round=as_of_round), "provenance").findings
    return [(finding.rule_name, finding.where, finding.lands) for finding in findings]


def hashed(**changes) -> Submission:
    return submission(documents={f"{PICTURE}/.code-hash.json": {**HASHES, **changes}})


def stamped(path: str = RUNS[0], **changes) -> Submission:
    documents = {f"{path}/provenance.json": stamp(**changes), f"{path}/": {"accelerator": "b200"}}
    return submission(documents=documents)


@pytest.mark.parametrize(
    "changes",
    [
        {"hash": OTHER.upper()},
        {"algorithm": "sha256"},
        {"captured_at": "2026-07-12T12:07:20"},
        {"captured_at": 7},
        {"mlpstorage_version": ""},
    ],
)
def test_each_field_of_an_image_is_asked_for(changes):
    assert ("codeDirectoryContents", f"{PICTURE}/.code-hash.json", Lands.INVALID) in found(hashed(**changes))


def test_an_organisation_without_a_pool_is_said_once():
    names = [one for one in found(submission(without="code-images")) if one[0] == "poolPointerResolution"]
    assert names == [("poolPointerResolution", "closed/acme", Lands.INVALID)]


def test_a_pool_of_the_organisation_is_as_good_as_a_common_one():
    moved = {path.replace(f"{POOL}/", "acme/"): found for path, found in golden_documents().items() if POOL in path}
    gone = {path: None for path in golden_documents() if POOL in path and not path.endswith("/")}
    assert found(submission(documents={**gone, **moved, f"{PICTURE}/": None}, without=f"{POOL}/code")) == []


@pytest.mark.parametrize("pointer", [None, "md5-tree-v2:" + OTHER[1:], "sha1:" + OTHER, 7, [IMAGE]])
def test_a_lost_or_malformed_pointer_is_said(pointer):
    assert ("poolPointerResolution", RUNS[0], Lands.INVALID) in found(submission(documents={POINTER: pointer}))


def test_a_name_that_is_not_the_digest_is_said():
    documents = {f"{POOL}/code-aaaaaaaa/.code-hash.json": HASHES, f"{POOL}/code-aaaaaaaa/": {"md5_tree_v2": IMAGE}}
    assert found(submission(documents=documents)) == [
        ("poolImageSelfConsistency", f"{POOL}/code-aaaaaaaa", Lands.INVALID)
    ]


def test_in_the_round_no_image_had_its_digest_and_none_was_turned_away():
    other = submission(documents={f"{PICTURE}/": {"md5_tree_v2": OTHER}})
    assert found(other, as_of_round=True) == [("poolImageSelfConsistency", PICTURE, Lands.ADVICE)]
    unhashed = submission(documents={f"{PICTURE}/": None})
    for as_of_round in (False, True):
        assert ("poolImageSelfConsistency", PICTURE, Lands.INVALID) in found(unhashed, as_of_round=as_of_round)


def test_images_without_a_marker_and_markers_without_images():
    unmarked = found(submission("acme/code-ffffffff/x"))
    assert ("poolLegacyCheck", "acme", Lands.INVALID) in unmarked
    assert ("poolLegacyCheck", "acme", Lands.ADVICE) in found(submission("acme/.mlps-image-pool"))
    assert ("poolLegacyCheck", "closed/acme/code", Lands.INVALID) in found(submission("closed/acme/code/x"))
    assert ("poolLegacyCheck", "closed/acme/code", Lands.ADVICE) in found(
        submission("closed/acme/code/x"), as_of_round=True
    )


def test_an_announced_stamp_must_be_there_and_a_damaged_one_is_said():
    announced = submission(documents={f"{RUNS[1]}/": {"provenance_file": "provenance.json"}})
    assert found(announced) == [("leafProvenance", RUNS[1], Lands.INVALID)]
    damaged = submission(documents={STAMP: None}, problems={STAMP: "is not JSON"})
    assert ("leafProvenance", STAMP, Lands.INVALID) in found(damaged)


def test_a_manifest_that_lists_too_much_or_is_of_another_edition_or_damaged():
    runs = [*manifest()["runs"], {"leaf": "results/one/x"}, 7]
    assert found(submission(documents={MANIFEST: manifest(runs=runs)})) == [
        ("submissionManifest", MANIFEST, Lands.INVALID)
    ]
    assert ("submissionManifest", RUNS[0], Lands.INVALID) in found(
        submission(documents={MANIFEST: manifest(rules_edition="2.0")})
    )
    runs_only = [entry for entry in manifest()["runs"] if "/run/" in entry["leaf"] or "checkpointing" in entry["leaf"]]
    assert len(runs_only) == len(manifest()["runs"]) - 2
    assert found(submission(documents={MANIFEST: manifest(runs=runs_only)})) == []
    damaged = submission(documents={MANIFEST: None}, problems={MANIFEST: "is not YAML"})
    assert found(damaged) == [("submissionManifest", MANIFEST, Lands.INVALID)]
    assert found(submission(documents={MANIFEST: None})) == []


def test_of_families_whose_classes_nobody_published_a_stamp_is_advice():
    stamps = {f"{CACHE}/provenance.json": stamp(core_config={"hash": "0" * 16})}
    assert found(submission(documents=stamps)) == [("comparabilityClass", CACHE, Lands.ADVICE)]


def test_open_runs_share_no_class_and_checkpoints_have_one_for_any_accelerator():
    run = RUNS[0].replace("closed/", "open/")
    opened = submission(documents={f"{run}/provenance.json": stamp(core_config={"hash": "0" * 16})})
    assert ("comparabilityClass", run, Lands.ADVICE) in found(opened)
    checkpoint = {f"{CHECKPOINT}/provenance.json": stamp(core_config={"hash": "68df04b7240e3fb0"})}
    assert found(submission(documents=checkpoint)) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(OTHER),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(golden_documents())), VALUES)
def test_any_document_is_answered(path, junk):
    judge(submission(documents={path: {} if junk is None else junk}), load_edition("3.0"), "provenance")


@given(st.sampled_from(sorted(stamp())), st.sampled_from(sorted(manifest())), VALUES)
def test_any_value_in_a_stamp_and_in_a_manifest_is_answered(key, listed, junk):
    documents = {STAMP: stamp(**{key: junk}), MANIFEST: manifest(**{listed: junk})}
    judge(submission(documents=documents), load_edition("3.0"), "provenance")


BREACHES = {
    "closed/acme/code/x": None,
    f"{PICTURE}/": {"md5_tree_v2": OTHER},
    POINTER: "nothing",
    STAMP: stamp(rules_edition="9"),
    MANIFEST: manifest(runs=[]),
}


@given(st.sets(st.sampled_from(sorted(BREACHES))), st.sampled_from(sorted(BREACHES)))
def test_adding_a_breach_never_improves_the_verdict(breaches, more):
    def verdict(paths):
        documents = {path: BREACHES[path] for path in paths if BREACHES[path] is not None}
        files = [path for path in paths if BREACHES[path] is None]
        return judge(submission(*files, documents=documents), load_edition("3.0"), "provenance").verdict

    assert verdict(breaches | {more}) is Verdict.INVALID
    assert verdict(breaches) is (Verdict.INVALID if breaches else Verdict.CLOSED)
