"""Plans for small datasets, and runs made of nothing but numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.outcome import EpochResult, RankResult
from storagebench.model import LOCALHOST, Dataset, Prediction, Reading, Sizing, TrainingPlan, Workload
from tests.engines.training.examples import HOSTS, TurnsLauncher, ignore


def make_plan(
    dataset: Dataset,
    folder: Path,
    *,
    ranks: int = 1,
    direct: bool = False,
    decode: bool = False,
    columns: str = "all",
    definition: str = "dlio-3.0",
    **sections: dict[str, Any],
) -> TrainingPlan:
    """A plan to read a dataset in `folder`/<model>; `sections` are parameters such as ``reader={"batch_size": 2}``."""
    parameters = {
        "reader": {"batch_size": 1, "read_threads": 2, "file_shuffle": "seed"} | sections.get("reader", {}),
        "train": {"epochs": 1, "computation_time": 0.0} | sections.get("train", {}),
        "metric": {"au": 0.9},
        "workflow": sections.get("workflow", {}),
        "model": sections.get("model", {}),
        "checkpoint": sections.get("checkpoint", {}),
    }
    workload = Workload(
        family="training",
        model=dataset.model,
        accelerator="b200",
        editions=("3.0",),
        status="sanctioned",
        divisions=("whatif",),
        parameters=parameters,
        quick=None,
        core_config_hashes=(),
        comparability_class=None,
        source="tests",
        where="tests",
    )
    return TrainingPlan(
        id="example",
        workload=workload,
        division="whatif",
        edition="3.0",
        run="1",
        quick=False,
        hosts=(LOCALHOST,),
        accelerators=ranks,
        parameters=parameters,
        overrides={},
        settings={},
        dataset=dataset,
        sizing=Sizing(dataset.num_files, ()),
        prediction=Prediction(disk_bytes=0, memory_bytes_per_host=0, least_duration_s=0.0, working=()),
        reading=Reading(direct=direct, decode=decode, columns=columns),
        seed=42,
        engine="native",
        launcher="local",
        au_definition=definition,
        organisation="example",
        system="example",
        data_dir=str(folder),
        results_dir=str(folder / "results"),
        checkpoint_dir=str(folder / "checkpoints"),
    )


def make_dataset(dataset: Dataset, folder: Path) -> Path:
    """Generate a dataset where `make_plan` looks for it."""
    ensure(dataset, str(folder / dataset.model), TurnsLauncher(), HOSTS, 1, ignore)
    return folder / dataset.model


EPOCH = EpochResult(
    epoch=1,
    started_at="2026-07-12T12:07:26.350688",
    block_started_at="2026-07-12T12:07:26.351118",
    block_ended_at="2026-07-12T12:10:11.935397",
    ended_at="2026-07-12T12:10:12.676442",
    block_s=12.0,
    load_s=(2.0, 0.5, 0.5, 0.5),
    compute_s=(2.5, 2.5, 2.5, 2.5),
    nominal_compute_s=(2.0, 2.0, 2.0, 2.0),
    processed_s=(4.0, 2.5, 2.5, 2.5),
    samples=28,
    requested_bytes=28_000,
    process_read_bytes=30_000,
    device_read_bytes=14_000,
    cpu_s=0.1,
)
"""Four steps of seven samples; the window, 12 s less the first step, is 8 s."""

RANK = RankResult(
    rank=0,
    local_rank=0,
    hostname="node1",
    epochs=(EPOCH,),
    checkpoints=(),
    cache_drop=None,
    device="nvme0n1",
    device_reason=None,
    peak_memory_bytes=1,
)


def epoch_of_steps(processed_s: list[float], block_s: float, compute_s: float, batch: int) -> EpochResult:
    """An epoch whose steps all compute alike."""
    same = (compute_s,) * len(processed_s)
    return replace(
        EPOCH,
        block_s=block_s,
        load_s=tuple(step - compute_s for step in processed_s),
        compute_s=same,
        nominal_compute_s=same,
        processed_s=tuple(processed_s),
        samples=batch * len(processed_s),
    )
