"""The users of edition 3.0's benchmark, with its numbers and without its races.

Three kinds of users (chatbot, coding, document) ask for a context of their own size; each request writes its whole
context as one object and, unless it is only prefill, reads it ``1 + ceil(generated / 32)`` times while it decodes. Four
in five requests go on with the conversation and read its earlier turns first. What upstream leaves to the clock and to
a shared random generator is decided here: turns are in order, and a turn follows the one before it.
"""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from storagebench.engines.kvcache.draws import Stream, key, mix
from storagebench.engines.kvcache.nouns import Chunk, Request, Reuse
from storagebench.model import Traffic

SECOND_NS = 1_000_000_000
GO_ON = 0.8
MOST_TURNS = 50
PREFILL_ONLY_TOKENS = 10_000
"""From this context on, upstream does not decode."""
DECODE_BATCH = 32


class Persona(NamedTuple):
    """A kind of user: tokens of context and of generation at most, seconds to think."""

    context: tuple[int, int]
    generation: tuple[int, int]
    think_s: tuple[float, float]


PERSONAS = (
    Persona((512, 4096), (50, 200), (0.1, 0.5)),
    Persona((4096, 25000), (100, 500), (0.2, 1.0)),
    Persona((4096, 16384), (200, 800), (0.3, 1.5)),
)


class _User:
    """One user: a persona, limits of its own, and the conversation it is in."""

    def __init__(self, number: int, seed: int, traffic: Traffic) -> None:
        self.draws = Stream(seed, "user", number)
        persona = PERSONAS[self.draws.between(0, len(PERSONAS) - 1)]
        self.number = number
        self._traffic = traffic
        self._context = min(self.draws.between(*persona.context), traffic.most_context_tokens)
        self._generation = min(self.draws.between(*persona.generation), traffic.most_output_tokens)
        least, most = persona.think_s
        self._think_s = least + (most - least) * self.draws.uniform()
        self._conversation = 0
        self._turns: list[Chunk] = []

    def think_ns(self) -> int:
        """Draw how long until the next request."""
        return int(self._think_s * (0.8 + 0.4 * self.draws.uniform()) * SECOND_NS)

    def request(self, due_ns: int) -> Request:
        """Ask the next question, of this conversation or of a new one."""
        if self._turns and (not self.draws.chance(GO_ON) or len(self._turns) == MOST_TURNS):
            self._conversation, self._turns = self._conversation + 1, []
        context = self.draws.between(max(1, self._context // 4), self._context)
        generated = self.draws.between(max(1, self._generation // 4), self._generation)
        name = mix(key("user", self.number, self._conversation, len(self._turns)))
        fresh = Chunk(name, self._traffic.object_bytes(context), context)
        rereads = 0 if context >= PREFILL_ONLY_TOKENS else 1 + -(-generated // DECODE_BATCH)
        known = tuple(self._turns)
        self._turns.append(fresh)
        return Request(due_ns, self.number, known, (fresh,), Reuse.TURNS, rereads, context, generated)


def requests(traffic: Traffic, seed: int) -> Iterator[Request]:
    """Yield the requests of all users in the order of their due times; each thinks, then asks."""
    users = [_User(number, seed, traffic) for number in range(traffic.users)]
    waiting = [(user.think_ns(), user.number) for user in users]
    heapq.heapify(waiting)
    while True:
        due_ns, number = waiting[0]
        yield users[number].request(due_ns)
        heapq.heapreplace(waiting, (due_ns + users[number].think_ns(), number))
