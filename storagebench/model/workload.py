"""One point of `configs/`: what the edition sanctions, before anybody chose hosts or paths."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A model on an accelerator ("" where none is emulated), with its parameter tree.

    That of training and checkpointing is DLIO's, under the names of editions 2.0 and 3.0. `accelerators` is the number
    that the rules demand, None where any will do; `variant` tells points of a family without accelerators apart.
    """

    family: str
    model: str
    accelerator: str
    editions: tuple[str, ...]
    status: str
    divisions: tuple[str, ...]
    parameters: Mapping[str, Any]
    quick: Mapping[str, Any] | None
    core_config_hashes: tuple[str, ...]
    comparability_class: str | None
    source: str
    where: str
    notes: tuple[str, ...] = ()
    accelerators: int | None = None
    variant: str = ""

    @property
    def id(self) -> str:
        """The name people select it by: ``unet3d-b200``."""
        return "-".join(part for part in (self.model, self.accelerator, self.variant) if part)

    @property
    def runnable(self) -> bool:
        """False for a point that an edition lists without ever having published its parameters."""
        return bool(self.parameters)
