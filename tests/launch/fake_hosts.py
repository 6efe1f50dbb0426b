"""Hosts that are not there: mpirun reaches them through an agent that runs everything here, under their names."""

from pathlib import Path

AGENT = Path(__file__).with_name("fake_ssh")


def reach_fake_hosts(monkeypatch, folder):
    """Set mpirun's agent; its daemons keep their files in `folder`, as the hosts of two tests may share a name."""
    monkeypatch.setenv("PRTE_MCA_plm_ssh_agent", str(AGENT))
    monkeypatch.setenv("TMPDIR", str(folder))
