"""The parsers of /proc take what they understand, and never stumble over anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.collect import proc

MEMINFO = "MemTotal:       24684096 kB\nMemAvailable:   24000000 kB\nHugePages_Total:       0\n"
CPUINFO = """\
processor\t: 0
model name\t: A CPU @ 2.00GHz
physical id\t: 0
core id\t\t: 0

processor\t: 1
model name\t: A CPU @ 2.00GHz
physical id\t: 0
core id\t\t: 0

processor\t: 2
model name\t: A CPU @ 2.00GHz
physical id\t: 1
core id\t\t: 0
"""
MOUNTINFO = """\
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:27 / /mnt/with\\040blank rw - tmpfs tmp\\134fs rw
31 25 0:28 / /mnt/nfs rw - nfs4 server:/export rw,vers=4.2
a line that is none
"""
LINES = st.text() | st.lists(st.text(alphabet="ab 0:-/\\\n\t")).map("\n".join)


def test_memory_is_in_bytes():
    pairs = proc.colon_pairs(MEMINFO)
    assert proc.kib(pairs["MemTotal"]) == 24684096 * 1024
    assert pairs["HugePages_Total"] == "0"


@pytest.mark.parametrize("value", [None, "", "12", "12 MB", "kB", "-1 kB", "1.5 kB", "٣ kB"])
def test_what_is_no_size_counts_as_none(value):
    assert proc.kib(value) == 0


def test_cores_are_counted_by_package_and_the_last_processor_is_recorded():
    assert proc.physical_cpus(CPUINFO) == 2
    assert proc.last_processor(CPUINFO)["processor"] == "2"
    assert proc.physical_cpus("processor : 0\nBogoMIPS : 50\n") == 0
    assert proc.last_processor("") == {}


def test_mounts_have_their_escapes_resolved():
    root, blank, nfs = proc.mounts(MOUNTINFO)
    assert root == ("254:0", "/", "ext4", "/dev/vda")
    assert (blank.mount_point, blank.source) == ("/mnt/with blank", "tmp\\fs")
    assert (nfs.type, nfs.source) == ("nfs4", "server:/export")


def test_sectors_read_stand_in_the_third_place():
    assert proc.sectors_read("   1234  10  98765  400  5 6 7 8 0 9 10\n") == 98765


@pytest.mark.parametrize("line", ["", "1 2", "1 2 x", "1 2 -3"])
def test_a_line_without_sectors_is_told_from_zero(line):
    assert proc.sectors_read(line) is None


@given(LINES)
def test_no_parser_stumbles_over_garbage(text):
    proc.colon_pairs(text)
    proc.kib(text)
    proc.physical_cpus(text)
    proc.last_processor(text)
    proc.mounts(text)
    proc.sectors_read(text)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_()0-9]+", fullmatch=True), st.integers(0, 2**50), min_size=1))
def test_meminfo_of_any_size_is_read(sizes):
    pairs = proc.colon_pairs("".join(f"{name}:   {size} kB\n" for name, size in sizes.items()))
    assert {name: proc.kib(value) for name, value in pairs.items()} == {k: v * 1024 for k, v in sizes.items()}
