"""How long `pytest --collect-only suites` takes beside a bare `pytest --collect-only` of an empty project.

    python -m bench.collection

Both run in this environment, in turn, five pairs after a warm-up; the ratio of medians must stay below 2.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAIRS = 5
BAR = 2.0


def seconds(folder: Path, *arguments: str) -> float:
    """Time one whole pytest process, which must succeed."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print the medians and their ratio; exit 1 when the bar is missed."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        (empty / "test_nothing.py").write_text("def test_nothing(): pass\n")
        (empty / "pytest.ini").write_text("[pytest]\n")
        pairs = [(seconds(ROOT, "suites"), seconds(empty)) for _ in range(PAIRS + 1)][1:]
    ours, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"collect suites {ours:.3f} s, empty project {bare:.3f} s, ratio {ratio:.2f} (bar: below {BAR})")
    sys.exit(ratio >= BAR)


if __name__ == "__main__":
    main()
