"""Two hosts by MPI: with recovery shift every rank reads what the other host wrote."""

from storagebench.launch.mpi import MpiLauncher
from storagebench.model import Host
from tests.engines.checkpointing.tasks import ZERO_1, files_of, make_task, run
from tests.launch.fake_hosts import reach_fake_hosts

TWO_HOSTS = (Host("127.0.0.2", 4), Host("127.0.0.3", 4))


def test_each_rank_reads_the_files_of_the_other_host(tmp_path, monkeypatch):
    reach_fake_hosts(monkeypatch, tmp_path)
    task = make_task(tmp_path / "shared", ZERO_1, shift=[4, 4], rank_sync=True)
    outcome = run(task, launcher=MpiLauncher(), hosts=TWO_HOSTS)
    host_of = {rank.rank: rank.hostname for rank in outcome.ranks}
    assert len(set(host_of.values())) == 2
    for rank in outcome.ranks:
        assert host_of[rank.reads_rank] != rank.hostname
        assert rank.loads[0].bytes == task.layout.rank_bytes(rank.reads_rank)
        assert (rank.local_rank == 0) == (rank.saves[0].dirty_bytes is not None)
    assert len(files_of(tmp_path / "shared")) == 2 * task.layout.total_files
