"""`pytest suites/vectordb`, end to end and for real: from options to verdict, record and reports, and what goes wrong."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest

from storagebench.report.vector_database import PRESENTATION
from tests.engines.vectordb.plans import open_folder
from tests.suites.session import ROOT, command, environment, session
from tests.suites.test_training_suite import SCHEMA, ranks_of

SUITE = "suites/vectordb"
WHATIF = ("--division=whatif", "--vdb-runtime=0.5", "--param=benchmark.warm_up=0.1", "--param=benchmark.quiet=0")
TINY = (
    *WHATIF,
    "--param=dataset.num_vectors=2000",
    "--param=benchmark.query_pool=500",
    "--param=benchmark.scored_queries=200",
)
FLAT = ("-k", "flat-tiny", *TINY)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """One whatif run of the embedded default with two processes."""
    folder = tmp_path_factory.mktemp("tiny")
    return session(
        folder,
        "-k",
        "diskann-tiny",
        "--accelerators=2",
        *TINY,
        "--vdb-runtime=3",
        f"--html={folder}/r.html",
        suite=SUITE,
    )


def test_a_whatif_run_passes_and_its_record_keeps_to_the_schema(tiny):
    assert tiny.returncode == 0, tiny.output
    (record,) = tiny.records()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert record["family"] == "vector_database"
    assert record["evidence"]["storage"]["served_by"] == "storage"
    assert record["metrics"]["queries_per_s"] > 0
    assert "queries/s" in tiny.output


def test_the_submission_suite_gives_a_saved_run_the_same_verdict(tiny):
    (record,) = tiny.records()
    tree = next(tiny.folder.glob("results"))
    done = subprocess.run(
        [*command(tiny.folder)[:5], "suites/submission", f"--submission={tree}", "-k", record["folder"][-15:], "-q"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert record["verdict"] in done.stdout, done.stdout


def test_reports_tell_where_the_answers_came_from(tiny):
    (record,) = tiny.records()
    (plot,) = PRESENTATION.plots(record)
    assert "Throughput over the window" in plot.svg
    assert plot.caption.startswith("Regime direct: served by storage")
    tables = {table.title: table for table in PRESENTATION.tables(record)}
    assert dict(tables["Collection and storage"].rows)["vectors"] == "2,000"
    assert tables["Latency of requests"].rows
    assert tables["Tuning"].rows


def test_mpi_ranks_load_and_search_together(tmp_path):
    done = session(tmp_path, *FLAT, "--accelerators=2", "--launcher=mpi", suite=SUITE)
    assert done.returncode == 0, done.output
    (record,) = done.records()
    assert record["metrics"]["recall"] == 1
    assert record["plan"]["accelerators"] == 2


def test_postgresql_is_started_measured_and_stopped():
    with open_folder() as folder:
        done = session(folder, "-k", "pgvector-hnsw-tiny", *TINY, suite=SUITE)
        assert done.returncode == 0, done.output
        (record,) = done.records()
        assert record["engine"]["version"].startswith("PostgreSQL")
        assert record["evidence"]["storage"]["served_by"] == "memory"  # 2,000 vectors are in its buffers at once
        assert "x-vdb-served-from-memory" in done.output
        assert postgres_of(folder) == []


def postgres_of(folder):
    """Find the servers of a session: their data directory is below our folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words and b"bin/postgres" in words:
            found.append(int(entry.name))
    return found


# What goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-k", "milvus-diskann-1m"], r"--vdb-dsn is missing: milvus is a server that you run; name it as host:port"),
        (["-k", "pgvector-hnsw-tiny", "--vdb-dsn=postgresql://127.0.0.1:1/x"], "start the server, or name another"),
        (["-k", "pgvector-hnsw-tiny", "--vdb-regime=direct"], "pgvector does not read past the page cache"),
        (["-k", "flat-tiny", "--vdb-dsn=postgresql://u:secret@h/x"], "leave the password out"),
        (["-k", "flat-tiny", "--param=dataset.dimension=0"], "must be a whole number of at least 1 and at most 32768"),
        (["-k", "flat-tiny", "--param=index.max_degre=8"], "did you mean 'index.max_degree'"),
        (["-k", "diskann-10m", "--accelerators=4"], "are needed"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(tmp_path, options, sentence):
    division = ["--division=closed", "--runs=1"] if "milvus-diskann-1m" in options else ["--division=whatif"]
    done = session(tmp_path, *options, *division, suite=SUITE)
    assert done.returncode != 0
    assert sentence in " ".join(done.output.split()), done.output
    assert "Traceback" not in done.output
    assert "secret@" not in done.output
    assert done.records() == []
    assert not list(tmp_path.glob("data/vectordb/*/*/data"))


def started(folder, *arguments):
    return subprocess.Popen(
        [*command(folder), SUITE, *arguments],
        cwd=ROOT,
        env=environment() | {"STORAGEBENCH_TEST": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(process, reached):
    deadline = time.monotonic() + 120
    while not reached():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def long_session(folder, *arguments):
    process = started(folder, *arguments, "--vdb-runtime=100")
    wait_until(process, lambda: ranks_of(folder) and list(folder.glob("results/**/vdb_run.stdout.log")))
    time.sleep(1.0)
    return process


def words_of(folder):
    return [json.loads(path.read_text())["status"] for path in folder.glob("results/**/run/*/incomplete.json")]


def test_ctrl_c_leaves_a_word_no_process_and_the_collection(tmp_path):
    process = long_session(tmp_path, *FLAT, "--accelerators=2")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 2
    assert ranks_of(tmp_path) == []
    assert words_of(tmp_path) == ["interrupted"]
    assert session(tmp_path, *FLAT, suite=SUITE).records()[0]["metrics"]["recall"] == 1


def test_a_killed_worker_fails_the_run(tmp_path):
    process = long_session(tmp_path, *FLAT, "--accelerators=2")
    os.kill(ranks_of(tmp_path)[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SIGKILL" in output
    assert ranks_of(tmp_path) == []
    assert words_of(tmp_path) == ["failed"]


def test_a_killed_server_fails_the_run_and_stops():
    with open_folder() as folder:
        process = long_session(folder, "-k", "pgvector-hnsw-tiny", *TINY)
        for pid in postgres_of(folder):
            os.kill(pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=90)
        assert process.returncode == 1
        assert "postgresql" in output.lower(), output
        assert "Traceback" not in output
        assert ranks_of(folder) == []
        assert postgres_of(folder) == []
        assert words_of(folder) == ["failed"]
        again = session(folder, "-k", "pgvector-hnsw-tiny", *TINY, suite=SUITE)
        (record,) = again.records()
        assert record["metrics"]["recall"] > 0.85  # the collection came through the crash


@pytest.mark.parametrize(("stop", "code"), [("ctrl-c", 2), ("killed rank", 1)])
def test_a_load_that_is_stopped_leaves_no_collection_and_no_process(tmp_path, stop, code):
    large = [option for option in FLAT if "num_vectors" not in option]
    process = started(tmp_path, *large, "--param=dataset.num_vectors=4000000", "--accelerators=2")
    wait_until(process, lambda: list(tmp_path.glob("data/vectordb/flat/*/data/vectors.f32")) and ranks_of(tmp_path))
    if stop == "ctrl-c":
        process.send_signal(signal.SIGINT)
    else:
        os.kill(ranks_of(tmp_path)[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert ranks_of(tmp_path) == []
    assert not list(tmp_path.glob("data/vectordb/flat/*/data"))
    assert not list(tmp_path.glob("data/vectordb/flat/*/.truth*"))
    assert not list(tmp_path.glob("results/**/record.json"))
