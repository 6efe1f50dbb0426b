"""`--history=model=unet3d,verdict=closed,since=2026-11-01`: which saved runs are meant."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase

from storagebench.errors import ConfigError
from storagebench.history.shelf import Saved
from storagebench.model import OFFICIAL


def _hosts(run: Saved) -> Iterable[str]:
    yield from (str(host.get("name")) for host in run.plan.get("hosts") or ())
    yield from (str(host.get("hostname")) for host in (run.whole().get("cluster_start") or {}).get("hosts") or ())


TEXTS: Mapping[str, Callable[[Saved], Iterable[str]]] = {
    "item": lambda run: [str(run.record["id"])],
    "family": lambda run: [str(run.record["family"])],
    "model": lambda run: [str(run.plan["workload"]["model"])],
    "accelerator": lambda run: [str(run.plan["workload"]["accelerator"])],
    "verdict": lambda run: [str(run.record.get("verdict") or "none")],
    "division": lambda run: [str(run.record["division"])],
    "edition": lambda run: [str(run.plan.get("edition"))],
    "system": lambda run: [str(run.plan.get("system"))],
    "host": _hosts,
    "tag": lambda run: [run.tag],
    "date": lambda run: [run.started.date().isoformat()],
}
"""Filters by name: what of a run they look at. A value matches whole, in any case, with * and ? as in file names."""
MOMENTS = ("since", "until")
"""Filters by start: from the beginning of a day (or a moment) on, and to the end of a day."""

Filter = Callable[[Saved], bool]


def parse_filters(text: str) -> tuple[Filter, ...]:
    """Read filters as they are typed, separated by commas; a run is meant when it passes all.

    Raises:
        ConfigError: one is no filter; the nearest is offered.
    """
    return tuple(_filter(part.strip(), text) for part in text.split(",") if part.strip())


def _filter(part: str, text: str) -> Filter:
    name, equals, value = part.partition("=")
    known = (*TEXTS, *MOMENTS)
    if not equals or name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}=…?" if near else f"filters are {', '.join(known)}"
        raise ConfigError(f"--history={text}: '{part}' is no filter; {hint}")
    if name in MOMENTS:
        return _by_start(name, value)
    pattern = OFFICIAL.get(value, value).casefold() if name == "family" else value.casefold()
    if name == "date":
        pattern += "*"  # 2026-11 is the whole month
    return lambda run: any(fnmatchcase(found.casefold(), pattern) for found in TEXTS[name](run))


def _by_start(name: str, value: str) -> Filter:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ConfigError(f"--history: {name}={value} is no date; write it as 2026-11-01 or 2026-11-01T14:30") from None
    if name == "since":
        edge = moment.astimezone()
        return lambda run: run.started >= edge
    if "T" not in value and " " not in value:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    edge = moment.astimezone()
    return lambda run: run.started <= edge
