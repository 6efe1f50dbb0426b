"""The lock is read for this Python and platform, compared in one sentence, and written anew by uv."""

import sys

import pytest

from storagebench.collect import lockfile
from storagebench.collect.lockfile import Difference, differences, facts, generate, pins, sentence
from storagebench.errors import ConfigError

TEXT = """# made by a tool
NumPy==2.4.0 ; python_version >= '3.8' \\
    --hash=sha256:00 \\
    --hash=sha256:11
pywin32==1 ; sys_platform == 'win32' \\
    --hash=sha256:22
under_score==3.1 \\
    --hash=sha256:33
"""


def test_pins_are_those_of_this_platform_by_normal_names():
    assert pins(TEXT) == {"numpy": "2.4.0", "under-score": "3.1"}


def test_only_what_is_pinned_is_compared():
    assert differences(pins(TEXT), {"numpy": "2.4.0", "Under.Score": "3.1", "more": "1"}) == ()
    found = differences(pins(TEXT), {"numpy": "1.0"})
    assert [str(one) for one in found] == ["numpy 1.0 instead of 2.4.0", "under-score is missing"]


def test_many_differences_are_counted():
    found = tuple(Difference(f"p{number}", "1", None) for number in range(9))
    text = sentence("h1", found)
    assert "p5 is missing and 3 more; mend it with `" in text
    assert f"{sys.executable} -m pip install --require-hashes -r {lockfile.LOCK}`" in text


def test_the_record_says_which_lock_and_what_differs():
    assert len(facts()["sha256"]) == 64
    assert isinstance(facts()["differences"], list)


def test_uv_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(ConfigError, match=r"^--lockfile-generate: uv is not installed: .* -m pip install uv$"):
        generate()


@pytest.fixture
def uv(tmp_path, monkeypatch):
    """Let a script stand in for uv, and a file for the lock."""

    def write(body):
        program = tmp_path / "uv"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setattr("shutil.which", lambda name, path=None: str(program))
        monkeypatch.setattr(lockfile, "LOCK", tmp_path / "requirements.lock")
        return tmp_path

    return write


def test_the_lock_is_compiled_from_what_is_installed(uv):
    folder = uv('while [ "$1" != -c ]; do shift; done; grep -i "^numpy==" "$2" >"$5"')
    assert "pins 1 distributions" in generate()
    assert (folder / "requirements.lock").read_text().startswith("numpy==")


def test_what_uv_says_is_told(uv):
    uv("echo no such version >&2; exit 1")
    with pytest.raises(ConfigError, match="uv cannot lock this environment: no such version"):
        generate()
