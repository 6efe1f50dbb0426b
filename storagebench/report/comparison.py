"""A result beside an earlier one: the plain data that reports carry, and how terminal and page show it."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from storagebench.history import Saved
from storagebench.history.comparison import Change, changes, moves
from storagebench.history.gate import Gate, breaches
from storagebench.report import digest
from storagebench.report.presentation import presentation_of
from storagebench.serial import to_json

Comparison = Mapping[str, Any]
MOST_MOVES = 12
"""So many differences are listed in the terminal; the page has all."""


def compared(before: Sequence[Saved], after: Sequence[Saved], gate: Gate | None = None) -> dict[str, Any]:
    """Hold the runs of two results against each other, and return what reports show of it.

    Raises:
        RecordError: one of the last runs, whose settings are compared, cannot be read.
    """
    measures = presentation_of(after[-1].record).figures
    figures = changes([run.record for run in before], [run.record for run in after], measures)
    name = title(before[-1])
    return {
        "with": name,
        "folder": str(before[-1].folder),
        "runs": [len(before), len(after)],
        "figures": [_figure(change) for change in figures],
        "moves": [to_json(move) for move in moves(before[-1].whole(), after[-1].whole())],
        "slower": list(breaches(gate, figures, name)) if gate else [],
    }


def title(run: Saved) -> str:
    """Name a saved run: ``0007 (tag baseline, 2026-11-01 12:00)``."""
    tag = f"tag {run.tag}, " if run.tag else ""
    return f"{run.name} ({tag}{run.started:%Y-%m-%d %H:%M})"


def _figure(change: Change) -> dict[str, Any]:
    kept = {name: to_json(getattr(change, name)) for name in ("metric", "name", "unit", "decimals", "before", "after")}
    return kept | {"percent": change.percent, "word": change.word}


def lines(comparison: Comparison, *, everything: bool = False) -> Iterator[str]:
    """Yield the comparison for a terminal: a table of figures, then what else moved."""
    counts = " and ".join(f"{count} run{'s' * (count != 1)}" for count in comparison["runs"])
    yield f"compared with {comparison['with']}: {counts}"
    rows = [("figure", "before", "after", "change", ""), *(_row(figure) for figure in comparison["figures"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, before, after, change, word in rows:
        cells = (name.ljust(widths[0]), before.rjust(widths[1]), after.rjust(widths[2]), change.rjust(widths[3]), word)
        yield f"  {'  '.join(cells)}".rstrip()
    shown = comparison["moves"] if everything else comparison["moves"][:MOST_MOVES]
    for move in shown:
        yield f"  {move['kind']}  {move['name']}: {move['before']} -> {move['after']}"
    if rest := len(comparison["moves"]) - len(shown):
        yield f"  and {rest} more differences; -v lists them, as does --html"
    if not comparison["moves"]:
        yield "  nothing else differs: configuration, versions, hosts and environment are the same"
    for sentence in comparison["slower"]:
        yield f"  SLOWER: {sentence}"


def _row(figure: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    name = f"{figure['name']} ({figure['unit']})"
    change = "-" if figure["percent"] is None else f"{figure['percent']:+.1f} %"
    before, after = (_side(figure[side], figure["decimals"]) for side in ("before", "after"))
    return name, before, after, change, str(figure["word"])


def _side(side: Mapping[str, Any] | None, decimals: int) -> str:
    if side is None:
        return digest.UNKNOWN
    mean = digest.figure(side["mean"], decimals)
    if side["low"] is None:
        return mean
    return f"{mean} ({digest.figure(side['low'], decimals)} to {digest.figure(side['high'], decimals)})"


def block(comparison: Comparison | None) -> str:
    """Return the comparison for the page, "" where there is none."""
    if not comparison:
        return ""
    slower = "".join(f'<p class="reason">{escape(sentence)}</p>' for sentence in comparison["slower"])
    rows = "".join(_html_row(_row(figure), figure["word"]) for figure in comparison["figures"])
    caption = f"<caption>Compared with {escape(comparison['with'])}</caption>"
    head = "<tr><th scope=col>figure<th scope=col>before<th scope=col>after<th scope=col>change<th scope=col>statement</tr>"
    table = f'<div class="scroll" tabindex="0"><table class="compared">{caption}<thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    return f'<div class="comparison">{slower}{table}{_moved(comparison["moves"])}</div>'


def _html_row(cells: Sequence[str], word: str) -> str:
    look = "invalid" if word.startswith("worse") else "closed" if word.startswith("better") else ""
    name, *figures, statement = map(escape, cells)
    numbers = "".join(f"<td>{cell}</td>" for cell in figures)
    return f'<tr><th scope="row">{name}</th>{numbers}<td class="{look}">{statement}</td></tr>'


def _moved(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "<p>Nothing else differs: configuration, versions, hosts and environment are the same.</p>"
    rows = "".join(
        f"<tr><td>{escape(move['kind'])}</td><td>{escape(move['name'])}</td><td>{escape(move['before'])}</td>"
        f"<td>{escape(move['after'])}</td></tr>"
        for move in found
    )
    head = "<tr><th>kind</th><th>what</th><th>before</th><th>after</th></tr>"
    table = f'<div class="scroll" tabindex="0"><table class="compared moved"><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    return f"<details><summary>What else moved ({len(found)})</summary>{table}</details>"
