"""Retrieval: every question brings the chunks of a few documents, which many questions share.

Documents are popular by Zipf's law. Their chunks are cached one by one, wherever they stand in the prompt (as CacheBlend
does), so that a missing one does not make those after it useless. The question itself is not worth keeping.
"""

from collections.abc import Iterator

from storagebench.engines.kvcache.draws import Stream, Zipf, key, mix
from storagebench.engines.kvcache.nouns import Chunk, Request, Reuse
from storagebench.model import Traffic

SECOND_NS = 1_000_000_000


def requests(traffic: Traffic, seed: int) -> Iterator[Request]:
    """Yield questions in the order of their due times; each is a session of its own."""
    arrivals, choices, popularity = (
        Stream(seed, "arrivals"),
        Stream(seed, "documents"),
        Zipf(traffic.prompts, traffic.skew),
    )
    lengths = [Stream(seed, "document", i).between(*traffic.prompt_tokens) for i in range(traffic.prompts)]
    due_s, number = 0.0, 0
    while True:
        due_s += arrivals.gap(1 / traffic.requests_per_s, traffic.burstiness)
        wanted = min(traffic.documents_per_request, traffic.prompts)
        chosen: dict[int, None] = {}
        while len(chosen) < wanted:
            chosen[popularity.draw(choices)] = None
        chunks = tuple(chunk for document in chosen for chunk in _chunks(traffic, document, lengths[document]))
        tokens = sum(chunk.tokens for chunk in chunks) + choices.between(*traffic.input_tokens)
        output = choices.between(*traffic.output_tokens)
        yield Request(int(due_s * SECOND_NS), number, chunks, (), Reuse.PIECES, 0, tokens, output)
        number += 1


def _chunks(traffic: Traffic, document: int, tokens: int) -> Iterator[Chunk]:
    size_bytes = traffic.object_bytes(traffic.chunk_tokens)
    for place in range(max(1, tokens // traffic.chunk_tokens)):
        yield Chunk(mix(key("document", document, place)), size_bytes, traffic.chunk_tokens)
