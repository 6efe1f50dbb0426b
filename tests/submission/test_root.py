"""The folder to judge, when another one was named."""

import pytest

from storagebench.errors import ConfigError
from storagebench.submission.root import root_below
from tests.submission.trees import write

RUN = "closed/a/results/s/training/unet3d/run/20260801_100000"


def test_the_one_tree_below_is_found(tmp_path):
    write(tmp_path, {f"unpacked/submission/{RUN}/summary.json": {}})
    assert root_below(tmp_path) == tmp_path / "unpacked" / "submission"


@pytest.mark.parametrize(
    ("files", "named", "words"),
    [
        ({f"{RUN}/summary.json": {}}, "closed/a", "name {root}$"),
        ({f"one/{RUN}/summary.json": {}, f"two/{RUN}/summary.json": {}}, "", "name one of one, two in it$"),
        ({"results/s/summary.json": {}}, "", "it holds results/, so put it into a folder closed/ or open/"),
        ({"acme.tar.gz": ""}, "", "unpack acme.tar.gz, and name the folder that holds closed/ and open/"),
        ({"notes.txt": ""}, "", "name the folder that holds closed/ and open/$"),
    ],
)
def test_the_sentence_says_which_folder_to_name(tmp_path, files, named, words):
    write(tmp_path, files)
    with pytest.raises(ConfigError, match=words.replace("{root}", str(tmp_path))):
        root_below(tmp_path / named)
