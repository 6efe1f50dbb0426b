"""What a KV-cache leaf holds beside the record, in the form edition 3.0's tools read; all of it from what ran."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storagebench.engines.kvcache import upstream
from storagebench.engines.kvcache.outcome import TrialResult
from storagebench.model import Cluster, KvCachePlan
from storagebench.plan.kvcache import OPTION_WORDS
from storagebench.record import RunFolder
from storagebench.record.metadata import write_metadata

PROTOCOLS = {"local": "file", "s3": "object"}
"""How a backend reaches the storage, in edition 3.0's words; others reach none that it knows."""


def write_leaf(
    folder: RunFolder,
    plan: KvCachePlan,
    cluster: Cluster,
    times: Mapping[str, Any],
    options: Mapping[int, Sequence[TrialResult]],
) -> None:
    """Write summary, metadata and one result for each client of each trial.

    Raises:
        RecordError: there is no room, or the folder cannot be written.
    """
    for option, results in options.items():
        for result in results:
            for client in result.clients:
                place = f"option_{option}/trial_{result.number}/rank_{client.rank}"
                (folder.path / place).mkdir(parents=True, exist_ok=True)
                folder.write_json(f"{place}/kvcache_results_{folder.stamp}.json", upstream.rank_result(client))
    hosts, backend = len(cluster.hosts), plan.stages[0].storing.backend
    folder.write_json("summary.json", upstream.summary(folder.stamp, plan.accelerators, hosts, plan.trials, options))
    args = {
        "cache_dir": plan.cache_dir,
        "npernode": plan.accelerators // hosts,
        "num_processes": plan.accelerators,
        "seed": plan.seed,
        "trials": plan.trials,
        "inter_option_delay": plan.inter_option_delay_s,
        "data_access_protocol": PROTOCOLS.get(backend, backend),
    }
    write_metadata(folder, _as_executed(plan), "run", cluster, times, args)


def _as_executed(plan: KvCachePlan) -> KvCachePlan:
    """Return the plan with the Options and the sequence as they ran, and with overrides in edition 3.0's words."""
    sequence = {
        "seed": plan.seed,
        "trials": plan.trials,
        "inter_option_delay_s": plan.inter_option_delay_s,
        "config": "default",
    }
    words = {**OPTION_WORDS, "sequence.seed": "seed", "sequence.trials": "trials"}
    words["sequence.inter_option_delay_s"] = "inter_option_delay"
    return replace(
        plan,
        workload=replace(plan.workload, model=plan.stages[0].traffic.model),
        parameters={**plan.parameters, "options": plan.option_table(), "sequence": sequence, "features": {}},
        overrides={words.get(name, name): item for name, item in plan.overrides.items()},
    )
