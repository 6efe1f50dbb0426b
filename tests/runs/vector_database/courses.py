"""The course of a run in this process, as tests take it: prepare, run, judge."""

import dataclasses

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.launch.local import LocalLauncher
from storagebench.record import read_record
from storagebench.runs.folder import write_verdict
from storagebench.runs.vector_database.family import FAMILY
from tests.engines.vectordb.plans import VECTORS

SMALL = dataclasses.replace(VECTORS, num_vectors=1500)


def launching(stdout, stderr):
    return LocalLauncher(stdout=stdout, stderr=stderr)


def ignore(event):
    pass


def prepared_run(plan, cluster):
    """Prepare and run; return the document of the record and the judgement."""
    prepared = FAMILY.prepare(plan, cluster, launching, ignore)
    return judged(FAMILY.run(plan, prepared, cluster, launching, ignore))


def judged(folder):
    record = read_record(folder)
    judgement = judge(record, load_edition("3.0"))
    return write_verdict(record, judgement), judgement


def reasons(judgement, name="vdbGroundTruthIntegrity"):
    return [finding.saw for finding in judgement.findings if finding.rule_name == name]
