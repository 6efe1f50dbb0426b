"""The framing of npz files is what Python's own zipfile reads, beyond 4 GiB too."""

import zipfile
import zlib

from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.formats.stored_zip import LIMIT, Member, directory, local_header


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_zipfile_reads_every_member_back(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("zip") / "some.zip"
    members = []
    with path.open("wb") as sink:
        for number, content in enumerate(contents):
            member = Member(b"m%d" % number, len(content), zlib.crc32(content), sink.tell())
            sink.write(local_header(member.name, member.size, member.crc) + content)
            members.append(member)
        sink.write(directory(tuple(members), sink.tell()))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name in archive.namelist()] == contents


def test_a_member_beyond_4_gib_moves_sizes_and_offsets_into_zip64_fields(tmp_path):
    path = tmp_path / "sparse.zip"
    big, small = LIMIT + 17, b"labels"
    with path.open("wb") as sink:
        sink.write(local_header(b"big", big, 0))
        sink.seek(big, 1)  # a hole
        offset = sink.tell()
        sink.write(local_header(b"small", len(small), zlib.crc32(small)) + small)
        members = (Member(b"big", big, 0, 0), Member(b"small", len(small), zlib.crc32(small), offset))
        sink.write(directory(members, sink.tell()))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("big").file_size == big
        assert archive.read("small") == small
        with archive.open("big") as member:
            assert member.read(10) == bytes(10)
