"""All checks of a run's environment, on this host and on every other, before anything starts."""

from collections.abc import Callable, Iterator

from storagebench.collect.agreement import conditions, disagreements, unlocked
from storagebench.collect.cluster import collector_of
from storagebench.collect.environment import problems
from storagebench.collect.lockfile import LOCK, installed_here, pins
from storagebench.collect.problem import Problem
from storagebench.collect.survey import Sight, survey
from storagebench.errors import ClusterError
from storagebench.hosts import is_local
from storagebench.launch import Launcher
from storagebench.model import Cluster, Plan


def inspect(
    plan: Plan, cluster: Cluster, launcher: Launcher, *checks: Callable[[], object], locked: bool
) -> list[Problem]:
    """Return all that is wrong, what stops the run first.

    Args:
        plan: what is to run.
        cluster: its hosts as they were described.
        launcher: how ranks would start, or another process look at the hosts.
        checks: a family's own, which raise what stops it.
        locked: whether every environment must be that of the lock.
    """
    names = [host.name for host in plan.hosts]
    found = [*problems(plan, *checks), *conditions(zip(names, cluster.hosts, strict=True))]
    sights: tuple[Sight, ...] = ()
    if not all(map(is_local, plan.hosts)):
        try:
            seen = survey(plan, collector_of(launcher))
        except ClusterError as error:
            found.append(Problem(str(error), stops=True))
        else:
            found += disagreements(plan, seen)
            sights = seen.hosts
    if locked:
        found += _unlocked(sights)
    return sorted(found, key=lambda problem: not problem.stops)


def _unlocked(sights: tuple[Sight, ...]) -> Iterator[Problem]:
    told = [(sight.host, sight.answer["python"].get("distributions")) for sight in sights]
    environments = [("this host", installed_here()), *((host, found) for host, found in told if found is not None)]
    yield from unlocked(pins(LOCK.read_text(encoding="utf-8")), environments)
