"""What a KV-cache run really started, taken from its recorded command lines; and what each of its clients left.

The `args` of the metadata are the front end's defaults (100 users, 60 s, 16 GiB) where the Options ran with others; the
command lines are the truth. They are only ever split into words, never run. Newer metadata, and that of this project's
own runs, has no command lines of the benchmark but says under `parameters` what ran. Nothing here decides anything.
"""

import functools
import itertools
import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from storagebench.model import Missing, Record

WRAPPER, DIRECT = "mlperf_wrapper.py", "kv-cache.py"
STATS = "summary.cache_stats"


class Launch(NamedTuple):
    """One start: the Option and trial that it made, the launcher's words, the script and its options without dashes.

    Of an option given twice the last counts, as for the benchmark's own parser. Nothing changes `given` once it is made.
    """

    option: str
    trial: str
    launcher: tuple[str, ...]
    script: str
    given: Mapping[str, str]

    @property
    def ranks(self) -> str | None:
        """How many ranks the launcher was asked to start, as written; None where it was not said."""
        pairs = itertools.pairwise(self.launcher)
        return next((value for word, value in pairs if word in ("-n", "-np", "--np")), None)


@functools.lru_cache(maxsize=1024)
def parse(command: str) -> tuple[Launch, ...]:
    """Split a command line into the starts of the benchmark in it: none in a probe of the hosts, say.

    Several where the launcher was given several programs, with ":" between them.

    Raises:
        ValueError: its quotes do not match.
    """
    words = shlex.split(command)
    bounds = [-1, *(i for i, word in enumerate(words) if word == ":"), len(words)]
    parts = (words[start + 1 : end] for start, end in itertools.pairwise(bounds))
    return tuple(launch for part in parts if (launch := _launch(part)))


def _launch(words: list[str]) -> Launch | None:
    scripts = [word.rpartition("/")[2] for word in words]
    at = next((i for i, script in enumerate(scripts) if script in (WRAPPER, DIRECT)), None)
    if at is None:
        return None
    given: dict[str, str] = {}
    for word, following in itertools.pairwise([*words[at + 1 :], "--"]):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            given[name] = value if equals or following.startswith("--") else following
    place = re.search(r"option_(\d{1,9})/trial_(\d{1,9})/?$", given.get("rank-output-base", ""))
    option, trial = place.groups() if place else ("", "")
    return Launch(option, trial, tuple(words[:at]), scripts[at], given)


def launches(record: Record) -> tuple[Launch, ...]:
    """Return the recorded starts of the benchmark, in order; `executed_command` is the last of them.

    Where there is no command line, the Options that the metadata says were run, one start each.

    Raises:
        Missing: no command line was recorded, one cannot be read, or none of them starts the benchmark.
    """
    commands = list(record.items("commands")) if record.has("commands") else []
    if record.has("executed_command") and record.text("executed_command") not in commands:
        commands.append(record.text("executed_command"))
    try:
        parsed = [launch for command in commands if isinstance(command, str) for launch in parse(command)]
    except ValueError as error:
        raise Missing("executed_command", f"cannot be split into words ({error})") from None
    started = tuple(launch for launch in parsed if launch.option or launch.script == DIRECT)
    if not commands and record.has("parameters.sequence") and record.has("parameters.options"):
        return _told(record)
    if not started:
        raise Missing("executed_command", f"starts neither {WRAPPER} nor {DIRECT}" if commands else "is missing")
    return started


def _told(record: Record) -> tuple[Launch, ...]:
    """Read `parameters.options`, `.sequence` and `.features` of the metadata as if they were command lines."""
    sequence = record.table("parameters.sequence")
    common = {"seed-base": str(sequence.get("seed")), "config": str(sequence.get("config"))}
    features = record.table("parameters.features") if record.has("parameters.features") else {}
    common |= {str(name).replace("_", "-"): str(value) for name, value in features.items()}
    return tuple(
        Launch(str(option), "", (), "", {**common, **{str(n).replace("_", "-"): str(v) for n, v in values.items()}})
        for option, values in record.table("parameters.options").items()
        if isinstance(values, Mapping)
    )


def settings(record: Record) -> dict[str, list[Mapping[str, str]]]:
    """Return what each Option was run with, one mapping for each start; the metadata's word where no command tells.

    Raises:
        Missing: as `launches`.
    """
    told: dict[str, list[Mapping[str, str]]] = {}
    for launch in launches(record):
        told.setdefault(launch.option, []).append(launch.given)
    if record.has("parameters.options"):
        for option, values in record.table("parameters.options").items():
            if str(option) not in told and isinstance(values, Mapping):
                told[str(option)] = [{str(name).replace("_", "-"): str(value) for name, value in values.items()}]
    return told


def same(found: str, wanted: object) -> bool:
    """Say whether a word of a command line is the wanted value: "300.0" is 300, "none" is none."""
    try:
        return float(found) == float(str(wanted))
    except ValueError:
        return found == str(wanted)


def clients_of(record: Record, option: str = "") -> tuple[Record, ...]:
    """Return the results that the clients (of one Option) left, each with the questions that a record answers.

    Raises:
        Missing: one of them is no mapping.
    """
    found = record.items("ranks") if record.has("ranks") else ()
    for i, rank in enumerate(found):
        if not isinstance(rank, Mapping):
            raise Missing(f"ranks[{i}]", "is not a mapping")
    chosen = (rank for rank in found if not option or str(rank.get("option")) == option)
    return tuple(Record(record.family, record.division, record.folder, rank) for rank in chosen)


def lost(record: Record, option: str) -> int:
    """Return how many results of an Option's clients the summary itself calls missing."""
    name = f"summary.options.{option}.missing_files"
    return len(record.items(name)) if record.has(name) else 0


def by_trial(record: Record, option: str, figure: str) -> list[list[float]]:
    """Return a figure of every client of an Option, trial by trial; empty unless all results are there that should be.

    The edition's tool aggregates over the survivors where clients were lost, and so does this.

    Raises:
        Missing: a client that used the storage tier does not tell the figure.
    """
    trials: dict[str, list[float]] = {}
    for client in clients_of(record, option):
        idle = not client.has(figure) and client.number(f"{STATS}.storage_entries") == 0
        trials.setdefault(str(client.value("trial")), []).append(0.0 if idle else client.number(figure))
    each, number = record.count("summary.total_ranks"), record.count("summary.trials_per_option")
    found = sum(map(len, trials.values()))
    return list(trials.values()) if len(trials) == number and found == each * number - lost(record, option) else []
