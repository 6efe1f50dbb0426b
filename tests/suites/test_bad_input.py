"""Bad input tried at the door: each is one sentence, the right outcome, and nothing lost."""

import shutil
import subprocess
import sys

import pytest

from tests.suites.session import ROOT, TINY, environment, session

POINT = ("-k", "unet3d-b200-x2", "--accelerators=2")


@pytest.fixture
def checkout(tmp_path):
    """A copy of what a benchmark session needs of this checkout."""
    for name in ("conftest.py", "pytest.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("suites", "rules", "fixtures", "configs", "storagebench"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def collect(checkout, *arguments):
    command = [sys.executable, "-m", "pytest", "suites", "--collect-only", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "n2"])
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("batch_size:", "batch_siez:", "'batch_siez' is not a key here; did you mean 'batch_size'?"),
        ("batch_size: 7", "batch_size: seven", "batch_size must be"),
        ("model: unet3d", "model: [unet3d", ":"),
    ],
)
def test_a_wrong_configuration_is_one_line_with_its_place(checkout, old, new, sentence, workers):
    file = checkout / "configs" / "training" / "unet3d.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    done = collect(checkout, *workers)
    (line,) = {
        line for line in done.stdout.splitlines() if "configs/training/unet3d.yaml:" in line and "ERROR" not in line
    }
    assert sentence in line
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stdout + done.stderr


def test_an_empty_folder_of_configurations_is_no_success(checkout):
    for file in (checkout / "configs" / "training").glob("*.yaml"):
        file.unlink()
    done = collect(checkout)
    assert done.returncode == 2
    assert "holds no *.yaml file" in done.stdout


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small tmpfs, and takes it away again."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], check=True)


def test_an_unwritable_data_dir_is_an_error(tmp_path, mounted):
    folder = mounted("size=1m,ro")
    done = session(tmp_path, *POINT, *TINY, f"--data-dir={folder}")
    assert "Read-only file system; choose another" in done.line(f"--data-dir={folder} cannot be written")
    assert "1 error" in done.output


def test_unwritable_results_are_an_error_before_anything_runs(tmp_path, mounted):
    folder = mounted("size=1m,ro")
    done = session(tmp_path, *POINT, *TINY, f"--results-dir={folder}")
    assert "Read-only file system; choose another" in done.line(f"--results-dir={folder} cannot be written")
    assert "1 error" in done.output


def test_a_forgotten_mount_is_not_measured(tmp_path):
    done = session(tmp_path, *POINT, *TINY, f"--data-dir={tmp_path}/forgotten")
    assert "mount the storage or create it" in done.line("forgotten is no directory")
    assert "1 error" in done.output


def test_several_problems_are_told_at_once(tmp_path, mounted):
    folder = mounted("size=1m,ro")
    done = session(tmp_path, *POINT, *TINY, f"--results-dir={folder}", f"--data-dir={tmp_path}/forgotten")
    assert "2 things are in the way of this run" in done.output
    assert "forgotten is no directory" in done.output
    assert "Read-only file system" in done.output


def test_a_data_disk_that_is_too_small_is_refused_with_the_sum(tmp_path, mounted):
    folder = mounted("size=500k")
    done = session(tmp_path, *POINT, *TINY, f"--data-dir={folder}")
    assert "are needed (disk: 625.00 KiB of data" in done.line(r"has .* free where")
    assert "1 error" in done.output


def test_what_is_left_of_a_dataset_must_fit_too(tmp_path, mounted):
    folder = mounted("size=500k")
    (folder / "unet3d").mkdir()
    done = session(tmp_path, *POINT, *TINY, f"--data-dir={folder}")
    assert "16 of 16 files" in done.line(r"needs .* free on")


def test_a_tmpfs_below_the_data_is_no_device_and_the_record_says_why(tmp_path, mounted):
    folder = mounted("size=20m")
    done = session(tmp_path, *POINT, *TINY, f"--data-dir={folder}")
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["evidence"]["filesystem_separation"]["same_filesystem"] is False
    assert record["metrics"]["device_mib_per_s"] is None
    assert "tmpfs" in record["evidence"]["device"]["reason"]


@pytest.mark.parametrize("edition", ["2.0", "1.0"])
def test_older_editions_run_with_their_own_definitions_and_their_checkpoint(tmp_path, edition):
    sizes = [option for option in TINY if "epochs" not in option]
    small = ["--param=model.model_size=100000", "--param=train.epochs=5", f"--edition={edition}"]
    done = session(tmp_path, "-k", "unet3d-h100", *sizes, *small)
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["engine"]["au_definition"] == {"2.0": "dlio-mlperf-2.0", "1.0": "dlio-2.0.0"}[edition]
    assert "decoded" in record["engine"]["reading"]
    assert record["judged_as"] == edition
    (stats,) = tmp_path.glob("results/**/0_per_epoch_stats.json")
    assert '"ckpt1"' in stats.read_text()
