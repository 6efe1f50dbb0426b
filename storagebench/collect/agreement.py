"""Where the hosts of a run do not agree with the launch host, or are unfit: pure checks of what was collected.

A run is stopped by what would end it later or make it measure something else: another storage, other code, another
Python. What only taints its figures is a warning.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from storagebench.collect.lockfile import Difference, differences, sentence
from storagebench.collect.problem import Problem
from storagebench.collect.survey import Sight, Survey
from storagebench.collect.volatile import VOLATILE, type_at
from storagebench.model import HostFacts, Plan
from storagebench.units import bytes_text

CLOCK_S = 1.0
"""Clocks further apart than this spoil stamps and the order of logs; timings themselves are monotonic."""
SWAPPED_BYTES = 64 << 20
"""Less than this in swap is what boots leave behind, not pressure."""
DESCRIPTORS_APART = 64
"""Files that a process holds open beside its readers' and its ranks'."""

Said = tuple[str, str, bool]
"""A host, what is wrong there, and whether that stops the run."""


def disagreements(plan: Plan, found: Survey) -> list[Problem]:
    """Return all that keeps these hosts from running one plan together; hosts with the same problem share a sentence."""
    said: list[Said] = []
    for sight in found.hosts:
        for text, stops in (
            *_interpreter(sight, found.here),
            *_checkout(sight, found.here),
            *_storage(plan, sight, found.sentinel),
            *_descriptors(plan, sight),
        ):
            said.append((sight.host, text, stops))
    return grouped(said)


def conditions(hosts: Iterable[tuple[str, HostFacts]]) -> list[Problem]:
    """Return what taints figures on hosts as they are: swap in use, limits of control groups, clocks that differ."""
    return grouped([(name, text, False) for name, facts in hosts for text in _condition(facts)])


def unlocked(pinned: Mapping[str, str], environments: Iterable[tuple[str, Mapping[str, str]]]) -> list[Problem]:
    """Return where environments (a host, its distributions) are not the lock's; hosts that differ alike share a sentence."""
    by_difference: dict[tuple[Difference, ...], list[str]] = {}
    for host, installed in environments:
        if found := differences(pinned, installed):
            by_difference.setdefault(found, []).append(host)
    return [Problem(sentence(", ".join(hosts), found), stops=True) for found, hosts in by_difference.items()]


def grouped(said: Iterable[Said]) -> list[Problem]:
    """Join the hosts that have the same to say."""
    hosts: dict[tuple[str, bool], list[str]] = {}
    for host, text, stops in said:
        hosts.setdefault((text, stops), []).append(host)
    return [Problem(f"{', '.join(names)}: {text}", stops) for (text, stops), names in hosts.items()]


def _interpreter(sight: Sight, here: Sight) -> Iterator[tuple[str, bool]]:
    told, own = sight.answer["python"], here.answer["python"]
    if "error" in told:
        yield f"the Python of this environment ({told['path']}) {told['error']}: make the same environment there", True
        return
    if told["version"] != own["version"]:
        other = told["version"].split(".")[:2] != own["version"].split(".")[:2]
        yield f"Python is {told['version']} there and {own['version']} here: make the same environment there", other


def _checkout(sight: Sight, here: Sight) -> Iterator[tuple[str, bool]]:
    there, own = sight.answer["checkout"], here.answer["checkout"]
    if there["digest"] is None:
        yield (
            f"there is no checkout at {own['path']}: put the same one there, or on a filesystem that all hosts share",
            True,
        )
    elif there["digest"] != own["digest"]:
        yield (
            f"the checkout at {own['path']} is another one than here: update it, so that all ranks run the same code",
            True,
        )


def _storage(plan: Plan, sight: Sight, sentinel: str | None) -> Iterator[tuple[str, bool]]:
    data, results = (sight.answer["paths"][path] for path in (plan.storage_dir, plan.results_dir))
    option = f"{plan.storage_option}={plan.storage_dir}"
    if not data["is_directory"]:
        if sentinel is not None:
            yield f"{option} is no directory there: mount the storage", True
        return
    if sentinel is not None and sight.answer["sentinel"] != sentinel:
        yield (
            f"{option} is another storage there: a file written here does not show; mount the same one on every host",
            True,
        )
    kind = type_at(sight.answer["files"].get("/proc/self/mountinfo", ""), data["existing"])
    if kind in VOLATILE:
        yield f"{option} is on {kind} there, {VOLATILE[kind]}: figures will not be those of storage", False
    if results["is_directory"] and results["device"] == data["device"]:
        rule = f"rule {plan.separation_rule} wants them apart"
        yield f"--results-dir={plan.results_dir} is on the filesystem of {plan.storage_option} there: {rule}", False


def _descriptors(plan: Plan, sight: Sight) -> Iterator[tuple[str, bool]]:
    limit, need = sight.answer["open_files"], DESCRIPTORS_APART + plan.open_files_per_rank
    if 0 <= limit < need:
        yield (
            f"a rank needs {need:,} open files and may have {limit:,}: raise nofile in /etc/security/limits.conf",
            True,
        )


def _condition(facts: HostFacts) -> Iterator[str]:
    swapped = _kib(facts, "SwapTotal") - _kib(facts, "SwapFree")
    if swapped > SWAPPED_BYTES:
        yield f"{bytes_text(swapped)} are in swap: memory is short, and swapping looks like slow storage"
    if facts.memory_limit_bytes is not None and facts.memory_limit_bytes < facts.memory_bytes:
        yield (
            f"a control group allows {bytes_text(facts.memory_limit_bytes)} of {bytes_text(facts.memory_bytes)} of "
            "memory: the page cache counts against it"
        )
    if facts.cpu_limit is not None and facts.cpu_limit < facts.logical_cpus:
        yield f"a control group allows {facts.cpu_limit:g} of {facts.logical_cpus} processors: readers will be throttled"
    offset, unsure = facts.clock_offset_s, facts.clock_uncertainty_s
    if offset is not None and unsure is not None and abs(offset) - unsure > CLOCK_S:
        way = "ahead of" if offset > 0 else "behind"
        yield f"the clock is {abs(offset):.1f} s {way} this host's: set it (chrony, ntp), or logs cannot be put in order"


def _kib(facts: HostFacts, name: str) -> int:
    words: list[Any] = facts.meminfo.get(name, "0").split()
    return int(words[0]) * 1024 if words and str(words[0]).isdecimal() else 0
