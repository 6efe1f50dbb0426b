"""What the rules of checkpointing forbid, said before hours of writing; #792: 408 ranks ran to the end first."""

from collections.abc import Iterator, Mapping
from typing import Any

from storagebench.errors import PlanError
from storagebench.model import CheckpointingPlan, Edition


def check_rules(plan: CheckpointingPlan, edition: Edition) -> None:
    """Refuse a plan that cannot come to the division that it asks for; whatif asks for none.

    Raises:
        PlanError: with the rule's number and what would do.
    """
    if plan.division == "whatif":
        return
    for sentence in _breaches(plan, edition):
        raise PlanError(f"{plan.id}: not {plan.division.upper()}: {sentence}; --division=whatif measures all the same")


def _breaches(plan: CheckpointingPlan, edition: Edition) -> Iterator[str]:
    table = edition["checkpointing"]
    yield from _process_count(plan, table)
    if plan.subset and not _subset_allowed(plan, table) and plan.division == "closed":
        allowed = " or ".join(table["subset"]["models"])
        yield f"a subset is for {table['subset']['processes']} ranks of {allowed} (rule 4.3.5)"
    yield from _accelerator_memory(plan, table)
    counts = (plan.writes, plan.reads)
    writes, reads = table["writes"], table["reads"]
    if counts not in {(writes, reads), (writes, 0), (0, reads)}:
        yield (
            f"{plan.writes} writes and {plan.reads} reads, where the rules have {writes} and {reads}, or one of them "
            "in each of two invocations (rule 4.7.1, --split-phases)"
        )


def _process_count(plan: CheckpointingPlan, table: Mapping[str, Any]) -> Iterator[str]:
    closed = table["closed_processes"][plan.workload.model]
    unit = table["open_process_multiple"][plan.workload.model]
    ranks = plan.accelerators
    if plan.division == "closed" and ranks != closed and not _subset_allowed(plan, table):
        yield f"{ranks} ranks, where CLOSED {plan.workload.model} takes exactly {closed:,} (rule 4.6.1)"
    elif plan.division == "open" and ranks % unit and not _subset_allowed(plan, table):
        yield f"{ranks} ranks, where OPEN {plan.workload.model} takes a multiple of {unit:,} (rule 4.6.4)"


def _subset_allowed(plan: CheckpointingPlan, table: Mapping[str, Any]) -> bool:
    subset = table["subset"]
    return plan.subset and plan.workload.model in subset["models"] and plan.accelerators == subset["processes"]


def _accelerator_memory(plan: CheckpointingPlan, table: Mapping[str, Any]) -> Iterator[str]:
    """Hold Table 2 against the memory of the accelerators; editions before 3.0 did not ask for their kind."""
    each, ranks = table["accelerator_memory_gb"].get(plan.accelerator), plan.accelerators
    if each is None:
        return
    if plan.accelerator not in table["accelerators"]:
        yield f"accelerator {plan.accelerator}, where the edition has {', '.join(table['accelerators'])} (--accelerator-type)"
    needed = table["checkpoint_size_gb"][plan.workload.model]
    if each * ranks < needed:
        yield (
            f"{ranks} × {each} GB of {plan.accelerator} = {each * ranks:,} GB cannot hold the {needed:,} GB of "
            f"{plan.workload.model} (rule 4.3.4, Table 2)"
        )
