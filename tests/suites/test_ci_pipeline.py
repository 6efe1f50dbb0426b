"""The pipeline of a storage vendor, acted out: a baseline is saved, the storage becomes slower, the gate says so.

What makes it slower is the kernel: the second session runs in a cgroup that may read only so many bytes a second from
the disk below the dataset. Reads are O_DIRECT, so nothing but the disk serves them. Where no cgroup can be made (no
root, or a filesystem without a disk of its own) that test is skipped; the one beside it needs nothing.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import junitparser
import pytest

from tests.suites.session import ROOT, TINY, Session, command, environment, session

CGROUPS = Path("/sys/fs/cgroup")
LIMIT_BYTES_PER_S = 2 * 1024**2
CHANGES = {"--param=dataset.num_files_train=16": "8", "--param=dataset.record_length_bytes=40000": "1000000"}
POINT = (
    "-k",
    "unet3d-b200-x1",
    "--accelerators=1",
    "--param=reader.odirect=true",
    *(f"{option.rpartition('=')[0]}={CHANGES[option]}" if option in CHANGES else option for option in TINY),
)
GATE = ("--compare=baseline", "--fail-slower=samples_per_s:30%")


def disk_of(path: Path) -> str:
    """Return major:minor of the whole disk below a path, "" where there is none."""
    device = path.stat().st_dev
    found = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not found.exists():
        return ""
    whole = found.resolve().parent if (found / "partition").exists() else found
    return (whole / "dev").read_text().strip()


@contextmanager
def throttled(disk: str) -> Iterator[Path]:
    """Make a cgroup whose processes read slowly from a disk; raises OSError where that is not permitted."""
    first = (CGROUPS / "blkio").is_dir()
    group = (CGROUPS / "blkio" if first else CGROUPS) / f"storagebench-test-{os.getpid()}"
    group.mkdir()
    try:
        if first:
            (group / "blkio.throttle.read_bps_device").write_text(f"{disk} {LIMIT_BYTES_PER_S}")
        else:
            (group / "io.max").write_text(f"{disk} rbps={LIMIT_BYTES_PER_S}")
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


@pytest.fixture(scope="module")
def baseline(tmp_path_factory) -> Session:
    done = session(tmp_path_factory.mktemp("pipeline"), *POINT, "--tag=baseline")
    assert done.returncode == 0, done.output
    return done


def failure(folder: Path) -> junitparser.Failure:
    """Return the one failure of the junit file, read as any dashboard would."""
    (case,) = [case for suite in junitparser.JUnitXml.fromfile(str(folder / "report.xml")) for case in suite]
    (found,) = case.result
    assert isinstance(found, junitparser.Failure)
    properties = {one.name: one.value for one in case.child(junitparser.Properties)}
    assert float(properties["samples_per_s_change_percent"]) < -30
    assert properties["compared_with"].startswith("0001 (tag baseline")
    return found


def test_the_gate_fails_when_the_disk_became_slower(baseline, tmp_path):
    folder = baseline.folder
    disk = disk_of(folder)
    if not disk:
        pytest.skip(f"no disk of its own is below {folder}")
    try:
        with throttled(disk) as members:
            shell = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(members)]
            asked = [*command(folder), "suites/training", *POINT, *GATE]
            done = subprocess.run(
                [*shell, *asked], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=300
            )
    except OSError as error:
        pytest.skip(f"no cgroup can limit reads here: {error}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "SLOWER" in done.stdout
    message = failure(folder).message
    assert message.startswith("SLOWER: throughput is ")
    assert "% worse than 0001 (tag baseline" in message
    assert "samples/s where it was" in message
    assert "--fail-slower allows 30 %" in message


def test_the_gate_fails_where_the_baseline_was_ten_times_as_fast(baseline, tmp_path):
    """The same pipeline without a cgroup: what was saved says ten times the truth."""
    fast = (
        tmp_path
        / "results"
        / next(baseline.folder.glob("results/**/record.json")).relative_to(baseline.folder / "results")
    )
    fast.parent.mkdir(parents=True)
    record = baseline.records()[0]
    record["metrics"]["samples_per_s"] *= 10
    fast.write_text(json.dumps(record, indent=4))
    done = session(tmp_path, *POINT, *GATE, f"--data-dir={baseline.folder}/data")
    assert done.returncode == 1, done.output
    assert failure(tmp_path).message.startswith("SLOWER: throughput is ")
    assert "SLOWER" in done.line("unet3d-b200-x1.*%")
