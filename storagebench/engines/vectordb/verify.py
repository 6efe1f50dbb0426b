"""Whether a collection is the planned one, and whether answers can be right at all: what is wrong, in sentences."""

import json

import numpy as np

from storagebench.engines.vectordb.backend import Session
from storagebench.engines.vectordb.source import Rows, Source, generator
from storagebench.engines.vectordb.truth import Ids, similarities
from storagebench.errors import DatasetError
from storagebench.model import BLOCK_ROWS, VectorDatabasePlan, Vectors

COMPARED = 64
"""Vectors that are fetched and compared bit for bit."""
COMPARED_BLOCKS = 4
"""They are taken from a few blocks only, which have to be made for it."""
ORDERED = 32
"""Answers whose order is looked at."""
ORDER_TIE = 1e-4
"""Neighbours this near to each other may stand in any order: databases compute in float32 too."""


def collection_problems(session: Session, plan: VectorDatabasePlan, source: Source) -> list[str]:
    """Say what is wrong with the collection, worst first; nothing where it is the planned one and whole.

    Raises:
        DatasetError: there is none to look at any more, or it is too damaged for that.
    """
    found = []
    label, rows = session.label(), session.stats().rows
    if not label:
        found.append("the collection was never sealed: its load was broken off")
    elif (fingerprint := json.loads(label).get("fingerprint")) != plan.vectors.fingerprint():
        found.append(
            f"the collection holds other data: fingerprint {fingerprint}, planned {plan.vectors.fingerprint()}"
        )
    if rows != plan.vectors.num_vectors:
        found.append(f"the collection holds {rows:,} vectors, not {plan.vectors.num_vectors:,}")
    if not found and (wrong := _wrong_vectors(session, plan, source)):
        found.append(
            f"{wrong} of {COMPARED} vectors that were fetched are not those of the plan: the collection is stale"
        )
    return found


def _wrong_vectors(session: Session, plan: VectorDatabasePlan, source: Source) -> int:
    drawn = generator(plan.vectors.seed, "compared", 0)
    blocks = drawn.integers(0, plan.vectors.num_blocks, COMPARED_BLOCKS)
    blocks[0], blocks[-1] = 0, plan.vectors.num_blocks - 1
    wrong = 0
    for block in blocks:
        ids = plan.vectors.rows_of(int(block))
        places = drawn.integers(0, len(ids), COMPARED // COMPARED_BLOCKS)
        try:
            held = session.fetch(places + int(block) * BLOCK_ROWS)
        except DatasetError:
            return COMPARED
        wrong += int((held != source.block(int(block))[places]).any(axis=1).sum())
    return wrong


def answer_problems(answers: Ids, rows: int) -> list[str]:
    """Say what no right database answers: ids that are not there, twice the same, too few."""
    if not len(answers):
        return []
    wanted = min(answers.shape[1], rows)
    few = int(((answers >= 0).sum(axis=1) < wanted).sum())
    in_order = np.sort(np.where(answers < 0, np.arange(-answers.shape[1], 0), answers), axis=1)
    twice = int((np.diff(in_order, axis=1) == 0).any(axis=1).sum())
    beyond = int(((answers >= rows) | (answers < -1)).any(axis=1).sum())
    sentences = {
        f"of {len(answers):,} answers {few:,} hold fewer than {wanted} neighbours": few,
        f"of {len(answers):,} answers {twice:,} name a vector twice": twice,
        f"of {len(answers):,} answers {beyond:,} name a vector that is not in the collection": beyond,
    }
    return [sentence for sentence, count in sentences.items() if count]


def order_problems(session: Session, queries: Rows, asked: Ids, answers: Ids, vectors: Vectors) -> list[str]:
    """Say whether neighbours stand in the wrong order, by the vectors that the database itself returns for them."""
    step = max(1, len(answers) // ORDERED)
    wrong = looked = 0
    for query, answer in zip(asked[::step], answers[::step], strict=True):
        if ((answer < 0) | (answer >= vectors.num_vectors)).any():
            continue
        try:
            held = session.fetch(answer)
        except DatasetError as error:
            return [f"an answer names a vector that the database itself does not return: {error}"]
        near = similarities(queries[query : query + 1], held, vectors.metric)[0]
        looked += 1
        wrong += bool((np.diff(near) > ORDER_TIE * max(1.0, float(np.abs(near).max()))).any())
    return [f"of {looked} answers {wrong} have a nearer neighbour behind a farther one"] if wrong else []
