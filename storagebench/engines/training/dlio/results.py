"""What the ranks of DLIO left, as results of ours; an exit code of 0 proves nothing, so everything is looked at.

`N_output.json` has the seconds of every step. The wall time of a block is in `N_per_epoch_stats.json` where each rank
writes one; DLIO 2.0.0 does not, and there it follows from its throughput (`utils/statscounter.py`: steps × batch size /
wall time), which is exact where the stamps of rank 0 would be another rank's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from storagebench.engines.training.outcome import CacheDrop, CheckpointResult, EpochResult, RankResult
from storagebench.errors import EngineError
from storagebench.model import TrainingPlan
from storagebench.serial import from_json

BLOCK = "block1"
ROUNDING_S = 0.01
"""Steps may add up to this much more than their block: the clock that DLIO reads is the wall's, which is set at times."""


def rank_results(reports: Sequence[Mapping[str, Any]], plan: TrainingPlan) -> tuple[RankResult, ...]:
    """Return the results of all ranks.

    Raises:
        EngineError: a file, an epoch or a step is missing, or a figure is zero.
    """
    return tuple(_rank(report, reports[0], plan) for report in reports)


def outcome_files(reports: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return DLIO's own summary and log, to be kept beside the record."""
    files = reports[0]["files"]
    return {"dlio_summary.json": files.get("summary.json", ""), "dlio.log": files.get("dlio.log", "")}


def _rank(report: Mapping[str, Any], first: Mapping[str, Any], plan: TrainingPlan) -> RankResult:
    rank = report["rank"]
    output = _document(report, f"{rank}_output.json", rank)
    own = f"{rank}_per_epoch_stats.json"
    has_own = own in report["files"]
    stats = _document(report, own, rank) if has_own else _document(first, "per_epoch_stats.json", 0)
    epochs = range(1, plan.parameter("train.epochs") + 1)
    return RankResult(
        rank=rank,
        local_rank=report["local_rank"],
        hostname=report["hostname"],
        epochs=tuple(_Epoch(rank, epoch, output, stats, report["epochs"], has_own, plan).result() for epoch in epochs),
        checkpoints=tuple(from_json(CheckpointResult, one) for one in report["checkpoints"]),
        cache_drop=None if report["cache_drop"] is None else from_json(CacheDrop, report["cache_drop"]),
        device=report["device"],
        device_reason=report["device_reason"],
        peak_memory_bytes=report["peak_memory_bytes"],
    )


def _document(report: Mapping[str, Any], name: str, rank: int) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(report["files"][name])
    except KeyError:
        raise EngineError(f"DLIO ended without an error, but rank {rank} left no {name}; {_SEE_LOG}") from None
    except ValueError:
        raise EngineError(
            f"DLIO ended without an error, but the {name} of rank {rank} is no JSON; {_SEE_LOG}"
        ) from None
    return document


class _Epoch:
    """One epoch of one rank, on its way from DLIO's words to ours."""

    def __init__(
        self,
        rank: int,
        number: int,
        output: Mapping[str, Any],
        stats: Mapping[str, Any],
        counters: Mapping[str, Any],
        has_own_stats: bool,
        plan: TrainingPlan,
    ) -> None:
        self._name = f"epoch {number} of rank {rank}"
        self._number, self._plan, self._has_own_stats = number, plan, has_own_stats
        try:
            self._times, self._stats = output[str(number)], stats[str(number)]
            self._block, self._counters = self._stats[BLOCK], counters[str(number)]
            self._loads = tuple(self._times["load"][BLOCK])
            self._processed = tuple(self._times["proc"][BLOCK])
            self._computes = tuple(self._times["compute"][BLOCK])
        except (KeyError, TypeError):
            raise EngineError(f"DLIO ended without an error, but {self._name} is missing; {_SEE_LOG}") from None

    def result(self) -> EpochResult:
        """Return the epoch as the native engine would.

        Raises:
            EngineError: DLIO's figures of it contradict each other, or steps are missing.
        """
        steps, batch = self._plan.steps_per_epoch(), self._plan.parameter("reader.batch_size")
        self._check_steps(steps)
        block_s = self._block_s(steps * batch)
        if block_s <= 0 or sum(self._processed) > block_s + ROUNDING_S:
            raise EngineError(
                f"{self._name} took {block_s:.3f} s by DLIO's own figures, and its steps {sum(self._processed):.3f} s; {_SEE_LOG}"
            )
        nominal_s = self._plan.parameter("train.computation_time", 0.0)
        return EpochResult(
            epoch=self._number,
            started_at=self._stats["start"],
            block_started_at=self._block["start"],
            block_ended_at=self._block["end"],
            ended_at=self._stats["end"],
            block_s=block_s,
            load_s=self._loads,
            compute_s=self._computes if self._has_own_stats else self._measured(),
            nominal_compute_s=(nominal_s,) * steps if self._has_own_stats else self._computes,
            processed_s=self._processed,
            samples=steps * batch,
            requested_bytes=self._requested_bytes(steps * batch),
            process_read_bytes=self._counters["process_read_bytes"],
            device_read_bytes=self._counters["device_read_bytes"],
            cpu_s=self._counters["cpu_s"],
        )

    def _check_steps(self, steps: int) -> None:
        counts = {len(self._loads), len(self._processed), len(self._computes)}
        if counts != {steps}:
            raise EngineError(
                f"{self._name} has {' or '.join(map(str, sorted(counts)))} steps where the plan has {steps}; {_SEE_LOG}"
            )
        if not all(second > 0 for second in self._processed):
            raise EngineError(f"{self._name} has steps that took no time: DLIO measured nothing; {_SEE_LOG}")

    def _block_s(self, samples: int) -> float:
        """Return the wall time of the block in seconds, 0 where DLIO counted nothing."""
        if self._has_own_stats:
            start, end = (datetime.fromisoformat(self._block[name]) for name in ("start", "end"))
            return (end - start).total_seconds()
        rate: float = self._times["throughput"][BLOCK] or 0.0
        return samples / rate if rate > 0 else 0.0

    def _measured(self) -> tuple[float, ...]:
        """Return the compute as it lasted: what is left of a step behind the wait for its batch."""
        return tuple(whole - load for whole, load in zip(self._processed, self._loads, strict=True))

    def _requested_bytes(self, samples: int) -> int:
        """Return the bytes that our loader counted, or those that as many samples take up on average."""
        loaded: int | None = self._counters["loaded_bytes"]
        return loaded if loaded is not None else round(samples * self._counters["mean_sample_bytes"])


_SEE_LOG = "its log is in training_run.stderr.log"
