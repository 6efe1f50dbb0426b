"""What goes wrong is one sentence, leaves nothing behind, and loses no figure that was measured before."""

import contextlib
import io
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from storagebench.engines.checkpointing import series
from storagebench.errors import EngineError
from storagebench.launch.local import LocalLauncher
from tests.engines.checkpointing.tasks import TOKEN, ZERO_3, files_of, make_task, run


@pytest.fixture
def small_disk(tmp_path):
    """A filesystem with room for six and a half checkpoints of the task below."""
    folder = tmp_path / "small"
    folder.mkdir()
    size = int(6.5 * make_task(folder).layout.total_bytes)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a small filesystem")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_in_the_seventh_save_loses_no_figure_and_leaves_nothing(small_disk):
    log = io.BytesIO()
    with pytest.raises(EngineError, match=r"^rank \d on \S+: \S+step7/\S+ cannot be written: No space left on device$"):
        run(make_task(small_disk / "model", writes=10), launcher=LocalLauncher(stdout=log))
    saved = [line.split()[3] for line in log.getvalue().decode().splitlines()]
    assert saved == [f"{number}/10:" for number in range(1, 7)]
    assert list(small_disk.iterdir()) == []


def ranks():
    """The processes of the ranks; children that other tests left to be reaped have no command line."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "checkpointing.work" in " ".join(one.cmdline()):
                found.append(one.pid)
    return found


def test_a_rank_that_is_killed_in_a_save_leaves_nothing(tmp_path):
    killed = []

    def kill(event):
        if event.get("stage") == "save 2/2" and not killed:
            killed.append(ranks()[-1])
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(EngineError, match=r"^rank \d on \S+ was killed by SIGKILL \(out of memory\?\)"):
        run(make_task(tmp_path / "model", scale="1/100"), tell=kill)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def written(tmp_path):
    task = make_task(tmp_path, reads=0)
    run(task)
    return replace(task, writes=0, reads=2)


def shard(task, name, number=1):
    return Path(series.checkpoint_folder(task.folder, number), f"zero_pp_rank_1_mp_rank_0_{name}_states.ckpt")


def test_a_corrupted_shard_is_named_and_the_checkpoints_stay(written):
    with shard(written, "model", 2).open("r+b") as file:
        file.write(b"\xff\xff")
    with pytest.raises(
        EngineError, match=r"^rank 1 on \S+: \S+step2/\S+1_mp_rank_0_model\S+ is not what was written: at b"
    ):
        run(written)
    assert len(files_of(written.folder)) == 8


def test_a_truncated_shard_is_named(written):
    os.truncate(shard(written, "optim"), 5000)
    with pytest.raises(
        EngineError, match=r"optim_states\.ckpt has 5,000 bytes where [\d,]+ were written: it is damaged$"
    ):
        run(written)


def test_a_missing_shard_is_named(written):
    shard(written, "optim").unlink()
    with pytest.raises(
        EngineError, match=r"optim_states\.ckpt is missing: the checkpoint is not whole; write it anew$"
    ):
        run(written)


def test_files_that_another_run_left_are_told_apart(written, tmp_path):
    run(make_task(tmp_path / "other", reads=0, token=TOKEN + 1))
    for name in files_of(tmp_path / "other"):
        Path(written.folder, name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(EngineError, match=r"a block of this place with other content: of another run, or damaged"):
        run(written)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_target_that_can_only_be_read_is_named(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path], check=True)
    try:
        with pytest.raises(EngineError, match=r"/model cannot be written: Read-only file system$"):
            run(make_task(tmp_path / "model", ZERO_3))
    finally:
        subprocess.run(["umount", tmp_path], check=True)
