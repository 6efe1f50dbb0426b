"""The golden checkpointing result of `rules/examples/checkpointing.yaml`, changed, split, or of another model."""

from typing import Any

import yaml

from storagebench import examples
from storagebench.edition import load_edition
from storagebench.model import Group, Record

SPLIT: dict[str, Any] = yaml.safe_load((examples.FOLDER / "checkpointing.yaml").read_text(encoding="utf-8"))["split"]
"""The changes that make two invocations of the golden one: the first writes, the second reads."""

WHOLE_GIB = {"llama3-8b": 104.7045, "llama3-70b": 911.2121, "llama3-405b": 5292.2487, "llama3-1t": 15_426.5893}
"""A checkpoint written by all ranks."""


def vary(edition: str, changes: dict[str, Any] | None = None) -> Record:
    """Return the golden run with some facts changed; None removes one."""
    return examples.run("checkpointing", edition, changes or {})


def combined(edition: str, changes: dict[str, Any] | None = None) -> Group:
    """Return the golden result of one invocation with ten writes and ten reads."""
    return examples.result("checkpointing", edition, changes or {})


def split(edition: str, changes: dict[str, Any] | None = None) -> Group:
    """Return the golden result of two invocations, ten writes and then ten reads."""
    return combined(edition, SPLIT | (changes or {}))


def of_model(edition: str, model: str, processes: int, changes: dict[str, Any] | None = None) -> Record:
    """Return a run of any model that is like the golden one: eight ranks a host, the model's own template."""
    template = load_edition(edition)["checkpointing.templates"][model]
    own = {
        "model": model,
        "args.num_processes": processes,
        "summary.num_accelerators": processes,
        "summary.num_hosts": max(1, processes // 8),
        "summary.metric.checkpoint_size_GB": WHOLE_GIB[model],
    }
    return vary(edition, {f"parameters.{name}": value for name, value in template.items()} | own | (changes or {}))
