"""The plan of a KV-cache run: its Options, how often each is tried, and where objects go."""

from dataclasses import dataclass
from typing import ClassVar

from storagebench.model.kvcache_stage import Stage
from storagebench.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class KvCachePlan(Plan):
    """Stages are the Options in their order; `accelerators` is the number of clients, `seed` the base of theirs."""

    storage_option: ClassVar[str] = "--cache-dir"
    separation_rule: ClassVar[str] = "6.4.1"

    stages: tuple[Stage, ...]
    trials: int
    inter_option_delay_s: float
    cache_dir: str

    @property
    def storage_dir(self) -> str:
        """The cache directory."""
        return self.cache_dir

    @property
    def open_files_per_rank(self) -> int:
        """One for each thread."""
        return max(stage.storing.readers + stage.storing.writers for stage in self.stages)

    def option_table(self) -> dict[str, dict[str, object]]:
        """Say what each Option really runs, in the words of Table KVCache-1."""
        return {
            str(stage.option): {
                "model": stage.traffic.model,
                "num_users": stage.traffic.users,
                "duration": stage.load.window_s,
                "gpu_mem_gb": stage.tiers.hbm_bytes / 2**30,
                "cpu_mem_gb": stage.tiers.dram_bytes / 2**30,
                "max_concurrent_allocs": stage.storing.writers,
                "generation_mode": "none",
            }
            for stage in self.stages
        }
