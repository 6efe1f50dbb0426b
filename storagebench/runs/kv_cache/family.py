"""KV caches as a family: chunks of keys and values, stored and restored for inference."""

from pathlib import Path

from storagebench.collect.filesystem import existing_parent, filesystem_of
from storagebench.engines.kvcache.tiers import GET, PUT
from storagebench.engines.kvcache.trace import make_trace
from storagebench.errors import EngineError
from storagebench.launch import Launching, Tell
from storagebench.model import Cluster, Edition, KvCachePlan, Stage
from storagebench.plan import Wishes, check_disk, check_memory
from storagebench.plan import kvcache as planning
from storagebench.runs.family import Family
from storagebench.runs.kv_cache import course
from storagebench.select import Point
from storagebench.units import bytes_text


class KvCache:
    """Plan, trials, figures; nothing outlives a run."""

    name = "kv_cache"

    def plan(self, point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, seed: int) -> KvCachePlan:
        """Decide every number; the seed is the workload's own, unless somebody typed another."""
        free = filesystem_of(wishes.cache_dir).free_bytes if wishes.cache_dir else None
        return planning.make_plan(point, wishes, edition, cluster, free)

    def describe(self, plan: KvCachePlan) -> tuple[str, ...]:
        """Say what each Option would do, with the identity of its first client's plan."""
        ranks = plan.accelerators
        return planning.describe(plan, tuple(_traced(stage, plan.seed, ranks) for stage in plan.stages))

    def check(self, plan: KvCachePlan, cluster: Cluster) -> None:
        """Refuse too little memory or room."""
        check_memory(plan, cluster, "lower store.readers, store.part_mib or load.most_gib_per_s")
        check_disk(plan, filesystem_of(plan.cache_dir).free_bytes, " or lower tiers.storage_gib")

    def prepare(self, plan: KvCachePlan, cluster: Cluster, launching: Launching, tell: Tell) -> Path | None:
        """Make the cache directory; return the topmost folder that was not there before.

        Raises:
            EngineError: it cannot be made.
        """
        path, there = Path(plan.cache_dir), existing_parent(plan.cache_dir)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(f"{path}: cannot be made ({error.strerror}); choose another --cache-dir") from None
        return None if there == path.resolve() else path

    def run(self, plan: KvCachePlan, prepared: Path | None, cluster: Cluster, launching: Launching, tell: Tell) -> Path:
        """Run all trials of all Options."""
        try:
            return course.run(plan, cluster, launching, tell)
        finally:
            if prepared is not None:
                course.remove_if_empty(prepared)


def _traced(stage: Stage, seed: int, ranks: int) -> str:
    trace = make_trace(stage, seed, ranks if stage.storing.keys == "shared" else 1)
    hits = "nothing to find" if trace.hit_ratio is None else f"{100 * trace.hit_ratio:.0f} % found"
    return (
        f"plan of client 0: {len(trace.requests):,} requests, {bytes_text(trace.moved_bytes(GET))} read, "
        f"{bytes_text(trace.moved_bytes(PUT))} written, {hits}, at most {bytes_text(trace.peak_bytes)} stored, "
        f"SHA-256 {trace.sha256[:16]}"
    )


FAMILY: Family[KvCachePlan, Path | None] = KvCache()
