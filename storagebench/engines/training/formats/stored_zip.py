"""The framing of a zip archive whose members are stored, not deflated (PKWARE APPNOTE 6.3.10, 4.3 and 4.5.3).

Zip64 fields appear only where a size or an offset does not fit into 32 bits, so the length of every part follows
from the sizes alone.
"""

import struct
from typing import NamedTuple

LIMIT = 0xFFFFFFFF
"""Sizes and offsets from here on need zip64."""

_TIME, _DATE = 0, 0x21  # midnight of 1 January 1980, as np.savez writes it: equal seeds give equal files


class Member(NamedTuple):
    """A file in the archive; `offset` is where its local header starts."""

    name: bytes
    size: int
    crc: int
    offset: int


def local_header(name: bytes, size: int, crc: int) -> bytes:
    """Return what precedes the bytes of a member."""
    extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= LIMIT else b""
    shown = min(size, LIMIT)
    version = 45 if extra else 20
    fields = (version, 0, 0, _TIME, _DATE, crc, shown, shown, len(name), len(extra))
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + name + extra


def directory(members: tuple[Member, ...], offset: int) -> bytes:
    """Return the end of the archive: its directory, which starts at `offset`."""
    entries = b"".join(_entry(member) for member in members)
    count, shown_offset = len(members), min(offset, LIMIT)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), shown_offset, 0)
    if offset < LIMIT:
        return entries + end
    fields = (44, 45, 45, 0, 0, count, count, len(entries), offset)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", *fields)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + len(entries), 1)
    return entries + end64 + locator + end


def _entry(member: Member) -> bytes:
    wide = [member.size, member.size] if member.size >= LIMIT else []
    wide += [member.offset] if member.offset >= LIMIT else []
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = 45 if extra else 20
    size = min(member.size, LIMIT)
    fields = (version, version, 0, 0, _TIME, _DATE, member.crc, size, size, len(member.name), len(extra))
    tail = (0, 0, 0, 0o600 << 16, min(member.offset, LIMIT))
    return struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields, *tail) + member.name + extra
