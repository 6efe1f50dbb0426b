"""This machine describes itself, and its description can be written and read back."""

import os
import platform
import socket

from storagebench.collect import host
from storagebench.collect.host import local_host
from storagebench.model import HostFacts
from storagebench.serial import from_json, to_json


def test_the_facts_are_those_of_this_machine():
    facts = local_host()
    assert facts.hostname == socket.gethostname()
    assert facts.kernel == platform.release()
    assert facts.logical_cpus == os.cpu_count()
    assert 0 < facts.physical_cpus <= facts.logical_cpus
    assert 0 < facts.available_bytes <= facts.memory_bytes
    assert abs(facts.memory_bytes - os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) < 2**20
    assert any(mount["mount_point"] == "/" for mount in facts.mounts)


def test_the_facts_survive_json():
    facts = local_host()
    assert from_json(HostFacts, to_json(facts)) == facts


def test_a_containers_limit_is_what_is_available(monkeypatch):
    real = host._text
    monkeypatch.setattr(host, "_text", lambda path: "1048576\n" if path.endswith("memory.max") else real(path))
    assert local_host().available_bytes == 1048576


def test_a_limit_that_is_none_changes_nothing(monkeypatch):
    real = host._text
    monkeypatch.setattr(host, "_text", lambda path: "max\n" if path.endswith("memory.max") else real(path))
    assert local_host().available_bytes > 1048576
