"""The probe is a program of its own: old syntax, no imports but the standard library's, one marked line."""

import ast
import json
import subprocess
import sys
from pathlib import Path

from storagebench.collect import probe

SOURCE = Path(probe.__file__).read_text()


def test_the_probe_is_python_3_6():
    tree = ast.parse(SOURCE, feature_version=(3, 6))
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    notes = [
        node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation
    ]
    notes += [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]
    for note in (part for whole in notes for part in ast.walk(whole)):
        assert not isinstance(note, ast.BinOp), "X | Y needs Python 3.10"
        if isinstance(note, ast.Subscript):
            assert note.value.id not in {"dict", "list", "tuple", "set"}, "generic builtins need Python 3.9"


def test_the_probe_answers_over_stdin_as_it_does_here(tmp_path):
    asked = {
        "paths": [str(tmp_path / "none")],
        "sentinel": str(tmp_path / "it's"),
        "python": "/nowhere",
        "checkout": "/nowhere",
    }
    (tmp_path / "it's").write_text("seen")
    done = subprocess.run(["python3", "-"], input=probe.script(asked), capture_output=True, check=True)
    (line,) = [line for line in done.stdout.decode().splitlines() if line.startswith(probe.MARK)]
    told, own = json.loads(line.removeprefix(probe.MARK)), probe.answer(asked)
    assert told.keys() == own.keys()
    assert told["sentinel"] == "seen"
    assert told["python"] == {"error": "No such file or directory", "path": "/nowhere"}
    assert told["checkout"]["digest"] is None
    look, here = told["paths"][str(tmp_path / "none")], own["paths"][str(tmp_path / "none")]
    assert look["existing"] == str(tmp_path)
    assert {**look, "free_bytes": 0} == {**here, "free_bytes": 0}


def test_processors_are_shortened_but_all_counted():
    blocks = [f"processor\t: {n}\nphysical id\t: 0\ncore id\t: {n // 2}\nflags\t: {'x ' * 400}" for n in range(256)]
    short = probe.shortened("\n\n".join(blocks) + "\n\n")
    assert len(short) < 12_000
    assert short.count("core id") == 256
    assert short.count("flags") == 1


def test_a_digest_follows_names_and_contents_of_sources(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = probe.digest(str(tmp_path))
    (tmp_path / "data.bin").write_text("no source")
    assert probe.digest(str(tmp_path)) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert probe.digest(str(tmp_path)) != first


def test_the_probe_takes_programs_of_plugins_along():
    scripts = {
        "good": "def facts():\n    print('noise')\n    return {'nodes': 2}\n",
        "bad": "import nowhere\n",
        "none": "",
    }
    done = subprocess.run(["python3", "-"], input=probe.script({"scripts": scripts}), capture_output=True, check=True)
    (line,) = [line for line in done.stdout.decode().splitlines() if line.startswith(probe.MARK)]
    extra = json.loads(line.removeprefix(probe.MARK))["extra"]
    assert extra["good"] == {"facts": {"nodes": 2}}
    assert extra["bad"]["error"].startswith("ModuleNotFoundError")
    assert extra["none"]["error"].startswith("KeyError")
