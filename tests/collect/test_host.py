"""This machine describes itself, and its description can be written and read back."""

import os
import platform
import socket

from storagebench.collect import probe
from storagebench.collect.host import facts_of
from storagebench.model import HostFacts
from storagebench.serial import from_json, to_json


def test_the_facts_are_those_of_this_machine():
    facts = facts_of(probe.answer({}))
    assert facts.hostname == socket.gethostname()
    assert facts.kernel == platform.release()
    assert facts.logical_cpus == os.cpu_count()
    assert 0 < facts.physical_cpus <= facts.logical_cpus
    assert 0 < facts.available_bytes <= facts.memory_bytes
    assert abs(facts.memory_bytes - os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) < 2**20
    assert any(mount["mount_point"] == "/" for mount in facts.mounts)


def test_the_facts_survive_json():
    facts = facts_of(probe.answer({}))
    assert from_json(HostFacts, to_json(facts)) == facts


def limited(**files):
    answer = probe.answer({})
    return facts_of(
        {**answer, "files": {**answer["files"], **{f"/sys/fs/cgroup/{name}": text for name, text in files.items()}}}
    )


def test_a_containers_limit_is_what_is_available():
    facts = limited(**{"memory.max": "1048576\n", "cpu.max": "150000 100000\n"})
    assert facts.available_bytes == facts.memory_limit_bytes == 1048576
    assert facts.cpu_limit == 1.5


def test_a_limit_that_is_none_changes_nothing():
    facts = limited(
        **{"memory.max": "max\n", "memory/memory.limit_in_bytes": f"{2**63 - 4096}\n", "cpu.max": "max 100000\n"}
    )
    assert facts.memory_limit_bytes is None
    assert facts.cpu_limit is None
    assert facts.available_bytes > 1048576


def test_limits_of_control_groups_of_version_1_are_understood():
    facts = limited(**{"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000", "cpu.max": ""})
    assert facts.cpu_limit == 2
    assert limited(**{"cpu/cpu.cfs_quota_us": "-1", "cpu.max": ""}).cpu_limit is None


def test_a_record_of_an_older_version_is_read():
    old = {
        "hostname": "h",
        "memory_bytes": 1,
        "available_bytes": 1,
        "logical_cpus": 1,
        "physical_cpus": 1,
        "cpu_model": "m",
        "architecture": "a",
        "kernel": "k",
    }
    assert from_json(HostFacts, old).disks == ()
