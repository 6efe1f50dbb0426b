"""Tasks small enough for a test: a model of few megabytes, with every kind of file."""

from dataclasses import replace
from pathlib import Path

from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.native import NativeEngine, recovery_sources
from storagebench.engines.checkpointing.task import Task
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from tests.model.llama3 import MODELS

ZERO_3 = replace(MODELS["llama3-8b"], data=2)
ZERO_1 = replace(MODELS["llama3-405b"], tensor=2, pipeline=2, data=2, num_layers=3)
TOKEN = 0xC0FFEE


def make_task(folder: Path, model=ZERO_3, *, scale="1/20000", writes=2, reads=2, readable=(1, 2), shift=None, **more):
    checkpoint = {name: more.pop(name) for name in ("odirect", "fsync", "threads", "verify") if name in more}
    ranks = more.pop("ranks", model.ranks)
    return Task(
        model=model,
        ranks=ranks,
        scale=scale,
        folder=str(folder),
        token=more.pop("token", TOKEN),
        writes=writes,
        reads=reads,
        readable=readable,
        sources=recovery_sources(shift or [ranks], shift=shift is not None),
        pause_s=0.0,
        rank_sync=more.pop("rank_sync", False),
        keep_last=more.pop("keep_last", 0),
        transfer=transfer_of(checkpoint),
        **more,
    )


def begin(task: Task, shape="a shape") -> None:
    made = series.Series(token=task.token, shape=shape, started_at="2026-07-12T12:00:00", whole=(), finished=False)
    series.begin(task.folder, made)


def run(task: Task, *, launcher=None, hosts=(LOCALHOST,), tell=lambda event: None):
    if task.writes:
        begin(task)
    return NativeEngine().run(task, hosts, launcher or LocalLauncher(), tell)


def files_of(folder) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in Path(folder).rglob("*.ckpt")}
