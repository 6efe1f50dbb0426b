"""Junit properties: those of each testcase and those of the whole suite."""

from collections.abc import Mapping
from typing import Any

import pytest

from storagebench.report import climb, digest

Property = tuple[str, str | float]


def properties(record: Mapping[str, Any]) -> list[Property]:
    """Return the properties of one run: str and float only, for nothing else survives xdist and XML alike.

    All metrics of the record are among them, under their own names; one that the record leaves open is absent.
    """
    names = dict.fromkeys(map(digest.rule, digest.reasons(record)))
    words = {
        "item": record.get("id"),
        "verdict": record.get("verdict"),
        "division": record.get("division"),
        "edition": record.get("judged_as"),
        "quick": "true" if record.get("quick") else "false",
        "findings": "; ".join(names) or "none",
        "engine": digest.find(record, "engine.name"),
        "record": record.get("folder"),
    }
    metrics = digest.find(record, "metrics") or {}
    compared = record.get("comparison") or {"figures": ()}
    words["compared_with"] = compared.get("with")
    moved = {f"{figure['metric']}_change_percent": figure["percent"] for figure in compared["figures"]}
    climbed = climb.properties(record["climb"]) if "climb" in record else {}
    known: list[Property] = [(name, str(value)) for name, value in words.items() if value is not None]
    known.extend((name, float(value)) for name, value in (metrics | moved).items() if value is not None)
    known.extend(climbed.items())
    return known


def add_suite_properties(config: pytest.Config, facts: Mapping[str, str]) -> None:
    """Write the facts of the session into the `<testsuite>`; does nothing where no junit file was asked for.

    Goes to pytest's junit object itself: its fixture for the purpose loses the properties under xdist.
    """
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is not None:
        for name, value in facts.items():
            xml.add_global_property(name, value)
