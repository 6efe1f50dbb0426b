"""What is worked out of a tree stands among its documents: digests of images, lines, hashes of configurations."""

import pytest

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.submission import Source
from storagebench.submission.code_image import tree_digest
from tests.submission.trees import RESULT, third_edition, write

FILES = {"main.py": "print()\n", "pkg/a.py": "", "pkg/tests/b.py": "x"}
DIGEST = tree_digest(FILES, lambda path: FILES[path].encode())
IMAGE = f"code-images/code-{DIGEST[:8]}"
LEAF = f"{RESULT}/run/20260801_100000"


def tree(**more) -> dict[str, object]:
    image = {f"{IMAGE}/{path}": text for path, text in FILES.items()}
    hashes = {"hash": DIGEST, "algorithm": "md5-tree-v2", "captured_at": "2026-07-12T12:07:20Z"}
    marks = {"code-images/.mlps-image-pool": "", f"{IMAGE}/.code-hash.json": hashes}
    return {**third_edition(), **image, **marks, **more}


def worked_out(root, files, path):
    return Source(write(root, files)).submission().documents[path]


def test_an_image_is_hashed_as_the_tool_hashes_it(tmp_path):
    assert worked_out(tmp_path, tree(), f"{IMAGE}/") == {"md5_tree_v2": DIGEST, "files": 2}


@pytest.mark.parametrize("name", ["._main.py", "main.py~"])
def test_an_image_of_which_a_file_was_left_out_has_no_digest(tmp_path, name):
    assert worked_out(tmp_path, tree(**{f"{IMAGE}/{name}": "x"}), f"{IMAGE}/")["md5_tree_v2"] is None


def test_an_image_in_a_folder_without_a_marker_is_hashed_and_one_below_a_division_is_not(tmp_path):
    files = {"acme/code-01234567/main.py": "x", "Closed/code-01234567/main.py": "x", **third_edition()}
    documents = Source(write(tmp_path, files)).submission().documents
    assert documents["acme/code-01234567/"]["files"] == 1
    assert "Closed/code-01234567/" not in documents


def test_what_a_code_image_holds_is_no_document_of_the_submission(tmp_path):
    inside = ("systems/one.yaml", "tests/results.json", "x/provenance.json", "x/a_metadata.json")
    more = {f"{IMAGE}/{name}": {"provenance_file": "x"} for name in inside}
    documents = Source(write(tmp_path, tree(**more))).submission().documents
    below = {path.removeprefix(IMAGE) for path in documents if path.startswith(IMAGE)}
    assert below == {"/", "/.code-hash.json"}


def test_a_stamped_leaf_has_its_configuration_hashed(tmp_path):
    found = worked_out(tmp_path, tree(**{f"{LEAF}/provenance.json": {}}), f"{LEAF}/")
    assert len(found["core_config"]) == 16


def test_metadata_that_announces_a_stamp_is_heard(tmp_path):
    files = tree()
    name = next(name for name in files if name.startswith(LEAF) and name.endswith("_metadata.json"))
    files[name] |= {"provenance_file": "provenance.json"}
    subject = Source(write(tmp_path, files)).submission()
    findings = judge(subject, load_edition("3.0"), "provenance").findings
    assert ("leafProvenance", LEAF) in [(finding.rule_name, finding.where) for finding in findings]


@pytest.mark.parametrize("parameters", [7, {"dataset": 7}, {"dataset": {"parquet": {"columns": [7]}}}, {"model": []}])
def test_parameters_of_any_form_are_answered(tmp_path, parameters):
    files = tree(**{f"{LEAF}/provenance.json": {}})
    name = next(name for name in files if name.startswith(LEAF) and name.endswith("_metadata.json"))
    files[name] |= {"parameters": parameters}
    assert "core_config" in worked_out(tmp_path, files, f"{LEAF}/")
