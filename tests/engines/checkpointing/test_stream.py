"""A file comes back as it was written, or the reader says at which byte it does not."""

import os

import pytest

from storagebench.engines.checkpointing.stream import Stream
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.engines.storage.stamps import Origin
from storagebench.errors import EngineError

ORIGIN = Origin(token=7, checkpoint=1, rank=2, file=0)
SIZES = [1, 31, 4095, 4096, 4097, (1 << 20) + 33, (4 << 20) + 4096, (9 << 20) + 1]


def stream_of(moved=lambda count: None, **checkpoint):
    return Stream(ORIGIN.token, transfer_of(checkpoint), moved)


@pytest.mark.parametrize("verify", ["stamps", "all"])
@pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])
@pytest.mark.parametrize("size", SIZES)
def test_any_size_comes_back_whole(tmp_path, size, direct, verify):
    shard, moved = tmp_path / "shard", []
    path = str(shard)
    stream = stream_of(moved.append, odirect=direct, verify=verify)
    stream.write(path, size, ORIGIN)
    assert shard.stat().st_size == size
    stream.read(path, size, ORIGIN)
    assert sum(moved) == 2 * size


def test_buffered_and_direct_files_are_the_same(tmp_path):
    for direct in (False, True):
        stream_of(odirect=direct).write(str(tmp_path / str(direct)), SIZES[-1], ORIGIN)
    assert (tmp_path / "True").read_bytes() == (tmp_path / "False").read_bytes()


def test_a_longer_file_of_before_is_replaced(tmp_path):
    path = tmp_path / "shard"
    path.write_bytes(bytes(100_000))
    stream_of().write(str(path), 50_000, ORIGIN)
    stream_of().read(str(path), 50_000, ORIGIN)


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "shard"
    stream_of().write(str(path), 3 << 20, ORIGIN)
    return path


def refusal(shard, **checkpoint):
    with pytest.raises(EngineError) as refused:
        stream_of(**checkpoint).read(str(shard), 3 << 20, ORIGIN)
    return str(refused.value).removeprefix(f"{shard} ")


def change(shard, at, content):
    with shard.open("r+b") as file:
        file.seek(at)
        file.write(content)


def test_a_truncated_file_is_refused_before_it_is_read(shard):
    os.truncate(shard, 3 << 19)
    assert refusal(shard) == "has 1,572,864 bytes where 3,145,728 were written: it is damaged"


def test_a_hole_is_found_at_its_byte(shard):
    change(shard, 2 << 20, bytes(4096))
    assert refusal(shard) == (
        "is not what was written: at byte 2,097,152 it holds zeros, not block 512 of file 0 of rank 2, checkpoint 1 of "
        "this run"
    )


def test_a_block_of_another_place_is_named(shard):
    change(shard, 4096, shard.read_bytes()[8192:12288])
    assert "at byte 4,096 it holds block 2 of file 0 of rank 2, checkpoint 1, not block 1 " in refusal(shard)


def test_a_file_of_another_run_is_told_apart(shard):
    Stream(8, transfer_of({}), lambda count: None).write(str(shard), 3 << 20, Origin(8, 1, 2, 0))
    assert "holds a block of this place with other content: of another run, or damaged" in refusal(shard)


def test_a_wrong_byte_between_the_stamps_is_found_by_verify_all(shard):
    change(shard, 4096 + 100, b"\0\0\0\0\0\0\0\0")
    stream_of().read(str(shard), 3 << 20, ORIGIN)
    assert "at byte 4,096 it holds a block of this place with other content" in refusal(shard, verify="all")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EngineError, match="nothing is missing: the checkpoint is not whole"):
        stream_of().read(str(tmp_path / "nothing"), 1, ORIGIN)


def test_a_filesystem_without_direct_io_is_named():
    with pytest.raises(EngineError, match=r"/proc/self/comm cannot be written: this filesystem refuses O_DIRECT; set"):
        stream_of(odirect=True).write("/proc/self/comm", 1, ORIGIN)


def test_what_cannot_be_written_whole_is_removed(tmp_path):
    link = tmp_path / "shard"
    link.symlink_to("/dev/full")
    with pytest.raises(EngineError, match=r"shard cannot be written: No space left on device$"):
        stream_of().write(str(link), 1 << 20, ORIGIN)
    assert not link.is_symlink()
