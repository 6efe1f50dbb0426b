"""Chunks and requests: what the profiles make and the tiers decide on."""

import enum
from typing import NamedTuple


class Chunk(NamedTuple):
    """An object of the cache: its name (64 bits that tell its whole prefix), bytes and tokens."""

    object: int
    size_bytes: int
    tokens: int


class Reuse(enum.Enum):
    """What the known chunks of a request are worth."""

    PREFIX = "a chunk helps only when all before it were found; the others are made again and stored"
    PIECES = "each helps for itself; those that are missing are made again and stored"
    TURNS = "each helps for itself; those that are missing are gone"


class Request(NamedTuple):
    """One request to the model.

    `known` are the chunks it would like to find, in order; `fresh` those that it makes beyond them. `rereads` is how
    often it reads each fresh chunk right away.
    """

    due_ns: int
    session: int
    known: tuple[Chunk, ...]
    fresh: tuple[Chunk, ...]
    reuse: Reuse
    rereads: int
    input_tokens: int
    output_tokens: int
