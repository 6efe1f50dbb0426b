"""The plan of a KV-cache run: Options with every number decided, and what they will take."""

from collections.abc import Mapping
from typing import Any

from storagebench import parameters
from storagebench.errors import PlanError
from storagebench.model import (
    Cluster,
    Edition,
    KvCachePlan,
    Load,
    Override,
    Prediction,
    Stage,
    Storing,
    Tiers,
    Traffic,
)
from storagebench.plan.chosen import chosen
from storagebench.plan.description import described, working
from storagebench.plan.wishes import Wishes
from storagebench.select import Point
from storagebench.units import GIB, KIB, MIB, bytes_text, duration_text

RANK_BYTES = 80 * MIB
"""Python, numpy, the engine (50 MiB measured with a plan of a thousand operations), and a little air."""
OPERATION_BYTES = 400
"""A row of the plan with its edges, its times and the lists that the threads read."""
MOST_FREE_SHARE = 0.9
"""Of what is free on the storage, the clients' tiers take no more."""
OPTION_WORDS = {
    "traffic.model": "model",
    "traffic.users": "num_users",
    "load.in_flight": "num_users",
    "load.window_s": "duration",
    "tiers.hbm_gib": "gpu_mem_gb",
    "tiers.dram_gib": "cpu_mem_gb",
    "store.readers": "num_users",
    "store.writers": "max_concurrent_allocs",
}
"""Parameters that an Option of Table KVCache-1 decides, and what it calls them."""


def make_plan(point: Point, wishes: Wishes, edition: Edition, cluster: Cluster, free_bytes: int | None) -> KvCachePlan:
    """Make a point concrete on a cluster; `free_bytes` is what the cache directory has, None when nobody named one.

    Raises:
        PlanError: the numbers contradict each other.
    """
    workload = point.workload
    overrides = wishes.overrides(workload)
    if wishes.seed is not None:
        overrides["sequence.seed"] = Override(wishes.seed, "user")
    tree = parameters.with_values(workload.parameters, {name: override.value for name, override in overrides.items()})
    known = parameters.flatten({name: item for name, item in tree.items() if name != "options"})
    options: Mapping[str, Mapping[str, Any]] = tree.get("options", {"1": {}})
    share_bytes = int(MOST_FREE_SHARE * (free_bytes or 0)) // point.accelerators
    stages = tuple(
        _stage(int(number), _name(workload.model, number, options), _decided(known, option, overrides), share_bytes)
        for number, option in options.items()
    )
    trials: int = known["sequence.trials"]
    delay_s: float = known["sequence.inter_option_delay_s"]
    return KvCachePlan(
        **chosen(point, wishes, edition),
        parameters=tree,
        overrides=overrides,
        settings={},
        prediction=_prediction(stages, trials, delay_s, point.accelerators, len(cluster.hosts)),
        seed=known["sequence.seed"],
        stages=stages,
        trials=trials,
        inter_option_delay_s=delay_s,
        cache_dir=wishes.cache_dir,
    )


def describe(plan: KvCachePlan, traces: tuple[str, ...]) -> tuple[str, ...]:
    """Say a plan in lines for a person; `traces` has a line on the operations of each Option."""
    lines = []
    for stage, trace in zip(plan.stages, traces, strict=True):
        traffic, load, tiers, storing = stage.traffic, stage.load, stage.tiers, stage.storing
        drive = f"{load.in_flight} requests at a time" if load.kind == "closed" else f"{load.kind} load × {load.rate:g}"
        lines += [
            f"  option {stage.option}    {stage.name}: {traffic.model}, {traffic.mode}, {drive}, {plan.trials} × {load.window_s:g} s",
            (
                f"              storage tier {bytes_text(tiers.storage_bytes)} a client behind "
                f"{bytes_text(tiers.hbm_bytes)} HBM and {bytes_text(tiers.dram_bytes)} DRAM; {storing.backend} "
                f"{storing.layout}, {storing.readers} readers, {storing.writers} writers, durability {storing.durability}"
            ),
            f"              {trace}",
        ]
    return described(plan, (*lines, *working(plan.prediction.working)))


def _name(profile: str, number: str, options: Mapping[str, object]) -> str:
    return f"{profile}-opt{number}" if len(options) > 1 else profile


def _decided(known: Mapping[str, Any], option: Mapping[str, Any], overrides: Mapping[str, Override]) -> dict[str, Any]:
    """Lay an Option's values over the common ones; what somebody asked for by its common name wins over both."""
    chosen = {name: option[word] for name, word in OPTION_WORDS.items() if word in option and name not in overrides}
    return {**known, **chosen}


def _stage(number: int, name: str, known: Mapping[str, Any], share_bytes: int) -> Stage:
    for least, most in (
        ("traffic.least_prompt_tokens", "traffic.most_prompt_tokens"),
        ("traffic.median_input_tokens", "traffic.most_input_tokens"),
        ("traffic.least_output_tokens", "traffic.most_output_tokens"),
    ):
        if known[least] > known[most]:
            raise PlanError(f"{name}: {least} is {known[least]:,} and {most} only {known[most]:,}; change one of them")
    part_bytes = int(known["store.part_mib"] * MIB)
    if part_bytes % (4 * KIB) or not part_bytes:
        raise PlanError(f"{name}: store.part_mib={known['store.part_mib']:g} is no multiple of 4 KiB")
    return Stage(
        option=number,
        name=name,
        traffic=_traffic(known),
        tiers=_tiers(known, share_bytes),
        load=_load(known),
        storing=_storing(known, part_bytes),
    )


def _traffic(known: Mapping[str, Any]) -> Traffic:
    trace = known.get("traffic.trace", "")
    return Traffic(
        profile="replay" if trace else known["traffic.profile"],
        model=known["traffic.model"],
        mode=known["traffic.mode"],
        chunk_tokens=known["traffic.chunk_tokens"],
        tensor_parallel=known["traffic.tensor_parallel"],
        partial_chunks=known["traffic.partial_chunks"],
        users=known["traffic.users"],
        requests_per_s=known["traffic.requests_per_s"],
        burstiness=known["traffic.burstiness"],
        prompts=known["traffic.prompts"],
        skew=known["traffic.skew"],
        prompt_tokens=(known["traffic.least_prompt_tokens"], known["traffic.most_prompt_tokens"]),
        input_tokens=(known["traffic.median_input_tokens"], known["traffic.most_input_tokens"]),
        output_tokens=(known["traffic.least_output_tokens"], known["traffic.most_output_tokens"]),
        turns=known["traffic.turns"],
        think_s=known["traffic.think_s"],
        documents_per_request=known["traffic.documents_per_request"],
        most_context_tokens=known["traffic.most_context_tokens"],
        most_output_tokens=known["traffic.most_output_tokens"],
        trace=trace,
    )


def _tiers(known: Mapping[str, Any], share_bytes: int) -> Tiers:
    return Tiers(
        hbm_bytes=int(known["tiers.hbm_gib"] * GIB),
        dram_bytes=int(known["tiers.dram_gib"] * GIB),
        storage_bytes=int(known["tiers.storage_gib"] * GIB) or share_bytes,
        placement=known["tiers.placement"],
        promote=known["tiers.promote"],
        eviction=known["tiers.eviction"],
    )


def _load(known: Mapping[str, Any]) -> Load:
    return Load(
        kind=known["load.kind"],
        in_flight=known["load.in_flight"],
        fan_out=known["load.fan_out"],
        rate=known["load.rate"],
        slo_s=known["load.slo_ms"] / 1000,
        probes=known["load.probes"],
        warmup_s=known["load.warmup_s"],
        window_s=known["load.window_s"],
        fill_bytes=int(known["load.fill_gib"] * GIB),
        most_gib_per_s=known["load.most_gib_per_s"],
    )


def _storing(known: Mapping[str, Any], part_bytes: int) -> Storing:
    return Storing(
        backend=known["store.backend"],
        address=known.get("store.address", ""),
        layout=known["store.layout"],
        durability=known["store.durability"],
        direct=known["store.direct"],
        readers=known["store.readers"],
        writers=known["store.writers"],
        part_bytes=part_bytes,
        keys=known["store.keys"],
    )


def _prediction(stages: tuple[Stage, ...], trials: int, delay_s: float, ranks: int, hosts: int) -> Prediction:
    """Predict from above: the tier may never be full, and an Option's objects are gone before the next begins."""
    most = max(stages, key=lambda stage: stage.tiers.storage_bytes)
    tiers = 1 if most.storing.keys == "shared" else ranks
    per_host = -(-ranks // hosts)
    object_bytes = {stage: stage.traffic.object_bytes(stage.traffic.chunk_tokens) for stage in stages}
    memory = max(
        RANK_BYTES + stage.memory_bytes + OPERATION_BYTES * (stage.most_bytes // object_bytes[stage])
        for stage in stages
    )
    runs_s = sum(trials * (stage.load.warmup_s + stage.load.window_s) for stage in stages)
    least_s = runs_s + delay_s * (len(stages) - 1)
    return Prediction(
        disk_bytes=tiers * most.tiers.storage_bytes,
        memory_bytes_per_host=per_host * memory,
        least_duration_s=least_s,
        working=(
            f"disk: {tiers} × {bytes_text(most.tiers.storage_bytes)} of storage tier, never more",
            f"time: {trials} trials of each Option with their warm-ups and pauses = at least {duration_text(least_s)}",
            f"memory: {per_host} clients a host × {bytes_text(memory)} = {bytes_text(per_host * memory)}",
        ),
    )
