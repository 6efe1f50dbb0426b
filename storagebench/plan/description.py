"""A plan in lines for a person; each family adds the lines on what only it does."""

from collections.abc import Iterable

from storagebench.model import Plan


def described(plan: Plan, lines: Iterable[str]) -> tuple[str, ...]:
    """Say a plan: what would run and where, the family's own lines, where results go, what is overridden and set."""
    changed = [f"{name}={override.value} ({override.origin})" for name, override in plan.overrides.items()]
    ranks = f"{plan.accelerators} rank{'s' if plan.accelerators > 1 else ''}"
    return (
        f"{plan.id}: {plan.division}, edition {plan.edition}, {plan.workload.where}",
        f"  hosts       {', '.join(host.name for host in plan.hosts)} ({ranks}, {plan.launcher})",
        *lines,
        f"  results     {plan.results_dir}/{plan.division}/{plan.organisation}/results/{plan.system}",
        f"  overridden  {', '.join(changed) or 'nothing'}",
        f"  set by us   {', '.join(f'{name}={value}' for name, value in plan.settings.items())}",
    )


def working(lines: Iterable[str]) -> Iterable[str]:
    """Indent the working of a size below the line that it explains."""
    return (f"              {line}" for line in lines)
