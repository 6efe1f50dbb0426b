"""What the docs say is so: commands run, links lead somewhere, generated pages are up to date."""

import ast
import re
import runpy
import textwrap
import tomllib
from pathlib import Path

import pytest
import yaml

from fixtures.options import OPTIONS
from storagebench.history.gate import HEADLINE
from storagebench.model import OFFICIAL
from storagebench.parameters.schema import schema_of
from storagebench.report.presentation import HOMES, presentation_of

ROOT = Path(__file__).parents[2]
PLACES = ("docs", "suites", "bench", "configs", "fixtures", "rules")
PAGES = sorted([*ROOT.glob("*.md"), *(page for place in PLACES for page in (ROOT / place).rglob("*.md"))])
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return what a fragment may name in a page: its headings, spelled as GitHub does."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page.read_text()))
    return {heading.strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, anchor in LINK.findall(page.read_text()):
        if "://" not in target:
            there = page.parent / target if target else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_every_page_is_linked_from_another():
    linked = {
        (page.parent / target).resolve() for page in PAGES for target, _ in LINK.findall(page.read_text()) if target
    }
    lonely = [str(page.relative_to(ROOT)) for page in PAGES if page.resolve() not in linked]
    assert lonely == ["README.md"]


def test_generated_pages_are_up_to_date():
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    for path, content in generated.items():
        assert (ROOT / "docs" / path).read_text() == content, f"run `make docs` for {path}"
    assert {path.name for path in (ROOT / "docs" / "rules").iterdir()} == {
        path.removeprefix("rules/") for path in generated if path.startswith("rules/")
    }


@pytest.mark.parametrize(("heading", "entry"), [("GitHub Actions", "jobs"), ("GitLab CI", "gate")])
def test_examples_for_ci_are_yaml(heading, entry):
    text = (ROOT / "docs" / "how-to" / "ci.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    example = yaml.safe_load(textwrap.dedent(text))
    assert entry in example  # and test_commands executes what they run
    assert "--fail-slower" in text


OTHERS = {
    *("--collect-only", "--html", "--junitxml", "--lf"),  # pytest's and its plugins'
    *("--exclusive", "--mpi", "--nodes", "--ntasks-per-node", "--time"),  # Slurm's
    "--client-host-memory-in-gb",  # of edition 1.0's script
    "--acme-firmware",  # of a plugin that a page makes up
    "--pdeathsig",  # setpriv's
}
HAND_WRITTEN = [page for page in PAGES if page.parent.name not in {"rules", "reference", "bench"}]


def spoken_of(page: Path) -> str:
    """Return a page's text; of the tables on another tool the column on ours."""
    rows = (line.split("|")[2] if line.startswith("| `") else line for line in page.read_text().splitlines())
    return "\n".join(rows) if page.name == "from-mlpstorage.md" else page.read_text()


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_and_parameters_that_a_page_speaks_of_exist(page):
    lines = (line for line in spoken_of(page).splitlines() if "python -m bench" not in line)
    words = " ".join(lines)
    if page.name not in {"performance.md", "parity.md"}:  # these speak of the options of bench/
        spoken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", words))
        assert spoken - OTHERS - {option.flag for option in OPTIONS} == set()
    known = {name for suite in OFFICIAL for name in schema_of(suite).leaves("parameters")}
    named = set(re.findall(r"--param ([\w.]+)=", words))
    assert named - known - {"NAME"} == set()


def sentences() -> str:
    """Return every text of the code, a line each, with `…` for what is filled in."""
    found = []
    for top in ("fixtures", "storagebench"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(text.replace("\n", " ") for text in found)


def test_the_sentences_of_troubleshooting_are_those_of_the_code():
    page = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text().split("\n## ", 1)[1]
    quoted = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    said = sentences()
    assert len(quoted) > 30
    assert [sentence for sentence in quoted if sentence not in said] == []


def test_the_architecture_has_the_layers_and_the_packages_that_there_are():
    page = (ROOT / "docs" / "architecture.md").read_text()
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    drawn = page.split("```\n")[1].splitlines()
    assert drawn == [layer.replace("storagebench.", "") for layer in contract["layers"]]
    parts = [path.name for path in (ROOT / "storagebench").iterdir() if not path.name.startswith("__")]
    table = page.split("\n## Where a thing lives")[1].split("\n## ")[0]
    assert [name for name in parts if not re.search(rf"\b{name}(/|`)", table)] == []


@pytest.mark.parametrize("family", HOMES)
def test_the_page_on_gates_names_the_two_figures_of_a_family(family):
    row = " and ".join(f"`{one.metric}` ({one.name})" for one in presentation_of({"family": family}).figures[:HEADLINE])
    assert f"| {family.replace('_', ' ')} | {row} |" in (ROOT / "docs" / "how-to" / "history.md").read_text()
