"""One rank of a training run of DLIO: its benchmark object, driven as its own main function does, and what it wrote.

Each rank has an output folder of its own, in memory, whose files travel back through the communicator: hosts need not
share a filesystem for them, and they cost the storage under test nothing.
"""

import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagebench.engines.progress import Progress
from storagebench.engines.storage.counters import peak_memory_bytes
from storagebench.engines.training import cache
from storagebench.engines.training.dlio.inside import stand_ins
from storagebench.engines.training.dlio.inside.current import Run, begin
from storagebench.engines.training.dlio.inside.observer import Observer
from storagebench.engines.training.layout import Layout, layout_of
from storagebench.engines.training.outcome import CacheDrop
from storagebench.errors import EngineError
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import TrainingPlan
from storagebench.serial import from_json, to_json

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
LOG_LINES = 3


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Run DLIO; the payload holds the `plan`, the `configuration` and whether to `drop_caches`.

    The result has DLIO's files by name, our counters beside them, and checkpoints.

    Raises:
        EngineError: DLIO ended itself, or cannot run what it was given.
    """
    payload = communicator.payload()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    plan = from_json(TrainingPlan, payload["plan"])
    missing = stand_ins.install()
    layout = layout_of(plan.dataset, plan.dataset_dir, columns=plan.reading.columns)
    dropped = _drop_caches(plan, layout, communicator) if payload["drop_caches"] else None
    Path(plan.dataset_dir, "valid").mkdir(exist_ok=True)  # DLIO lists it, whether it evaluates or not
    run = begin(plan, communicator.rank)
    observer = Observer(run, communicator, _mean_sample_bytes(plan, layout))
    communicator.barrier()
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        try:
            checkpoints = _benchmark(run, observer, payload["configuration"] | {"output": {"folder": folder}})
        except SystemExit as ending:
            words = " | ".join(_text(Path(folder, "dlio.log")).strip().splitlines()[-LOG_LINES:]) or "nothing"
            raise EngineError(f"DLIO ended itself with exit code {ending.code}; its log ends with: {words}") from None
        files = {path.name: _text(path) for path in Path(folder).iterdir() if path.suffix in {".json", ".log"}}
    return {
        "rank": communicator.rank,
        "local_rank": communicator.local_rank,
        "hostname": socket.gethostname(),
        "files": {name: text for name, text in files.items() if not name.endswith(".log") or communicator.rank == 0},
        "epochs": {str(epoch): counted for epoch, counted in observer.epochs.items()},
        "checkpoints": checkpoints,
        "cache_drop": to_json(dropped),
        "device": observer.device,
        "device_reason": observer.device_reason,
        "peak_memory_bytes": max(observer.peak_memory_bytes, peak_memory_bytes()),
        "stand_ins": missing,
    }


def _benchmark(run: Run, observer: Observer, configuration: dict[str, Any]) -> list[dict[str, Any]]:
    """Do what DLIO's main does between starting MPI and ending it; return the checkpoints written."""
    # DLIO reads some of these once, when it is imported.
    from dlio_benchmark.main import DLIOBenchmark
    from dlio_benchmark.utils.statscounter import StatsCounter
    from dlio_benchmark.utils.utility import DLIOMPI
    from omegaconf import OmegaConf

    _name_format(run.plan.dataset.format)
    DLIOMPI.get_instance().initialize()
    observer.watch(StatsCounter)
    benchmark = DLIOBenchmark(OmegaConf.create(configuration))
    benchmark.initialize()
    benchmark.run()
    benchmark.finalize()
    if "checkpoint_mechanism_classname" not in configuration.get("checkpoint", {}):
        return []
    from storagebench.engines.training.dlio.inside.plan_checkpoint import PlanCheckpoint

    return [to_json(written) for written in PlanCheckpoint.written]


def _name_format(name: str) -> None:
    """Give DLIO a name for a format that our loader reads: there is no plug-in point for names."""
    from dlio_benchmark.common.enumerations import FormatType

    if name not in {known.value for known in FormatType}:
        member = object.__new__(FormatType)
        member._name_, member._value_ = name.upper(), name
        FormatType._member_map_[member._name_] = member
        FormatType._value2member_map_[name] = member


def _mean_sample_bytes(plan: TrainingPlan, layout: Layout) -> float:
    return sum(map(layout.file_bytes, range(plan.dataset.num_files))) / plan.dataset.num_samples


def _drop_caches(plan: TrainingPlan, layout: Layout, communicator: Communicator) -> CacheDrop:
    files = cache.share_of_host(plan, communicator.local_rank)
    progress = Progress(communicator, "cache drop", plan.dataset.num_files, "files")
    return cache.drop(
        files,
        path_of=lambda file: f"{plan.dataset_dir}/{layout.path(file)}",
        bytes_of=layout.file_bytes,
        progress=lambda done: progress(done * files.step),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


if __name__ == "__main__":
    run_rank(work)
