"""What plugins add behind names reaches every rank by the environment, and nothing of it stays."""

import subprocess
import sys

import pytest

from storagebench import extensions
from storagebench.extensions import Extension
from storagebench.launch.processes import rank_environment


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch):
    monkeypatch.setenv(extensions.VARIABLE, "[]")


def test_names_are_known_by_their_kind():
    extensions.publish(
        [Extension("vector database", "a", "x.y", "here"), Extension("training engine", "b", "z", "here")]
    )
    assert extensions.modules("vector database") == {"a": "x.y"}
    assert extensions.modules("KV-cache backend") == {}
    assert extensions.roots() == ("here",)
    extensions.publish([])
    assert extensions.roots() == ()


def test_a_rank_knows_them_and_finds_their_modules(tmp_path):
    (tmp_path / "acme_rank_test.py").write_text("WORD = 'found'\n")
    extensions.publish([Extension("training engine", "a", "acme_rank_test", str(tmp_path))])
    code = "from storagebench import extensions; print(__import__(extensions.modules('training engine')['a']).WORD)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=rank_environment({}), capture_output=True, text=True, check=True
    )
    assert done.stdout == "found\n"
