"""Installations of DLIO that are none."""

import sys

import pytest

from storagebench.engines.training.dlio.installation import installation_of


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Let this Python have a `dlio_benchmark` that is nothing but the source which a probe reads."""

    def install(config, formats=("npz", "jpeg"), version="3.0.2", modules=("omegaconf",)):
        site = tmp_path / "site"
        for module in modules:
            (site / module).mkdir(parents=True, exist_ok=True)
        files = {
            "dlio_benchmark/__init__.py": "",
            "dlio_benchmark/utils/config.py": config,
            "dlio_benchmark/common/enumerations.py": "class FormatType:\n"
            + "".join(f"    {name.upper()} = {name!r}\n" for name in formats),
        }
        if version:
            files[f"dlio_benchmark-{version}.dist-info/METADATA"] = f"Name: dlio-benchmark\nVersion: {version}\n"
        for name, text in files.items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(site))
        installation_of.cache_clear()
        return installation_of(sys.executable)

    yield install
    installation_of.cache_clear()
