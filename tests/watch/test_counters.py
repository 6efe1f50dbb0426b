"""Counters between two samples: they wrap, hosts reboot, devices come and go."""

from hypothesis import given
from hypothesis import strategies as st

from storagebench.watch.counters import Sample, advance, sample_of, span, spans

DISK = [0] * 17


def line(mono=0.0, read=0, written=0, received=0, cpu=(1, 0, 1, 8, 0, 0, 0, 0, 0, 0), **more):
    disk = [*DISK]
    disk[2], disk[6] = read, written
    network = [received, *[0] * 15]
    return {"mono": mono, "disks": {"vda": disk}, "networks": {"eth0": network}, "cpu": list(cpu)} | more


@given(st.sampled_from([32, 64]), st.integers(0, 2**29), st.integers(1, 2**29))
def test_a_counter_that_wraps_goes_on(bits, below, step):
    before = 2**bits - 1 - below
    assert advance(before, (before + step) % 2**bits) == step


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_counter_never_goes_back(before, after):
    step = advance(before, after)
    assert step is None or step >= 0
    assert after < before or step == after - before


def test_a_counter_that_was_reset_is_told_from_one_that_wrapped():
    assert advance(2_000_000_000, 17) is None
    assert advance(2**64 - 5, 2**63) is None


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=20))
def test_nothing_is_lost_between_samples(steps):
    total, samples = 0, []
    for number, step in enumerate(steps):
        total += step
        samples.append(sample_of(line(10.0 * number, read=total), "vda", "/"))
    assert sum(one.amounts["read"] for one in spans(samples)) == 512 * sum(steps[1:])


def test_a_reboot_makes_a_gap_and_no_rate():
    before, after = sample_of(line(5000.0, read=10), "vda", "/"), sample_of(line(12.0, read=900), "vda", "/")
    assert span(before, after) is None
    assert spans([before, after, sample_of(line(22.0, read=950), "vda", "/")])[0].amounts["read"] == 50 * 512


def test_a_missing_sample_makes_one_longer_span():
    (found,) = spans([sample_of(line(0.0, read=0), "vda", "/"), sample_of(line(30.0, read=60), "vda", "/")])
    assert (found.end_s - found.begin_s, found.amounts["read"]) == (30.0, 60 * 512)


def test_a_channel_that_was_reset_is_absent_and_the_others_stay():
    before = sample_of(line(0.0, read=2_000_000_000, received=5), "vda", "/")
    found = span(before, sample_of(line(10.0, read=3, received=9), "vda", "/"))
    assert "read" not in found.amounts
    assert found.amounts["received"] == 4


def test_a_device_that_appears_counts_from_its_second_sample_on():
    before = Sample(0.0, {"read": {"vda": 1}})
    after = Sample(1.0, {"read": {"vda": 3, "vdb": 10**9}})
    assert span(before, after).amounts == {"read": 2 * 512}


def test_the_device_under_test_counts_alone_and_without_one_those_at_the_bottom():
    disks = {"vda": [0, 0, 5, *[0] * 14], "vdb": [0, 0, 7, *[0] * 14], "dm-0": [0, 0, 12, *[0] * 14]}
    assert sample_of(line(disks=disks), "vdb", "/").counters["read"] == {"vdb": 7}
    assert sample_of(line(disks=disks), None, "/").counters["read"] == {"vda": 5, "vdb": 7}


def test_nfs_counts_what_went_over_the_wire():
    nfs = {"/mnt": {"bytes": [1, 2, 3, 4, 5120, 1024, 0, 0]}}
    found = sample_of(line(nfs=nfs), None, "/mnt")
    assert (found.counters["read"], found.counters["written"]) == ({"nfs": 10}, {"nfs": 2})


def test_processors_are_busy_when_neither_idle_nor_waiting_and_guests_count_once():
    found = sample_of(line(cpu=(10, 1, 4, 70, 15, 1, 2, 3, 9, 1)), "vda", "/").counters
    assert (found["cpu_busy"], found["cpu_waiting"], found["cpu_all"]) == ({"cpu": 21}, {"cpu": 15}, {"cpu": 106})


def test_the_loopback_interface_is_no_network():
    networks = {"lo": [9, *[0] * 15], "eth0": [5, *[0] * 7, 6, *[0] * 7]}
    found = sample_of(line(networks=networks), "vda", "/").counters
    assert (found["received"], found["sent"]) == ({"eth0": 5}, {"eth0": 6})
