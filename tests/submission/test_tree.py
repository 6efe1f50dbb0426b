"""Trees are listed whole and from names alone; junk is named and left out; nothing outside is ever reached."""

import os

import pytest

from storagebench.errors import RecordError
from storagebench.submission.tree import JUNK, list_tree
from tests.submission.trees import write


def test_files_have_sizes_and_folders_without_files_are_named(tmp_path):
    write(tmp_path, {"a/b.txt": "12345", "c.txt": ""})
    (tmp_path / "empty" / "below").mkdir(parents=True)
    tree = list_tree(tmp_path)
    assert dict(tree.listing.sizes) == {"a/b.txt": 5, "c.txt": 0}
    assert tree.listing.empty_folders == ("empty/below",)
    assert tree.listing.folders() == ("a", "empty")
    assert tree.listing.files("a") == ("b.txt",)
    assert tree.listing.holds("empty/below")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("._summary.json", "AppleDouble"),
        (".DS_Store", "file manager"),
        ("Thumbs.db", "file manager"),
        ("~$A800 System with LPC Enabled.pptx", "lock file"),
        (".~lock.report.odt#", "lock file"),
        ("summary.json~", "editor"),
        (".summary.json.swp", "editor"),
        ("#summary.json#", "editor"),
        ("config.yaml.orig", "editor"),
        ("code/dlio/tests/test_data/summary.json", "test data of a code tree"),
        ("code-0123abcd/tests/summary.json", "test data of a code tree"),
    ],
)
def test_junk_is_named_and_not_counted(tmp_path, name, words):
    write(tmp_path, {f"run1/{name}": "x", "run1/summary.json": "{}"})
    tree = list_tree(tmp_path)
    assert list(tree.listing.sizes) == ["run1/summary.json"]
    assert words in tree.junk[f"run1/{name}"]


def test_every_kind_of_junk_has_a_name_that_the_tests_use():
    assert len(JUNK) == 5


@pytest.mark.parametrize(
    "name", ["summary.json", ".mlps-code-image", ".code-hash.json", "code/README.md", "a b.txt", "Größe.pdf"]
)
def test_what_rules_ask_about_is_no_junk(tmp_path, name):
    tree = list_tree(write(tmp_path, {name: "x"}))
    assert list(tree.listing.sizes) == [name]
    assert tree.junk == {}


def test_a_version_control_folder_is_not_entered(tmp_path):
    tree = list_tree(write(tmp_path, {".git/objects/ab/cd": "x", "closed/a": "x"}))
    assert list(tree.listing.sizes) == ["closed/a"]
    assert list(tree.junk) == [".git"]


def test_links_never_lead_out_of_the_tree(tmp_path):
    root = write(tmp_path / "tree", {"real.json": "{}", "folder/x": ""})
    write(tmp_path, {"secret.json": "{}"})
    for name, target in {
        "inside.json": "real.json",
        "outside.json": "../secret.json",
        "nowhere.json": "gone.json",
        "loop": ".",
        "up": "..",
        "itself": "itself",
    }.items():
        (root / name).symlink_to(target)
    tree = list_tree(root)
    assert sorted(tree.listing.sizes) == ["folder/x", "inside.json", "real.json"]
    assert {name: reason.split(":")[0] for name, reason in tree.junk.items()} == {
        "outside.json": "a link that leads out of the tree, or nowhere",
        "nowhere.json": "a link that leads out of the tree, or nowhere",
        "itself": "a link that leads out of the tree, or nowhere",
        "loop": "a link to a folder",
        "up": "a link to a folder",
    }


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "summary.json")
    assert list_tree(tmp_path).junk == {"summary.json": "neither a file nor a folder"}


def test_a_name_that_is_not_utf8_is_junk(tmp_path):
    (tmp_path / os.fsdecode(b"Gr\xf6\xdfe.json")).touch()
    (reason,) = list_tree(tmp_path).junk.values()
    assert reason == "its name is not UTF-8 text"


def test_a_very_deep_tree_is_listed(tmp_path):
    deep = "/".join("d" * 600)
    (tmp_path / deep).mkdir(parents=True)
    tree = list_tree(tmp_path)
    assert tree.listing.empty_folders == (deep,)
    assert tree.listing.folders(deep.rpartition("/")[0]) == ("d",)


def test_only_the_folders_asked_for_are_listed(tmp_path):
    write(tmp_path, {"a/b/c": "", "a/d/e": "", "f": ""})
    assert list(list_tree(tmp_path, ("a/b", "gone")).listing.sizes) == ["a/b/c"]


def test_no_such_folder_is_one_sentence(tmp_path):
    with pytest.raises(RecordError, match="gone cannot be listed: No such file or directory"):
        list_tree(tmp_path / "gone")
