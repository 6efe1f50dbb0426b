"""`python -m bench.page`: the html page of 200 runs, how long it takes to write, how large it is, when Chromium shows it.

The runs are the golden records of the tests, so that nothing is measured but pytest, this plugin and pytest-html.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUITE = """
import json
import pytest
from pathlib import Path
from storagebench.report import RECORD

@pytest.mark.parametrize("number", range({items}))
def test_run(number, request):
    name = ("closed", "open", "invalid", "quick")[number % 4]
    record = json.loads((Path({golden!r}) / f"{{name}}.json").read_text())
    request.node.stash[RECORD] = record | {{"id": f"unet3d-b200-x{{number}}", "division": "whatif"}}
"""
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def main() -> None:
    """Write the page with and without --html, and open it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    items = parser.parse_args().items
    with tempfile.TemporaryDirectory() as folder:
        project(Path(folder), items)
        plain, paged = timed(Path(folder)), timed(Path(folder), "--html=report.html")
        page = Path(folder) / "report.html"
        print(f"{items} items: {paged:.2f} s with the page, {plain:.2f} s without; {page.stat().st_size / 1e6:.2f} MB")
        empty = Path(folder) / "empty.html"
        empty.write_text("<title>empty</title>")
        print(f"Chromium shows it {opened(page) - opened(empty):.2f} s later than an empty page")


def project(folder: Path, items: int) -> None:
    """Write a project whose items leave golden records."""
    ini = (ROOT / "pytest.ini").read_text(encoding="utf-8").replace("pythonpath = .", f"pythonpath = {ROOT}")
    (folder / "pytest.ini").write_text(ini, encoding="utf-8")
    shutil.copy(ROOT / "conftest.py", folder)
    golden = str(ROOT / "tests" / "golden")
    (folder / "test_page.py").write_text(SUITE.format(items=items, golden=golden), encoding="utf-8")


def timed(folder: Path, *options: str) -> float:
    """Return the seconds of a session."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py", *options]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - begun


def opened(page: Path) -> float:
    """Return the seconds until Chromium has built the page and painted it once; the best of three."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        shot = f"--screenshot={page.with_suffix('.png')}"
        subprocess.run([browser, *CHROMIUM, shot, page.as_uri()], capture_output=True, check=True)
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()
