"""A project in miniature: the checkout's own pytest.ini and conftest.py, and a suite that reads golden records."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

SUITE = f"""
import json
import pytest
from pathlib import Path
from storagebench.model import Verdict
from storagebench.report import RECORD

pytestmark = pytest.mark.training
GOLDEN = Path({str(ROOT / "tests" / "golden")!r})

@pytest.fixture
def judged(request):
    def ask(name, **changes):
        record = json.loads((GOLDEN / f"{{name}}.json").read_text()) | changes
        request.node.stash[RECORD] = record
        assert Verdict[record["verdict"]].satisfies(record["division"])
    return ask
"""
TESTS = """
@pytest.mark.parametrize("name", ["closed", "open", "invalid", "quick"])
def test_run(name, judged):
    judged(name)
"""


class Project:
    """Runs pytest in a folder that looks like the checkout; `suite` writes a file of tests below `suites/`."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        ini = (ROOT / "pytest.ini").read_text(encoding="utf-8")
        (self.path / "pytest.ini").write_text(ini.replace("pythonpath = .", f"pythonpath = {ROOT}"), encoding="utf-8")
        (self.path / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")

    def suite(self, tests: str = TESTS, folder: str = "suites/training") -> None:
        file = self.path / folder / f"test_{Path(folder).name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SUITE + tests, encoding="utf-8")

    def run(self, *args: str) -> pytest.RunResult:
        quiet = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # this very process has the modules imported
        return self.pytester.runpytest_inprocess(*quiet, *args)

    def run_apart(self, *args: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*args)

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project with the settings of this one."""
    return Project(pytester)


@pytest.fixture
def rows(project: Project) -> Callable[[str], list[list[str]]]:
    """Read the cells of every row of a html page, and the page's data: what its script turns into the table."""
    import html
    import json
    import re

    def read(name: str) -> list[list[str]]:
        blob = re.search(r'data-jsonblob="([^"]*)"', project.read(name)).group(1)
        tests = [test for group in json.loads(html.unescape(blob))["tests"].values() for test in group]
        return [[re.sub(r"<[^>]*>", "", cell) for cell in test["resultsTableRow"]] for test in tests]

    return read
