"""The dataset size of each edition: the vectors of the facts, and the properties behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.edition import edition_names, load_edition
from storagebench.model import Sizing, required_files
from storagebench.units import GIB

UNET3D, RETINANET, RESNET50, COSMOFLOW = (
    (7, 146_600_628, 1),
    (24, 322_957, 1),
    (400, 114_660.07, 1251),
    (1, 2_828_486, 1),
)

VECTORS = [  # hosts, GiB a host, accelerators, workload, files in 3.0, files in 2.0 and 1.0
    (3, 768, 24, UNET3D, 84_376, 84_375),
    (1, 256, 8, UNET3D, 28_000, 28_000),
    (1, 256, 16, RETINANET, 4_255_643, 4_255_642),
    (1, 256, 8, RESNET50, 9_582, 9_581),
    (1, 64, 4, COSMOFLOW, 121_478, 121_477),
]


def size(edition: str, hosts: int, gib: float, accelerators: int, workload: tuple[int, float, int]) -> Sizing:
    batch, record, per_file = workload
    return required_files(
        load_edition(edition),
        memory_bytes=hosts * gib * GIB,
        num_hosts=hosts,
        accelerators=accelerators,
        batch_size=batch,
        record_length_bytes=record,
        num_samples_per_file=per_file,
    )


@pytest.mark.parametrize(("hosts", "gib", "accelerators", "workload", "up", "down"), VECTORS)
def test_vectors_of_the_facts(hosts, gib, accelerators, workload, up, down):
    assert size("3.0", hosts, gib, accelerators, workload).num_files == up
    assert size("2.0", hosts, gib, accelerators, workload).num_files == down
    assert size("1.0", hosts, gib, accelerators, workload).num_files == down


def test_the_working_shows_both_terms_and_which_rules():
    steps, memory, rules = size("3.0", 3, 768, 24, UNET3D).working
    assert steps == "500 steps × batch 7 × 24 accelerators = 84,000 files"
    assert memory.startswith("5 × 2,304.00 GiB (3 hosts")
    assert memory.endswith("= 84,376 files")
    assert "the larger rules (the memory of 3 hosts" in rules


@given(
    edition=st.sampled_from(edition_names()),
    gib=st.floats(1, 1e6),
    accelerators=st.integers(1, 4096),
    batch=st.integers(1, 20_000),
    record=st.floats(1, 1e9),
    per_file=st.integers(1, 5_000_000),
)
def test_more_accelerators_or_memory_never_need_fewer_files(edition, gib, accelerators, batch, record, per_file):
    files = size(edition, 1, gib, accelerators, (batch, record, per_file)).num_files
    assert size(edition, 1, gib, accelerators + 1, (batch, record, per_file)).num_files >= files
    assert size(edition, 2, gib, accelerators, (batch, record, per_file)).num_files >= files
    assert size("3.0", 1, gib, accelerators, (batch, record, per_file)).num_files - files in range(2)
