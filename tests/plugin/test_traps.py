"""The nine traps that pytest, xdist and pytest-html lay; each test here fails when we step into one."""

import json
import os
import pty
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

WHO = """
import os, time
def note(item):
    with open("who.txt", "a") as file:
        file.write(f"{item} {os.environ.get('PYTEST_XDIST_WORKER', 'main')}\\n")
"""


def test_trap_1_benchmarks_never_run_at_the_same_time_whatever_n_says(project):
    tests = WHO + "@pytest.mark.parametrize('i', range(4))\ndef test_run(i):\n    note('NAME')\n"
    for name in ("training", "kvcache", "submission"):
        project.suite(tests.replace("NAME", name), f"suites/{name}")
    project.run("suites", "-n", "2").assert_outcomes(passed=12)
    ran = [line.split() for line in project.read("who.txt").splitlines()]
    assert len({worker for name, worker in ran if name != "submission"}) == 1
    assert {worker for _, worker in ran} == {"gw0", "gw1"}


def test_trap_2_odd_values_in_a_record_do_not_end_an_xdist_session(project):
    project.suite("""
import decimal, enum
class Colour(enum.StrEnum):
    RED = "red"
def test_run(judged):
    judged("closed", folder=Path("results/x"), environment={"n": decimal.Decimal(1), "c": Colour.RED, "e": Verdict.OPEN})
""")
    result = project.run("suites", "-n", "2", "--junitxml=report.xml")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*record of unet3d-b200-x2-run1: results/x/record.json"])
    assert 'name="record" value="results/x"' in project.read("report.xml")


def test_trap_3_the_page_keeps_pytest_words_as_results_and_has_verdicts_of_its_own(project, rows):
    project.suite()
    project.run("suites", "--html=report.html")
    assert {row[2]: (row[0], row[1]) for row in rows("report.html")} == {
        "unet3d-b200-x2-run1": ("Passed", "CLOSED"),
        "unet3d-b200-x4-run1": ("Passed", "OPEN"),
        "retinanet-b200-x8-run1": ("Failed", "INVALID"),
        "unet3d-h100-x2-run1": ("Passed", "QUICK"),
    }


def test_trap_4_an_invalid_run_is_a_failure_that_says_why(project):
    project.suite()
    result = project.run("suites")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*= FAILURES =*",
            "INVALID: 3.1.2 trainingRecalculateDatasetSize: dataset is 29.57 GiB (98,304 files), needs *",
            "*= short test summary info =*",
            "INVALID suites/training/test_training.py::test_run?invalid? - INVALID: 3.1.2*",
            "*1 failed, 1 closed, 1 open, 1 quick*",
        ]
    )
    result.stdout.no_fnmatch_line("*AssertionError*")


def test_trap_5_several_findings_are_one_testcase_and_one_row(project, rows):
    project.suite("def test_run(judged):\n    judged('invalid')\n")
    project.run("suites", "--html=report.html", "--junitxml=report.xml")
    suite = ET.fromstring(project.read("report.xml")).find("testsuite")
    assert suite.get("tests") == "1"
    assert [child.tag for child in suite.find("testcase")] == ["properties", "failure"]
    assert len(rows("report.html")) == 1


def test_trap_6_the_plugin_may_be_named_twice(project):
    project.suite()
    assert project.run("suites", "-p", "storagebench.plugin", "-k", "closed").ret == 0


def test_trap_6_no_entry_point_loads_the_plugin_under_another_name():
    assert "pytest11" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_trap_7_datasets_live_on_disk_and_are_no_parametrized_fixtures():
    """Their being made once is shown by tests/suites, with real data."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "fixtures").glob("*.py")]
    assert not any("indirect" in source for source in sources)


TERMINAL = """
import time
from storagebench.report.progress import open_progress
@pytest.mark.parametrize("name", ["closed", "invalid"])
def test_run(name, judged, request):
    with open_progress(request.config).item(name) as tell:
        for i in range(5):
            tell({"kind": "progress", "stage": "epoch 1/1", "done": i, "total": 5, "unit": "steps", "bytes": i * 2**20})
            time.sleep(0.15)
    judged(name)
"""


@pytest.mark.parametrize("options", [[], ["-q"], ["-v"]])
def test_trap_8_the_live_line_leaves_the_verdicts_readable(project, screen, options):
    project.suite(TERMINAL)
    text = in_terminal(project.path, [sys.executable, "-m", "pytest", "suites", *options])
    assert re.search(r"closed  epoch 1/1 +\d+ %.*gone", text)
    shown = [line for line in screen(text) if "test_training.py::test_run[" in line]
    assert re.match(r"suites/training/test_training.py::test_run\[closed\] CLOSED +\[ 50%\]", shown[0])
    assert re.match(r"suites/training/test_training.py::test_run\[invalid\] INVALID +\[100%\]", shown[1])
    assert not any("epoch 1/1" in line for line in screen(text))


def in_terminal(folder: Path, command: list[str]) -> str:
    """Run a command in a pseudo terminal of 100 columns and return all that it wrote."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    written = b""
    while chunk := _read(terminal):
        written += chunk
    os.waitpid(child, 0)
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;]*m", "", written.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_trap_9_no_points_are_a_failure_and_not_a_skip(project):
    project.suite("@pytest.mark.parametrize('point', [])\ndef test_run(point):\n    pass\n")
    result = project.run("suites")
    assert result.ret != 0
    result.assert_outcomes(errors=1)


def test_trap_9_a_killed_session_leaves_the_page_of_what_was_finished(project, rows):
    project.suite("""
def test_run(judged):
    judged("closed")
def test_kill():
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
""")
    project.run_apart("suites", "--html=report.html")
    assert [row[1] for row in rows("report.html")] == ["CLOSED"]


def test_golden_records_are_json_without_surprises():
    for path in (ROOT / "tests" / "golden").glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "storagebench-record"
