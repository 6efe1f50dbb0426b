"""Below the table of the page: what it takes to become CLOSED, and the page of every rule that a finding names."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from storagebench.report import digest

Record = Mapping[str, Any]
MOST_ITEMS = 4
"""So many items are named beside a rule; the others are counted."""


def anchor(rule_name: str) -> str:
    """Return the id of a rule on the page."""
    return f"rule-{rule_name}"


def remedies(records: Sequence[Record]) -> str:
    """Say what the runs need to become CLOSED: each rule once, those that most runs break first; "" for nothing.

    Quick runs are left out: their sizes break rules on purpose.
    """
    broken: dict[str, list[tuple[Record, Record]]] = {}
    for record in records:
        for finding in () if record.get("quick") else digest.reasons(record):
            broken.setdefault(str(finding["rule_name"]), []).append((record, finding))
    if not broken:
        return ""
    ordered = sorted(broken.values(), key=len, reverse=True)
    items = "".join(_remedy(found) for found in ordered)
    return f'<section class="remedies"><h2>What it takes to become CLOSED</h2><ol>{items}</ol></section>'


def _remedy(found: Sequence[tuple[Record, Record]]) -> str:
    finding = found[0][1]
    told: dict[str, list[str]] = {}
    for record, one in found:
        told.setdefault(f"{one['saw']}, needs {one['needs']}", []).append(str(record["id"]))
    lines = [f"{sentence} ({_items(names)})" for sentence, names in list(told.items())[:MOST_ITEMS]]
    if len(told) > MOST_ITEMS:
        lines.append(f"and {len(told) - MOST_ITEMS} more of this rule")
    return f"<li>{link(finding)}: {escape(str(finding.get('text') or ''))}<small>{'<br>'.join(map(escape, lines))}</small></li>"


def _items(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_ITEMS} more" if len(names) > MOST_ITEMS else ""
    return ", ".join(names[:MOST_ITEMS]) + more


def link(finding: Record) -> str:
    """Return the name of a finding's rule as a link to its page below."""
    return f'<a href="#{escape(anchor(str(finding["rule_name"])))}">{escape(digest.rule(finding))}</a>'


def rule_pages(records: Iterable[Record]) -> str:
    """Return the pages of all rules that the findings name, folded, as `--explain` prints them; "" for none."""
    named: dict[str, tuple[Record, str]] = {}
    for record in records:
        for finding in record.get("findings") or ():
            named.setdefault(str(finding["rule_name"]), (finding, str(record.get("judged_as"))))
    if not named:
        return ""
    pages = "".join(_rule(finding, edition) for finding, edition in sorted(named.values(), key=_place))
    return f'<section class="rules"><h2>Rules that findings name</h2>{pages}</section>'


def _place(named: tuple[Record, str]) -> str:
    return str(named[0]["rule_name"])


def _rule(finding: Record, edition: str) -> str:
    from storagebench.edition import edition_names, load_edition
    from storagebench.errors import ConfigError
    from storagebench.report import rulebook

    name = str(finding["rule_name"])
    try:
        known = edition if edition in edition_names() else edition_names()[0]
        text = "\n".join(rulebook.page(name, load_edition(known))).strip()
    except ConfigError:  # a record of another checkout may name a rule that this one does not have
        text = f"{digest.rule(finding)}\n\n{finding.get('text') or ''}"
    return f'<details id="{escape(anchor(name))}"><summary>{escape(digest.rule(finding))}</summary><pre>{escape(text)}</pre></details>'
