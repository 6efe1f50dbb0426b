"""The golden KV-cache run of `rules/examples/kv_cache.yaml`, changed, and one of many clients as OPEN published it."""

from typing import Any

from storagebench import examples
from storagebench.model import Record

PROBE = "mpirun -n 2 -host h1:1,h2:1 python3 /opt/mlps/probe.py /var/results/.fs_probe"


def vary(changes: dict[str, Any] | None = None) -> Record:
    """Return the golden run with some facts changed; None removes one."""
    return examples.run("kv_cache", "3.0", changes or {})


def command(option: int, trial: int, *, clients: int = 1, launcher: str = "", own: str = "") -> str:
    """Return the command line of one trial of an Option as the table has it, more words added to either half."""
    model, users, memory, allocs = {
        1: ("llama3.1-8b", 200, 0, 16),
        2: ("llama3.1-8b", 100, 4, 16),
        3: ("llama3.1-70b-instruct", 70, 0, 4),
    }[option]
    return (
        f"mpirun -n {clients} {launcher} python3 /opt/mlps/kv_cache_benchmark/mlperf_wrapper.py "
        f"--rank-output-base /var/results/option_{option}/trial_{trial} --rank-cache-base /mnt/fs/kvcache "
        f"--seed-base 42 --config /opt/mlps/kv_cache_benchmark/config.yaml --model {model} --num-users {users} "
        f"--duration 300 --gpu-mem-gb 0 --cpu-mem-gb {memory} --max-concurrent-allocs {allocs} "
        f"--generation-mode none {own}"
    )


def client(option: int, trial: int, rank: int, **stats: float) -> dict[str, Any]:
    """Return what one client leaves: rank r reads r + 1 GiB/s, and a little more in every trial."""
    cache = {
        "storage_entries": 100,
        "tier_storage_read_bandwidth_gbps": rank + 1 + trial / 10,
        "tier_storage_write_bandwidth_gbps": 1.0,
        "storage_read_device_p95_ms": 100.0 * option + rank,
        "storage_write_device_p95_ms": 10.0,
    }
    summary = {
        "elapsed_time": 300.0,
        "storage_throughput_tokens_per_sec": 20.0,
        "end_to_end_latency_ms": {"p50": 1000.0, "p99": 9000.0},
        "cache_stats": cache | stats,
    }
    return {"option": str(option), "trial": str(trial), "rank": str(rank), "summary": summary}


def clustered(changes: dict[str, Any] | None = None) -> Record:
    """Return a run that just is CLOSED, of four clients on two hosts; changes as for `vary`."""
    places = [(option, trial) for option in (1, 2, 3) for trial in range(3)]
    facts: dict[str, Any] = {
        "summary.total_ranks": 4,
        "summary.npernode": 2,
        "summary.host_count": 2,
        "commands": [PROBE, *(command(option, trial, clients=4) for option, trial in places)],
        "executed_command": command(3, 2, clients=4),
        "ranks": [client(option, trial, rank) for option, trial in places for rank in range(4)],
    }
    for option in (1, 2, 3):
        figures = {
            "read_bandwidth_gbps": 10.4,  # 1 + 2 + 3 + 4, and 0, 0.4 and 0.8 more in the three trials
            "write_bandwidth_gbps": 4.0,
            "storage_throughput_tokens_per_sec": 80.0,
            "device_read_p95_ms": 100.0 * option + 3,
            "device_write_p95_ms": 10.0,
        }
        facts |= {f"summary.options.{option}.aggregated_{name}": figure for name, figure in figures.items()}
    return vary(facts | (changes or {}))
