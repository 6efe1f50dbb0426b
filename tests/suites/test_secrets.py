"""Passwords that a user has about him are in nothing that a session prints or leaves."""

import pytest

from tests.suites.session import TINY, Session, session

SECRET = "hunter2-planted"


def seen(done: Session) -> list[str]:
    """Return where the secret is seen: in a file of the session or its name, or in the output."""
    files = [path for path in done.folder.rglob("*") if path.is_file()]
    found = [str(path) for path in files if SECRET in str(path) or SECRET.encode() in path.read_bytes()]
    return found + ["the output"] * (SECRET in done.output)


@pytest.mark.parametrize(
    ("suite", "option", "sentence"),
    [
        ("vectordb", f"--vdb-dsn=postgresql://user:{SECRET}@host/db", "--vdb-dsn: leave the password out"),
        ("vectordb", f"--vdb-dsn=host=h password={SECRET}", "--vdb-dsn: leave the password out"),
        ("kvcache", f"--param=store.address=redis://:{SECRET}@h:6379", "--param store.address: leave the password out"),
        ("training", f"--mpi-params=-x PROXY=https://u:{SECRET}@h", "--mpi-params: leave the password out"),
    ],
)
@pytest.mark.parametrize("plan", [(), ("--plan",)], ids=["run", "plan"])
def test_a_password_in_an_option_is_refused_and_not_repeated(tmp_path, suite, option, sentence, plan):
    page, hosts = f"--html={tmp_path}/report.html", ("--launcher=mpi",)
    done = session(tmp_path, option, page, *hosts, *plan, "-v", suite=f"suites/{suite}")
    assert done.returncode != 0
    assert sentence in done.output
    assert seen(done) == []


def test_secrets_of_the_launch_are_in_nothing_that_a_run_on_two_hosts_leaves(ssh_hosts, tmp_path, monkeypatch):
    first, second = ssh_hosts
    for name in ("BACKUP_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "OMPI_MCA_storagebench_token"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("HTTPS_PROXY", f"https://user:{SECRET}@proxy.example")
    way = f"ProxyCommand env SSHPASS={SECRET} ssh -F {ssh_hosts.config} -W %h:%p {first.address}"
    ssh_hosts.config.write_text(f"Host {second.address}\n  {way}\n{ssh_hosts.config.read_text()}")
    asked = (f"--hosts={ssh_hosts.text(2)}", f"--ssh-config={ssh_hosts.config}", "--collector=ssh")
    point = ("-k", "unet3d-b200-x4", "--accelerators=4", "--mpi-params=-x BACKUP_PASSPHRASE", "-v")
    done = session(tmp_path, *point, *asked, *TINY, f"--html={tmp_path}/report.html")
    assert done.returncode == 0, done.output
    assert {"record.json", "report.html", "report.xml"} <= {path.name for path in tmp_path.rglob("*")}
    assert seen(done) == []
