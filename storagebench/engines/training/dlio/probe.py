"""What a Python has of DLIO, printed as JSON; run by DLIO's own interpreter, of any version from 3.8 on, as a script.

Nothing of DLIO is imported: that alone needs torch, tensorflow and an MPI. What a version can do is read from its
source: the keys that `utils/config.py` looks for, and the formats of `common/enumerations.py`.
"""

import ast
import hashlib
import importlib.util
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

NAMES = ("torch", "tensorflow", "mpi4py", "numpy", "omegaconf", "dftracer.logger", "pyarrow", "PIL", "google_crc32c")


def main() -> None:
    """Print what is here."""
    spec = importlib.util.find_spec("dlio_benchmark")
    places = list(spec.submodule_search_locations or []) if spec else []
    found: Any = {"python_version": ".".join(map(str, sys.version_info[:3])), "dlio": None}
    if places:
        home = Path(places[0])
        found["dlio"] = {
            "version": version(),
            "commit": commit(),
            "source": digest(home),
            "keys": sorted(keys(home / "utils" / "config.py")),
            "formats": formats(home / "common" / "enumerations.py"),
        }
    found["modules"] = [name for name in NAMES if is_here(name)]
    print(json.dumps(found))


def version() -> Any:
    """Return the version that pip knows, None where it knows none."""
    try:
        return metadata.version("dlio-benchmark")
    except metadata.PackageNotFoundError:
        return None


def commit() -> Any:
    """Return the commit that pip installed from, None unless it came from git."""
    try:
        text = metadata.distribution("dlio-benchmark").read_text("direct_url.json")
        return json.loads(text)["vcs_info"]["commit_id"] if text else None
    except (metadata.PackageNotFoundError, KeyError, ValueError):
        return None


def digest(home: Path) -> str:
    """Identify the source: many revisions call themselves 2.0.0."""
    total = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        total.update(str(path.relative_to(home)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def keys(path: Path) -> Any:
    """Return the dotted keys that a configuration's reader looks for: `"k" in config["s"]`, also by another name."""
    found: Any = set()
    names: Any = {"config": ()}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            place = place_of(node.value, names)
            if place:
                names[node.targets[0].id] = ("reader",) if place == ("data_reader",) else place
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
            place = place_of(node.comparators[0], names)
            if place is not None and isinstance(node.left, ast.Constant):
                found.add(".".join((*place, str(node.left.value))))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
        ):
            place = place_of(node.func.value, names)
            if place is not None and isinstance(node.args[0], ast.Constant):
                found.add(".".join((*place, str(node.args[0].value))))
    return found


def place_of(node: ast.AST, names: Any) -> Any:
    """Return the keys that lead to a mapping of the configuration, None for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        place = place_of(node.value, names)
        return None if place is None else (*place, str(node.slice.value))
    return None


def formats(path: Path) -> Any:
    """Return the formats that DLIO has a name for."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "FormatType":
            values = [item.value for item in node.body if isinstance(item, ast.Assign)]
            return [value.value for value in values if isinstance(value, ast.Constant)]
    return []


def is_here(name: str) -> bool:
    """Say whether a module could be imported, without importing it (but for the package that it is in)."""
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


if __name__ == "__main__":
    main()
