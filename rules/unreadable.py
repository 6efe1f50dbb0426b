"""Files that nobody can read: what other rules do not need of a damaged folder is at least named."""

from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record

FAMILIES = {"training": "1.0 2.0 3.0", "checkpointing": "2.0 3.0", "vector_database": "3.0", "kv_cache": "3.0"}
"""Families and the editions that have them."""
NEEDED = ("summary", "args", "parameters", "overrides", "fs_separation", "datasize", "datagen")
"""Facts that official rules cannot do without: a file that these are lost with is spoken of already."""


def files_can_be_read(record: Record, edition: Edition) -> Iterator[Breach]:
    """Every document in a run folder is what its name says, whole, and in UTF-8.

    A file that official rules live on makes their finding; this rule names the others. Reads: unreadable, lost.
    """
    if not record.has("unreadable"):
        return
    lost = record.table("lost") if record.has("lost") else {}
    spoken_of = {lost[fact] for fact in NEEDED if fact in lost}
    for name, why in record.table("unreadable").items():
        if f"{name} {why}" not in spoken_of:
            yield Breach(Lands.ADVICE, f"{name} {why}", "a file that can be read")


for family, editions in FAMILIES.items():
    rule("x", f"x-unreadable-{family.replace('_', '-')}", family=family, editions=editions, warns=True)(
        files_can_be_read
    )
