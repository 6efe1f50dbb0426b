"""What moved between two results: figures with their spread over runs, configuration, versions, hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storagebench.parameters import flatten

Record = Mapping[str, Any]


class Measure(Protocol):
    """A metric of records as reports know it: `direction` is 1 where higher is better, -1 where lower is, else 0."""

    @property
    def metric(self) -> str:
        """Its name in `metrics`."""
        ...

    @property
    def name(self) -> str:
        """Its name in full."""
        ...

    @property
    def unit(self) -> str:
        """Its unit."""
        ...

    @property
    def decimals(self) -> int:
        """Decimals that mean something."""
        ...

    @property
    def spread(self) -> str:
        """The metric that holds its standard deviation within a run, "" for none."""
        ...

    @property
    def direction(self) -> int:
        """Which way is better."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """A figure over the runs of one result; `low` and `high` are None where nothing tells how far it spreads."""

    mean: float
    runs: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure before and after; `exceeds` says whether it moved further than it spreads, None for *cannot tell*."""

    metric: str
    name: str
    unit: str
    decimals: int
    direction: int
    before: Side | None
    after: Side | None

    @property
    def percent(self) -> float | None:
        """The change of the mean in per cent of that before."""
        if self.before is None or self.after is None or not self.before.mean:
            return None
        return 100 * (self.after.mean - self.before.mean) / abs(self.before.mean)

    @property
    def loss_percent(self) -> float | None:
        """How much worse it became, in per cent; below zero where it is better now, None without a better and worse."""
        return None if self.percent is None or not self.direction else -self.direction * self.percent

    @property
    def exceeds(self) -> bool | None:
        """Whether every run of one side lies outside the spread of the other."""
        if self.before is None or self.after is None:
            return None
        ends = (self.before.low, self.before.high, self.after.low, self.after.high)
        if any(end is None for end in ends):
            return None
        low, high, other_low, other_high = (float(end) for end in ends if end is not None)
        return high < other_low or other_high < low

    @property
    def word(self) -> str:
        """The statement on the change."""
        if self.before is None or self.after is None:
            return "only on one side"
        if self.exceeds is None:
            return "one run, spread unknown"
        if not self.exceeds:
            return "within the spread"
        loss = self.loss_percent
        verdict = "changed" if not loss else "worse" if loss > 0 else "better"
        return f"{verdict}, beyond the spread"


@dataclass(frozen=True, slots=True)
class Move:
    """Something that is not the same on both sides."""

    kind: str
    name: str
    before: str
    after: str


def changes(before: Sequence[Record], after: Sequence[Record], measures: Sequence[Measure]) -> tuple[Change, ...]:
    """Hold the runs of two results against each other, figure by figure; one that neither side has is left out."""
    found = (
        Change(
            metric=measure.metric,
            name=measure.name,
            unit=measure.unit,
            decimals=measure.decimals,
            direction=measure.direction,
            before=_side(before, measure),
            after=_side(after, measure),
        )
        for measure in measures
    )
    return tuple(change for change in found if change.before or change.after)


def _side(runs: Sequence[Record], measure: Measure) -> Side | None:
    """Sum up a figure over runs. The spread of several runs is their range, that of one is what it says of itself."""
    values = [float(value) for run in runs if (value := run["metrics"].get(measure.metric)) is not None]
    if not values:
        return None
    mean = sum(values) / len(values)
    if len(values) > 1:
        return Side(mean, len(values), min(values), max(values))
    within = next((run["metrics"].get(measure.spread) for run in runs if measure.spread), None)
    return Side(mean, 1, None, None) if within is None else Side(mean, 1, mean - within, mean + within)


APART = frozenset(
    {"id", "run", "seed", "tag", "series", "workload", "overrides", "settings", "prediction", "sizing", "results_dir"}
    | {"organisation", "hosts", "parameters", "dataset"}
)
"""What of a plan is no configuration, or is said elsewhere."""
PYTESTS_OWN = ("PYTEST_", "COLUMNS", "LINES")
"""Variables that pytest and its workers set for themselves, and terminals; all begin so."""
HOST_FACTS = ("hostname", "memory_bytes", "logical_cpus", "physical_cpus", "cpu_model", "architecture", "kernel")


def moves(before: Record, after: Record) -> tuple[Move, ...]:
    """List what else differs between two runs (whole records): configuration, versions, hosts, environment."""
    return tuple(
        Move(kind, name, _said(there.get(name)), _said(here.get(name)))
        for kind, facts in FACTS.items()
        for there, here in [(facts(before), facts(after))]
        for name in sorted(there.keys() | here.keys())
        if there.get(name) != here.get(name)
    )


def _configuration(record: Record) -> dict[str, Any]:
    plan = record["plan"]
    own = {name: value for name, value in plan.items() if name not in APART}
    return flatten(own) | flatten(plan["parameters"])


def _versions(record: Record) -> dict[str, Any]:
    return flatten(record.get("environment") or {}) | {"engine": (record.get("engine") or {}).get("version")}


def _hosts(record: Record) -> dict[str, Any]:
    hosts = (record.get("cluster_start") or {}).get("hosts") or ()
    facts = {"number of hosts": len(hosts)}
    for number, host in enumerate(hosts, 1):
        facts |= {f"host {number} {name}": host.get(name) for name in HOST_FACTS}
        facts |= {f"host {number} {name}": fact for name, fact in flatten(host.get("extra") or {}).items()}
    return facts


def _environment(record: Record) -> dict[str, Any]:
    names = record.get("environment_variables") or ()
    return dict.fromkeys((name for name in names if not name.startswith(PYTESTS_OWN)), "set")


def _plugins(record: Record) -> dict[str, Any]:
    return flatten(record.get("extra") or {})


FACTS = {
    "configuration": _configuration,
    "version": _versions,
    "host": _hosts,
    "environment": _environment,
    "plugin": _plugins,
}
"""Kinds of facts that are compared, and how a record tells them; values of variables are never recorded."""


def _said(value: Any) -> str:
    return "absent" if value is None else str(value)
