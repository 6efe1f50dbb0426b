"""Every command of README and docs is executed: as it stands, or as a plan where it would take hours and terabytes."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.history.shelves import record, save
from tests.submission import trees

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "suites").rglob("*.md"))]
TUTORIAL = ROOT / "docs" / "tutorial.md"
"""Its commands build on each other, so they are walked in their order."""

PROGRAMS = ("pytest", "make", "mkdir", "find", "export", "python")

MADE_HERE = {"make test", "make check"}
"""This very test is part of what they run."""

MADE_BY_MAKE = "pytest suites --quick --html=report.html --junitxml=report.xml"
"""What `make quick` calls, and the test of that executes."""

EXPLAINS = "pytest --explain "
"""Commands of which the pages of the rules have hundreds: one process answers them all."""

JUDGES = r"--submission=(/\S+)"
"""Commands that judge a tree; they are given a small one."""

MEASURED_BY_HAND = re.compile(r"python -m bench|make bench")
"""Comparisons take minutes and the whole machine; that they start is tested below."""


def commands_of(page: Path) -> list[str]:
    """Return every indented line of a page that begins with a program, in their order."""
    lines = [line for line in page.read_text().splitlines() if line.startswith("    ")]
    texts = [line.split("  #")[0].strip() for line in lines]
    return [text for text in texts if text.split(" ")[0] in PROGRAMS and not MEASURED_BY_HAND.match(text)]


def commands() -> list[str]:
    """Return the commands of all pages that stand alone."""
    return sorted({text for page in PAGES if page != TUTORIAL for text in commands_of(page)})


def is_long(command: str) -> bool:
    """Say whether a command runs a benchmark at the sizes of the rules."""
    quick = rf"--plan|--collect-only|--quick|num_files_train|{JUDGES}"
    return command.startswith("pytest suites") and not re.search(quick, command)


def execute(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    places = {"/mnt/fs": "data", "/var/results": "results", "/var/draft": "draft", "/var/table": "table"}
    for path, name in places.items():
        command = command.replace(path, str(folder / name))
    command = re.sub(r"(-dir=| -p )data\b", rf"\1{folder}/data", command)
    command = re.sub(r"=(report\.\w+)", rf"={folder}/\1", command)
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "STORAGEBENCH_RESULTS_DIR": str(folder / "results"),
    }
    arguments = shlex.split(os.path.expandvars(command)) + (["--plan"] if is_long(command) else [])
    return subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500
    )


@pytest.mark.parametrize("command", [command for command in commands() if re.search(JUDGES, command)])
def test_commands_of_the_docs_judge_a_tree(command, tmp_path):
    tree = re.search(JUDGES, command)[1]
    trees.write(tmp_path / "tree", trees.third_edition())
    done = execute(command.replace(tree, str(tmp_path / "tree")), tmp_path)
    assert done.returncode == 1  # such a tree lacks much
    assert re.search(r"^system +INVALID", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    "command", [command for command in commands() if not re.search(rf"^{EXPLAINS}|{JUDGES}", command)]
)
def test_commands_of_the_docs_run(command, tmp_path):
    if sorted(command.split()) == sorted(MADE_BY_MAKE.split()):
        assert f"$(BIN)/{MADE_BY_MAKE}\n" in (ROOT / "Makefile").read_text()
        return
    if command in MADE_HERE:
        assert f"{command.split()[1]}: .venv/dev" in (ROOT / "Makefile").read_text()
        return
    if command.startswith("export PATH"):
        assert (BIN / "pytest").exists()
        return
    if command.startswith("find results"):
        command = command.replace("find results", f"find {ROOT}/docs")
    (tmp_path / "data").mkdir()
    if re.search(r"--(compare|history|submission-build)", command):
        for hours in (1, 2):  # what such a command speaks of was saved before
            save(tmp_path / "results", record(tag="baseline", series=f"s{hours}"), hours)
    done = execute(command, tmp_path)
    if "--submission-build" in command:
        assert done.returncode == 1  # a draft is never whole
        assert "fill in" in done.stdout
    elif "--hosts=h1,h2" in command:
        assert done.returncode == 1
        assert "h1" in done.stdout
        assert "Traceback" not in done.stdout
    elif done.returncode == 1 and "--plan" in [*shlex.split(command), *(["--plan"] if is_long(command) else [])]:
        assert "are needed" in done.stdout  # this machine is too small for it, and the plan says so
    else:
        assert done.returncode == 0, done.stdout + done.stderr
    if command == "make quick":
        assert (ROOT / "report.html").exists()
        assert (ROOT / "report.xml").exists()
        assert not (ROOT / ".quick").exists()


def test_the_tutorial_can_be_walked(tmp_path):
    walk = [command for command in commands_of(TUTORIAL) if not re.match(r"make|export|find", command)]
    said = {}
    for command in walk:
        done = execute(command, tmp_path)
        planned = done.returncode == 1 and "--plan" in command and "are needed" in done.stdout
        assert done.returncode == 0 or planned, f"{command}\n{done.stdout}{done.stderr}"
        said[command.split()[1]] = done.stdout
    assert "reader.odirect: absent -> True" in said["--compare=latest~1..latest"]
    assert "first" in said["--history"]
    assert len(list((tmp_path / "results").rglob("record.json"))) == 2


@pytest.mark.parametrize("command", ["pytest --rules", "pytest --explain 3.1.2", "pytest --history"])
def test_what_make_quick_installs_is_enough_to_ask(command, tmp_path):
    (tmp_path / "hypothesis.py").write_text("raise ModuleNotFoundError")
    save(tmp_path / "results", record(), 1)
    done = subprocess.run(
        [*shlex.split(command), "-p", "no:hypothesispytest", f"--results-dir={tmp_path / 'results'}"],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_that_the_docs_tell_to_explain_is_explained():
    asked = [command for command in commands() if command.startswith(EXPLAINS)]
    program = "import sys, pytest\nfor line in sys.stdin: print('exit', int(pytest.main(line.split()[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, input="\n".join(asked), capture_output=True, text=True, check=True
    )
    answers = done.stdout.split("exit 0\n")
    assert len(answers) == len(asked) + 1, done.stdout[-2000:]
    assert all(len(answer.splitlines()) > 5 for answer in answers[:-1])


COMPARISONS = sorted(path for path in (ROOT / "bench").glob("[!_]*.py") if "__main__" in path.read_text())


@pytest.mark.parametrize("bench", COMPARISONS, ids=lambda path: path.stem)
def test_comparisons_start(bench):
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{bench.stem}", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"bench.{bench.stem}`" in (ROOT / "bench" / "README.md").read_text()
