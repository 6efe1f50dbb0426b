"""Our reader in DLIO's hands, without the torch loader that would call it: in DLIO's interpreter, sample by sample."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from storagebench.serial import to_json
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import make_dataset, make_plan

ROOT = Path(__file__).parents[5]
EVEN = replace(NPZ, num_files=3, record_length_bytes=300_000, record_length_bytes_stdev=0)
SCRIPT = """
import json, sys
from storagebench.engines.training.dlio.inside import stand_ins
from storagebench.engines.training.dlio.inside.current import begin
from storagebench.model import TrainingPlan
from storagebench.serial import from_json

stand_ins.install()
from dlio_benchmark.common.enumerations import DatasetType
from dlio_benchmark.utils.config import ConfigArguments
from dlio_benchmark.utils.utility import DLIOMPI

DLIOMPI.get_instance().set_parent_values(0, 1)
arguments = ConfigArguments.get_instance()
arguments.derive_configurations([], [])
begin(from_json(TrainingPlan, json.load(sys.stdin)), 0)
from storagebench.engines.training.dlio.inside.plan_reader import PlanReader

reader = PlanReader(DatasetType.TRAIN, 0, 1)
assert reader.is_index_based() and not reader.is_iterator_based()
for sample in (2, 0):
    assert reader.read_index(sample, 1) is arguments.resized_image
    print("read", sample)
"""


@pytest.mark.parametrize("direct", [False, True])
def test_dlio_gets_its_picture_once_the_sample_was_read(tmp_path, dlio_python, direct):
    folder = make_dataset(EVEN, tmp_path)
    done = read(dlio_python, make_plan(EVEN, tmp_path, direct=direct))
    assert done.stdout.split("\n")[-3:] == ["read 2", "read 0", ""], done.stderr
    (folder / "train/img_0000000.npz").unlink()
    assert "img_0000000.npz" in read(dlio_python, make_plan(EVEN, tmp_path, direct=direct)).stderr


def read(python, plan):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [python, "-c", SCRIPT],
        input=json.dumps(to_json(plan)),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
