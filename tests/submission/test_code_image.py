"""The digest of a code image."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.submission.code_image import counts, tree_digest

FILES = st.dictionaries(
    st.from_regex(r"[a-z]{1,3}(/[a-zé]{1,3}){0,2}", fullmatch=True), st.binary(max_size=9), max_size=6
)


def digest_of(files: dict[str, bytes]) -> str | None:
    return tree_digest(files, files.get)


def test_paths_and_contents_follow_one_another_in_the_order_of_bytes():
    digest = hashlib.md5(b"B.py2a.py1a/b.py3\xc3\xa9.py4").hexdigest()
    assert digest_of({"a/b.py": b"3", "é.py": b"4", "B.py": b"2", "a.py": b"1"}) == digest


@pytest.mark.parametrize(
    "path",
    [".git/config", "pkg/tests/x.py", "a.egg-info/PKG", "x/__pycache__/y", "m.pyc", ".code-hash.json", "a/.DS_Store"],
)
def test_what_builds_tests_and_tools_leave_does_not_count(path):
    assert not counts(path)
    assert digest_of({"main.py": b"", path: b"x"}) == digest_of({"main.py": b""})


@pytest.mark.parametrize("path", ["test.py", "build.py", "x/tests.md", ".gitignore", "distance/x", "CLAUDE.md"])
def test_names_that_only_look_alike_count(path):
    assert counts(path)


@given(FILES, st.randoms())
def test_the_order_of_files_does_not_matter(files, random):
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert digest_of(dict(shuffled)) == digest_of(files)
    assert len(digest_of(files)) == 32


@given(FILES.filter(bool), st.data())
def test_every_byte_matters(files, data):
    path = data.draw(st.sampled_from(sorted(files)).filter(counts))
    assert digest_of({**files, path: files[path] + b"!"}) != digest_of(files)


def test_an_image_with_a_file_that_cannot_be_read_has_no_digest():
    assert tree_digest(["main.py", "other.py"], {"main.py": b""}.get) is None
    assert tree_digest(["main.py", "tests/x.py"], {"main.py": b""}.get) is not None
