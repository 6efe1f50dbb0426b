"""Chunks and requests: what the profiles make and the tiers decide on."""

from typing import NamedTuple


class Chunk(NamedTuple):
    """An object of the cache: its name (64 bits that tell its whole prefix), bytes and tokens."""

    object: int
    size_bytes: int
    tokens: int


class Request(NamedTuple):
    """One request to the model.

    `known` are the chunks it would like to find, in order; `fresh` those that it makes beyond them. With `prefix`, a
    chunk helps only when all before it were found; with `recomputes`, those not found are made and stored again. `rereads` is how often it reads each fresh chunk right away.
    """

    due_ns: int
    session: int
    known: tuple[Chunk, ...]
    fresh: tuple[Chunk, ...]
    prefix: bool
    recomputes: bool
    rereads: int
    input_tokens: int
    output_tokens: int
