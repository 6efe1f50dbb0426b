"""Conversations that share their beginnings: chat, agents and bursts.

A session begins with one of a few system prompts, chosen by Zipf's law, and grows with every turn by what the user says
and the model answers. Its context is cut into chunks; a chunk's name is made of the name of the one before it and of
its own content, so that what two sessions share is shared by structure and not by a coin.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from storagebench.engines.kvcache.draws import Stream, Zipf, key, mix
from storagebench.engines.kvcache.nouns import Chunk, Request, Reuse
from storagebench.model import Traffic

SPREAD = 1.0
"""Sigma of the lognormal lengths of what users say: as uneven as Mooncake's conversation trace."""
SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class Session:
    """A conversation under way; `chunks` are those of its whole context, `tokens` its length."""

    number: int
    prompt: int
    prompt_tokens: int
    turns: int
    draws: Stream
    tokens: int = 0
    chunks: list[Chunk] = field(default_factory=list)


def requests(traffic: Traffic, seed: int) -> Iterator[Request]:
    """Yield the turns of all sessions in the order of their due times."""
    arrivals, prompts = Stream(seed, "arrivals"), Zipf(traffic.prompts, traffic.skew)
    lengths = [Stream(seed, "prompt", i).between(*traffic.prompt_tokens) for i in range(traffic.prompts)]
    between_sessions_s = traffic.turns / traffic.requests_per_s
    waiting: list[tuple[int, int, Session]] = []
    number, next_arrival = 0, arrivals.gap(between_sessions_s, traffic.burstiness)
    while True:
        while not waiting or next_arrival * SECOND_NS <= waiting[0][0]:
            session = _begin(number, seed, traffic, prompts, lengths)
            heapq.heappush(waiting, (int(next_arrival * SECOND_NS), number, session))
            number += 1
            next_arrival += arrivals.gap(between_sessions_s, traffic.burstiness)
        due_ns, _, session = heapq.heappop(waiting)
        yield _turn(session, due_ns, traffic)
        if session.turns and session.tokens < traffic.most_context_tokens:
            again = due_ns + max(1, int(session.draws.exponential(traffic.think_s) * SECOND_NS))
            heapq.heappush(waiting, (again, session.number, session))


def _begin(number: int, seed: int, traffic: Traffic, prompts: Zipf, lengths: list[int]) -> Session:
    draws = Stream(seed, "session", number)
    prompt = prompts.draw(draws)
    turns = 1 + int(draws.exponential(traffic.turns - 1)) if traffic.turns > 1 else 1
    return Session(number, prompt, lengths[prompt], turns, draws)


def _turn(session: Session, due_ns: int, traffic: Traffic) -> Request:
    said = _length(session.draws, traffic.input_tokens)
    answered = session.draws.between(*traffic.output_tokens)
    if not session.chunks and not session.tokens:
        session.tokens = session.prompt_tokens
        _grow(session, traffic, prompt=True)
    known = tuple(session.chunks)
    session.tokens = min(session.tokens + said + answered, traffic.most_context_tokens)
    _grow(session, traffic, prompt=False)
    session.turns -= 1
    fresh = session.chunks[len(known) :]
    if traffic.partial_chunks == "padded" and (rest := session.tokens % traffic.chunk_tokens):
        name = mix(key(session.number, session.tokens))
        fresh = [*fresh, Chunk(name, traffic.object_bytes(traffic.chunk_tokens), rest)]
    return Request(due_ns, session.number, known, tuple(fresh), Reuse.PREFIX, 0, session.tokens - answered, answered)


def _length(draws: Stream, limits: tuple[int, int]) -> int:
    """Draw a length whose median is the lower limit and that never passes the upper one."""
    return min(max(1, round(draws.lognormal(limits[0], SPREAD))), limits[1])


def _grow(session: Session, traffic: Traffic, *, prompt: bool) -> None:
    """Name the chunks that the context now fills; those of the prompt are the same for all who have it."""
    size_bytes = traffic.object_bytes(traffic.chunk_tokens)
    for place in range(len(session.chunks), session.tokens // traffic.chunk_tokens):
        parent = session.chunks[-1].object if session.chunks else 0
        content = ("prompt", session.prompt) if prompt else ("session", session.number)
        name = mix(parent ^ key(*content, place))
        session.chunks.append(Chunk(name, size_bytes, traffic.chunk_tokens))
