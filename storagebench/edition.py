"""Loading an edition's table: the only reader of `rules/tables/` and of the tables that plugins add."""

import functools
from pathlib import Path

import yaml

from storagebench.errors import ConfigError
from storagebench.model import Edition
from storagebench.parameters import merge

TABLES = Path(__file__).parent.parent / "rules" / "tables"


CONTRIBUTED: dict[str, Path] = {}
"""Tables that plugins add, by name; each extends another edition."""


def edition_names() -> tuple[str, ...]:
    """Name every edition that has a table, newest first; those of plugins come last."""
    return (*sorted((table.stem for table in TABLES.glob("*.yaml")), reverse=True), *CONTRIBUTED)


@functools.cache
def load_edition(name: str, *, as_of_round: bool = False) -> Edition:
    """Read one edition's numbers and allow-lists.

    Raises:
        ConfigError: there is no such edition, or a plugin's table cannot be read.
    """
    if name not in edition_names():
        raise ConfigError(f"--edition={name}: there is no such edition; choose one of {', '.join(edition_names())}")
    if name not in CONTRIBUTED:
        return Edition(name, yaml.safe_load((TABLES / f"{name}.yaml").read_text(encoding="utf-8")), as_of_round)
    path = CONTRIBUTED[name]
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ConfigError(f"{path}: cannot be read as the table of edition {name} ({reason})") from None
    known = [other for other in edition_names() if other != name]
    if not isinstance(table, dict) or table.get("extends") not in known:
        raise ConfigError(
            f'{path}: say which edition this one extends, as in extends: "3.0"; there are {", ".join(known)}'
        )
    base = load_edition(table["extends"], as_of_round=as_of_round)
    return Edition(name, merge(base.table, table | {"edition": name}), as_of_round, base.lineage)
