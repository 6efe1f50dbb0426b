"""What the docs say is so: commands run, links lead somewhere, generated pages are up to date."""

import re
import runpy
import textwrap
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "bench" / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "suites").rglob("*.md")]
)
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, _ in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_is_linked_from_another():
    linked = {(page.parent / target).resolve() for page in PAGES for target, _ in LINK.findall(page.read_text())}
    lonely = [str(page.relative_to(ROOT)) for page in PAGES if page.resolve() not in linked]
    assert [name for name in lonely if not name.startswith(("README", "bench/", "suites/"))] == []


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
