"""`pytest suites/training --engine=dlio`, end to end: a record like any other, and one sentence for what stops it."""

import json
from types import SimpleNamespace

import jsonschema
import pytest

from fixtures.wishes import dlio_choice
from storagebench.edition import load_edition
from storagebench.errors import ConfigError
from storagebench.judge import judge
from storagebench.record import read_record
from storagebench.serial import to_json
from tests.suites.session import ROOT, TINY, session

POINT = ("-k", "unet3d-b200-x2", "--accelerators=2", "--engine=dlio")
SCHEMA = json.loads((ROOT / "storagebench" / "record" / "record.schema.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, dlio_python):
    """One whatif run of a tiny unet3d on DLIO."""
    return session(tmp_path_factory.mktemp("dlio"), *POINT, *TINY, f"--dlio-python={dlio_python}")


def test_a_run_of_dlio_leaves_a_record_like_any_other(tiny):
    assert tiny.returncode == 0, tiny.output
    (record,) = tiny.records()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert record["engine"]["name"] == "dlio"
    assert record["engine"]["version"].startswith("2.0.0 (source ")
    assert record["engine"]["detail"].startswith("our loader")
    assert record["evidence"]["cache_drop"]["files"] == 16
    assert [epoch["nominal_bytes"] for epoch in record["epochs"]] == [640_000, 640_000]


def test_it_is_judged_by_the_same_rules_again_and_again(tiny):
    (document,) = tiny.records()
    (leaf,) = [path.parent for path in tiny.folder.glob("results/**/record.json")]
    judgement = judge(read_record(leaf), load_edition("3.0"))
    assert judgement.verdict.name == document["verdict"] == "INVALID"
    assert to_json(judgement.findings) == document["findings"]


def test_what_dlio_was_told_and_what_it_said_itself_are_kept(tiny):
    (leaf,) = [path.parent for path in tiny.folder.glob("results/**/record.json")]
    assert "record_length: 40000" in (leaf / "dlio_workload.yaml").read_text()
    assert json.loads((leaf / "dlio_summary.json").read_text())["num_accelerators"] == 2
    assert "Starting epoch 1" in (leaf / "dlio.log").read_text()
    assert "Rank 1 step" in (leaf / "training_run.stderr.log").read_text()


def test_a_plan_says_what_dlio_cannot_do(tmp_path, dlio_python):
    refused = session(tmp_path, *POINT, *TINY, f"--dlio-python={dlio_python}", "--dlio-plugin=none", "--plan")
    assert refused.returncode == 1
    assert "has no torch, which DLIO's own loader needs" in refused.line("unet3d-b200-x2: .*torch")


def test_a_python_that_is_not_there_is_an_error_in_one_line(tmp_path):
    failed = session(tmp_path, *POINT, *TINY, "--dlio-python=/nowhere/python")
    assert failed.returncode == 1
    assert "/nowhere/python cannot be started (No such file or directory)" in failed.line("--dlio-python: ")
    assert "Traceback" not in failed.output


def test_without_any_dlio_the_sentence_has_the_command(tmp_path):
    typed = {"storagebench_engine": "dlio"}
    config = SimpleNamespace(rootpath=tmp_path, getoption=typed.get, invocation_params=SimpleNamespace(dir=tmp_path))
    with pytest.raises(ConfigError, match=r"there is no DLIO here; `make dlio` makes an environment"):
        dlio_choice(config)
