"""Loading an edition's table: the only reader of `rules/tables/`."""

import functools
from pathlib import Path

import yaml

from storagebench.errors import ConfigError
from storagebench.model import Edition

TABLES = Path(__file__).parent.parent / "rules" / "tables"


def edition_names() -> tuple[str, ...]:
    """Name every edition that has a table, newest first."""
    return tuple(sorted((table.stem for table in TABLES.glob("*.yaml")), reverse=True))


@functools.cache
def load_edition(name: str, *, as_of_round: bool = False) -> Edition:
    """Read one edition's numbers and allow-lists.

    Raises:
        ConfigError: there is no such edition.
    """
    if name not in edition_names():
        raise ConfigError(f"--edition={name}: there is no such edition; choose one of {', '.join(edition_names())}")
    return Edition(name, yaml.safe_load((TABLES / f"{name}.yaml").read_text(encoding="utf-8")), as_of_round)
