"""Hosts are asked over ssh as ssh itself would log in; what goes wrong is one sentence with the host's name."""

import os
import subprocess
import time
from dataclasses import fields
from pathlib import Path

import pytest

from storagebench.collect import ssh
from storagebench.collect.cluster import ask, collect
from storagebench.collect.host import facts_of
from storagebench.collect.ssh import SshCollector
from storagebench.errors import ClusterError
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import Host
from tests.real_hosts import run

MOVING = {
    "available_bytes", "meminfo", "vmstat", "disks", "networks", "uptime_s", "load_1min", "clock_offset_s", "clock_uncertainty_s", "cpuinfo",
}  # fmt: skip
"""What is another value at another moment; of these, the keys must agree."""


def described(hosts, names=None, **more):
    collector = SshCollector(str(hosts.config), **more)
    return [facts_of(answer) for answer in ask(names or hosts.asked(), {}, collector)]


def refused(hosts, names=None, **more):
    with pytest.raises(ClusterError) as caught:
        described(hosts, names, **more)
    return str(caught.value)


def test_hosts_describe_themselves_in_the_order_they_were_named(ssh_hosts):
    found = described(ssh_hosts, tuple(reversed(ssh_hosts.asked())))
    assert [facts.hostname for facts in found] == ["h2", "h1"]
    assert all(abs(facts.clock_offset_s) <= facts.clock_uncertainty_s for facts in found)


def test_names_that_only_the_ssh_configuration_knows_are_names(ssh_hosts):
    assert [facts.hostname for facts in described(ssh_hosts, (Host("h1"), Host("h2")))] == ["h1", "h2"]


def test_ssh_and_mpi_agree_field_by_field(ssh_hosts):
    by_ssh = described(ssh_hosts)
    by_mpi = collect(ssh_hosts.asked(), MpiLauncher(ssh_config=str(ssh_hosts.config))).hosts
    for one, other in zip(by_ssh, by_mpi, strict=True):
        for field in fields(one):
            if field.name not in MOVING:
                assert getattr(one, field.name) == getattr(other, field.name), field.name
        for name in ("meminfo", "vmstat", "cpuinfo"):
            assert getattr(one, name).keys() == getattr(other, name).keys()
        assert [disk["name"] for disk in one.disks] == [disk["name"] for disk in other.disks]


def test_what_a_login_prints_is_no_answer(ssh_hosts):
    (ssh_hosts[0].home / ".bashrc").write_text("echo Welcome to h1; echo '@storagebench-facts' ; echo note >&2\n")
    assert described(ssh_hosts)[0].hostname == "h1"


def test_nothing_is_left_on_a_host(ssh_hosts):
    described(ssh_hosts)
    assert list(ssh_hosts[0].home.iterdir()) == []
    assert ssh_hosts[0].left() == []


def test_a_refused_key_and_a_changed_host_key_are_told_in_one_report(ssh_hosts):
    (ssh_hosts[0].folder / "authorized_keys").write_text("")
    known = ssh_hosts.known_hosts.read_text().splitlines()
    other = (ssh_hosts.key.with_suffix(".pub")).read_text().split()[1]
    ssh_hosts.known_hosts.write_text(f"{known[0]}\n{ssh_hosts[1].address} ssh-ed25519 {other}\n")
    said = refused(ssh_hosts).splitlines()
    assert said[0] == "2 things are in the way of this run:"
    assert f"{ssh_hosts[0].address}: no key of ours opens " in said[1]
    assert f"{ssh_hosts[1].address}: the host key of {ssh_hosts[1].address} is not the one in " in said[2]
    assert f"ssh-keygen -R {ssh_hosts[1].address}" in said[2]


def test_an_unknown_host_key_is_refused_with_its_fingerprint(ssh_hosts):
    ssh_hosts.known_hosts.write_text("")
    fingerprint = run("ssh-keygen", "-lf", ssh_hosts[0].folder / "host_key.pub").stdout.split()[1]
    assert f"is not in {ssh_hosts.known_hosts} (ssh-ed25519 {fingerprint})" in refused(ssh_hosts, ssh_hosts.asked()[:1])


def test_a_configuration_that_accepts_new_keys_is_obeyed(ssh_hosts):
    ssh_hosts.known_hosts.write_text("")
    ssh_hosts.config.write_text(f"StrictHostKeyChecking accept-new\n{ssh_hosts.config.read_text()}")
    assert [facts.hostname for facts in described(ssh_hosts)] == ["h1", "h2"]


@pytest.mark.parametrize("way", ["ProxyJump {0}", "ProxyCommand ssh -F {config} -W %h:%p {0}"])
def test_jump_hosts_lead_on(ssh_hosts, way):
    first, second = ssh_hosts
    way = way.format(first.address, config=ssh_hosts.config)
    ssh_hosts.config.write_text(f"Host {second.address}\n  {way}\n{ssh_hosts.config.read_text()}")
    assert [facts.hostname for facts in described(ssh_hosts)] == ["h1", "h2"]


def test_an_agent_opens_the_door(ssh_hosts, monkeypatch, tmp_path):
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        while not (tmp_path / "agent").exists():
            time.sleep(0.01)
        run("ssh-add", ssh_hosts.key)
        text = ssh_hosts.config.read_text().replace("IdentitiesOnly yes", "IdentitiesOnly no")
        ssh_hosts.config.write_text(text.replace(f"IdentityFile {ssh_hosts.key}", f"IdentityFile {tmp_path}/none"))
        assert [facts.hostname for facts in described(ssh_hosts)] == ["h1", "h2"]
    finally:
        agent.kill()
        agent.wait()


def test_a_host_that_is_not_there_is_named(ssh_hosts):
    ssh_hosts[1].unplug()
    ssh_hosts.config.write_text("ConnectTimeout 1\n" + ssh_hosts.config.read_text())
    assert refused(ssh_hosts).startswith(f"{ssh_hosts[1].address}: ")


def test_a_host_that_hangs_at_the_login_is_given_up(ssh_hosts, monkeypatch):
    monkeypatch.setattr(ssh, "LOGIN_S", 1.0)
    ssh_hosts[1].freeze()
    try:
        assert f"{ssh_hosts[1].address}: no answer from" in refused(ssh_hosts)
    finally:
        ssh_hosts[1].thaw()


def test_a_slow_host_is_given_up(ssh_hosts):
    (ssh_hosts[0].home / ".bashrc").write_text("exec sleep 5\n")
    assert refused(ssh_hosts, answer_s=1.0) == f"{ssh_hosts[0].address}: it let us in, but gave no answer within 1 s"


def test_a_login_that_prints_for_ever_is_ended(ssh_hosts, monkeypatch):
    monkeypatch.setattr(ssh, "MOST_BYTES", 1 << 20)
    (ssh_hosts[0].home / ".bashrc").write_text("yes\n")
    assert "prints without end" in refused(ssh_hosts)


def test_a_host_without_a_python_says_so(ssh_hosts):
    (ssh_hosts[0].home / ".bashrc").write_text("PATH=/nowhere\n")
    assert "Python 3.6 or newer is needed there" in refused(ssh_hosts)


def test_a_clock_that_is_wrong_is_seen(ssh_hosts):
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        assert "CI" not in os.environ
        pytest.skip("NOT TESTED: faketime is not installed")
    (ssh_hosts[1].home / ".ssh").mkdir()
    (ssh_hosts[1].home / ".ssh" / "environment").write_text(f"LD_PRELOAD={library}\nFAKETIME=+90s\n")
    right, wrong = described(ssh_hosts)
    assert abs(right.clock_offset_s) <= right.clock_uncertainty_s
    assert abs(wrong.clock_offset_s - 90) <= wrong.clock_uncertainty_s


def test_a_proxy_command_that_fails_is_not_quoted_as_it_may_hold_a_password(ssh_hosts):
    way = "ProxyCommand env SSHPASS=hunter2 sh -c 'exit 3'"
    ssh_hosts.config.write_text(f"Host {ssh_hosts[1].address}\n  {way}\n{ssh_hosts.config.read_text()}")
    with pytest.raises(ClusterError) as caught:
        described(ssh_hosts)
    assert ssh_hosts[1].address in str(caught.value)
    assert "hunter2" not in str(caught.value)
