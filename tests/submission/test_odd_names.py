"""Names that are made to break reports: every run under one is an item all the same, in each report and in each process."""

import os
import xml.etree.ElementTree as ET

import pytest

from tests.submission.trees import RESULT, third_edition, write
from tests.suites.session import session

NAMES = {
    "line break": "sys\ntem",
    "script": "<script>alert(1)<|script>",
    "escape": "\x1b[31mred\x1b]0;owned\x07",
    "brackets": "sys[::a]",
    "quotes": """s'y"s&amp;""",
    "wide": "系统é",
    "backwards": "\u202egnp.sys",
    "blank": " ",
    "long": "s" * 200,
    "dashes": "--html=owned.html",
    "percent": "%s%n{0}$HOME",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A run of a system under each odd name, one called sys with logs of such names, and one whose name is no text."""
    root = tmp_path_factory.mktemp("tree")
    for name in NAMES.values():
        files = {
            path.replace("/sys/", f"/{name}/").replace("/sys.", f"/{name}."): content
            for path, content in third_edition().items()
        }
        write(root, files)
    write(root, {f"{RESULT}/run/20260801_100000/{name}.log": "" for name in NAMES.values()})
    nameless = os.fsdecode(b"closed/acme/results/s\xff\xfe/training/unet3d/run/20260801_100000")
    (root / nameless).mkdir(parents=True)
    (root / nameless / "summary.json").touch()
    return root


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_odd_names_are_items_in_every_report(tmp_path, tree, workers):
    page = tmp_path / "report.html"
    done = session(tmp_path, f"--submission={tree}", f"--html={page}", *workers, suite="suites/submission")
    assert done.returncode == 1, done.output
    assert "Traceback" not in done.output
    assert "INTERNALERROR" not in done.output
    cases = list(ET.parse(tmp_path / "report.xml").iter("testcase"))
    assert len(cases) == 2 * len([*NAMES, "sys"]) + 3
    assert not [case for case in cases if case.find("error") is not None]
    text = page.read_text()
    assert "<script>alert" not in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text + done.output)
    assert "its name is not UTF-8 text" in text
