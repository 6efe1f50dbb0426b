"""The same collection warm in memory, capped by a control group, and read past the cache: the record tells them apart."""

import dataclasses

import pytest

from storagebench.engines.vectordb import native, regime
from storagebench.errors import ClusterError
from storagebench.model import Index, Lands
from storagebench.report.vector_database import served
from storagebench.runs.vector_database.family import FAMILY
from storagebench.units import MIB
from tests.engines.vectordb.plans import VECTORS, make_plan
from tests.runs.vector_database.courses import ignore, judged, launching

LARGE = dataclasses.replace(VECTORS, num_vectors=24_576, dimension=1024)
"""96 MiB: three times what `small_cap` leaves it."""


def why_no_cap():
    """Say why no control group can be made here, "" where one can."""
    try:
        regime.Cap("try", 64 * MIB).release()
    except ClusterError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def runs(tmp_path_factory, cluster):
    """The document of a run and why it is invalid by regime, all of a scan of the same vectors."""
    if lacking := why_no_cap():
        pytest.skip(f"NOT TESTED: {lacking}")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("warm", "capped", "direct"):
            database, index = ("flat", "FLAT") if kind == "direct" else ("fault", "CACHED")
            plan = make_plan(
                tmp_path_factory.getbasetemp() / "regimes",
                database,
                vectors=LARGE,
                regime=kind,
                index=Index(database, index, {}),
            )
            search = dataclasses.replace(plan.search, scored=350, tuning=0, runtime_s=1.5)
            plan = dataclasses.replace(plan, search=search)
            patch.setattr(native, "HERE", "storagebench.engines.vectordb")
            prepared = FAMILY.prepare(plan, cluster, launching, ignore)
            patch.setattr(native, "HERE", "tests.engines.vectordb.small_cap")
            document, judgement = judged(FAMILY.run(plan, prepared, cluster, launching, ignore))
            found[kind] = document, {one.rule_name: one.saw for one in judgement.findings if one.lands is Lands.INVALID}
    return found


def storage_of(runs, kind):
    document, _ = runs[kind]
    return document["evidence"]["storage"]


def test_all_of_them_give_the_same_answers(runs):
    assert {document["metrics"]["recall"] for document, _ in runs.values()} == {1.0}


@pytest.mark.parametrize(("kind", "by"), [("warm", "memory"), ("capped", "storage"), ("direct", "storage")])
def test_what_served_the_queries_is_told_from_their_bytes(runs, kind, by):
    document, _ = runs[kind]
    storage = storage_of(runs, kind)
    assert storage["served_by"] == by, storage
    assert served(document).startswith(f"Regime {kind}: served {'by storage' if by == 'storage' else 'from memory'}")


def test_the_evidence_of_each_regime_is_in_its_record(runs):
    evidence = {kind: document["evidence"]["regime"] for kind, (document, _) in runs.items()}
    assert [evidence[kind]["direct_files"] for kind in ("warm", "capped", "direct")] == [0, 0, 1]
    assert evidence["capped"]["limit_bytes"] == 32 * MIB
    assert evidence["warm"]["limit_bytes"] is evidence["direct"]["limit_bytes"] is None
    assert evidence["warm"]["resident_share"] > 0.9
    assert evidence["capped"]["resident_share"] < 0.1


def test_only_what_storage_served_can_be_better_than_whatif(runs):
    warm, capped, direct = (runs[kind][1] for kind in ("warm", "capped", "direct"))
    assert "of what the database asked of its files came from storage" in warm["x-vdb-served-from-memory"]
    assert set(warm) - set(capped) == {"x-vdb-served-from-memory"}
    assert "x-vdb-served-from-memory" not in direct


def test_the_group_is_gone_with_the_run(runs):
    assert not [path for home in regime.CGROUPS for path in home.glob("storagebench-sb_*")]
