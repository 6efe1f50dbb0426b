"""The house rules: lint, types, layers, size of modules, and no trace of one machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [path for top in ("storagebench", "rules", "fixtures", "suites", "bench") for path in (ROOT / top).rglob("*.py")]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
    ],
    ids=" ".join,
)
def test_checkers_have_nothing_to_say(command):
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_400_lines():
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in CODE}
    assert not {name: size for name, size in sizes.items() if size > 400}


def test_suites_are_short_and_import_nothing_of_the_core():
    for path in (ROOT / "suites").rglob("test_*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 60
        assert not re.search(r"^\s*(from|import) (storagebench|rules|fixtures)", text, re.MULTILINE)


def test_locks_pin_with_hashes_and_name_no_registry():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        for pinned in re.findall(r"^[a-z0-9].*$", text, re.MULTILINE):
            assert "==" in pinned
        assert text.count("--hash=sha256:") >= len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE))


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name)
def test_no_lock_has_a_gpu_package(lock):
    assert not re.search(r"^(torch|tensorflow|nvidia|cuda|triton|jax)", lock.read_text(), re.MULTILINE)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_tree_names_no_machine_and_holds_no_large_file():
    machine = re.compile(rb"/(work|root|home|farm)/[a-z]")
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
        assert not machine.search(path.read_bytes()), path
