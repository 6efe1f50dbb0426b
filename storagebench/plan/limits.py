"""The refusal of what cannot fit, with the arithmetic."""

from storagebench.errors import PlanError
from storagebench.model import Cluster, Plan
from storagebench.units import bytes_text


def check_memory(plan: Plan, cluster: Cluster, advice: str = "lower --accelerators") -> None:
    """Refuse a plan that does not fit in the memory of one of its hosts.

    Raises:
        PlanError: with the host's name, the arithmetic and the advice.
    """
    need = plan.prediction.memory_bytes_per_host
    for host in cluster.hosts:
        if need > host.available_bytes:
            raise PlanError(
                f"{plan.id}: host {host.hostname} has {bytes_text(host.available_bytes)} of memory available where "
                f"{bytes_text(need)} are needed ({plan.prediction.working[-1]}); {advice}"
            )


def check_disk(plan: Plan, free_bytes: int, advice: str = "") -> None:
    """Refuse a plan whose files are still to be written and do not fit; engines look closer than this.

    Raises:
        PlanError: with the arithmetic and the advice.
    """
    if plan.prediction.disk_bytes > free_bytes:
        raise PlanError(
            f"{plan.id}: {plan.storage_dir} has {bytes_text(free_bytes)} free where "
            f"{bytes_text(plan.prediction.disk_bytes)} are needed ({plan.prediction.working[0]}); "
            f"choose another {plan.storage_option}{advice}"
        )
