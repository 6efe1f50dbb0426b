"""A tree with a pool, stamps and a manifest on disk: whatever is changed of what is judged is said, whatever else is answered."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.submission import Source
from storagebench.submission.code_image import tree_digest
from tests.rules.golden_submission import GOLDEN, IMAGE, MANIFEST, POOL, RUNS, STAMP, golden_documents
from tests.submission.test_mutations import ODD, changed, places
from tests.submission.trees import write

CODE = {"main.py": b"print()\n", "pkg/data.bin": bytes(range(256)), "tests/left_out.py": b""}
DIGEST = tree_digest(CODE, CODE.get)
PICTURE = f"{POOL}/code-{DIGEST[:8]}"
HASHES, POINTER = f"{PICTURE}/.code-hash.json", f"{RUNS[0]}/.mlps-code-image"


def golden_files():
    """The golden submission as files, its image with the digest that it really has."""
    known = {path: found for path, found in golden_documents().items() if "#" not in path and path[-1] != "/"}
    files = {path: known.get(path, "") for path in GOLDEN.listing.sizes if path.rpartition("/")[2] not in CODE}
    text = json.dumps(files).replace(IMAGE, DIGEST).replace(f"code-{IMAGE[:8]}", f"code-{DIGEST[:8]}")
    said = {"benchmark_type": "training", "accelerator": "b200", "provenance_file": "provenance.json"}
    metadata = f"{RUNS[0]}/training_{RUNS[0].rpartition('/')[2]}_metadata.json"
    return {**json.loads(text), metadata: said, **{f"{PICTURE}/{name}": data for name, data in CODE.items()}}


FILES = golden_files()


def said(root):
    """Return what the chapter on provenance says of a tree."""
    findings = judge(Source(root).submission(), load_edition("3.0"), "provenance").findings
    return [(finding.rule_name, finding.saw, finding.where) for finding in findings]


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """The tree, for changes that are taken back."""
    return write(tmp_path_factory.mktemp("standing"), FILES)


def said_with(root, name, content):
    """Say what is said while a file holds something else."""
    path = root / name
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        return said(root)
    finally:
        path.write_bytes(before)


def test_the_tree_itself_has_nothing_to_be_said_of(standing):
    assert said(standing) == []


ANY = ODD | st.text(max_size=50)
TEXT = st.text(min_size=1, max_size=50)
JUDGED = {
    (HASHES, "hash"): ANY,
    (HASHES, "algorithm"): ANY,
    (HASHES, "captured_at"): ANY,
    (HASHES, "mlpstorage_version"): st.sampled_from([None, True, "", 3, 3.0, [], ["3.0"], {}]),
    (HASHES, "git_sha"): ANY.filter(lambda odd: odd is not None),
    (STAMP, "schema"): ANY,
    (STAMP, "rules_edition"): ANY,
    (STAMP, "tool", "code_image"): ANY,
    (STAMP, "dlio", "commit"): TEXT,
    (STAMP, "core_config", "hash"): TEXT,
    (MANIFEST, "schema"): ANY,
    (MANIFEST, "rules_edition"): ANY,
    (MANIFEST, "runs", 2, "leaf"): ANY,
    (MANIFEST, "runs"): st.lists(ODD, max_size=3),
}
"""What is judged of three documents, and what none of its values may be; None of a commit is one that nobody took down."""


def mutated(name, path, value, *, remove=False):
    """A document with one of its values changed, or removed; as JSON, which is YAML as well."""
    return json.dumps(changed(FILES[name], path, value, remove=remove)).encode("utf-8", "replace")


@pytest.mark.parametrize(
    "place", JUDGED, ids=lambda place: "-".join(map(str, (place[0].rpartition("/")[2], *place[1:])))
)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_judged_value_that_is_changed_is_said(standing, place, data):
    name, *path = place
    assert said_with(standing, name, mutated(name, path, data.draw(JUDGED[place])))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_value_may_be_anything_or_be_gone(standing, data):
    name = data.draw(st.sampled_from([HASHES, STAMP, MANIFEST]))
    path = data.draw(st.sampled_from(list(places(FILES[name]))))
    said_with(standing, name, mutated(name, path, data.draw(ODD), remove=data.draw(st.booleans())))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([HASHES, STAMP, MANIFEST, POINTER, f"{PICTURE}/main.py"]), st.data())
def test_a_file_that_is_cut_short_is_said(standing, name, data):
    whole = (standing / name).read_bytes()
    assert said_with(standing, name, whole[: data.draw(st.integers(0, len(whole.rstrip()) - 1))])


DONE = {
    "a byte": lambda root: (root / PICTURE / "pkg/data.bin").write_bytes(bytes(256)),
    "a name": lambda root: (root / PICTURE / "main.py").rename(root / PICTURE / "Main.py"),
    "a file more": lambda root: (root / PICTURE / "pkg/more.py").touch(),
    "a file less": lambda root: (root / PICTURE / "main.py").unlink(),
    "a file that is a link": lambda root: (root / PICTURE / "more.py").symlink_to("/etc/passwd"),
    "a file that became a folder": lambda root: ((root / HASHES).unlink(), (root / HASHES).mkdir()),
    "another image": lambda root: (root / PICTURE).rename(root / POOL / "code-ffffffff"),
    "another spelling": lambda root: (root / PICTURE).rename(root / POOL / f"Code-{DIGEST[:8]}"),
    "no image": lambda root: (root / PICTURE).rename(root / "away"),
    "no marker": lambda root: (root / POOL / ".mlps-image-pool").unlink(),
    "another pool": lambda root: (root / POOL).rename(root / "closed" / POOL),
    "another pointer": lambda root: (root / POINTER).write_text(f"md5-tree-v2:{IMAGE}"),
    "no pointer": lambda root: (root / POINTER).unlink(),
    "no stamp": lambda root: (root / STAMP).unlink(),
    "a run more": lambda root: write(root, {RUNS[0].replace("_10", "_19") + "/.mlps-code-image": f"md5-tree-v2:{DIGEST}"}),
}  # fmt: skip


@pytest.mark.parametrize("what", DONE)
def test_what_is_done_to_a_pool_or_a_leaf_on_disk_is_said(tmp_path, what):
    DONE[what](write(tmp_path, FILES))
    assert said(tmp_path)


@pytest.mark.parametrize("name", ["pkg/module.pyc", "tests/more.py", ".git/HEAD", "node_modules/x/y.js"])
def test_what_the_digest_leaves_out_may_change(tmp_path, name):
    assert said(write(tmp_path, FILES | {f"{PICTURE}/{name}": "x"})) == []
