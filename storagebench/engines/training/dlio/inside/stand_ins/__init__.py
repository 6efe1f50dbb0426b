"""Modules that DLIO 2.0.0 imports whether it needs them or not; each is used only where the real one is missing."""

import importlib.util
import sys
from pathlib import Path

MODULES = {"tensorflow": "tensorflow", "torch": "torch", "dftracer.logger": "dftracer"}
"""What DLIO imports, and the stand-in's package."""


def install() -> list[str]:
    """Let what is missing be found here; return its names, for the record."""
    missing = [name for name in MODULES if not _is_here(name)]
    for name in missing:
        spec = importlib.util.spec_from_file_location(
            MODULES[name],
            Path(__file__).parent / MODULES[name] / "__init__.py",
            submodule_search_locations=[str(Path(__file__).parent / MODULES[name])],
        )
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[MODULES[name]] = module
        spec.loader.exec_module(module)
    return missing


def _is_here(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
