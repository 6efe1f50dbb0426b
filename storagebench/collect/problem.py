"""What is wrong, one sentence each, and the one report that lists it all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from storagebench.errors import ClusterError, StorageBenchError


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence; `stops` says whether the run cannot go on (else it is worth knowing)."""

    text: str
    stops: bool


def refuse(found: Iterable[Problem]) -> None:
    """Stop for what stops a run, all of it at once.

    Raises:
        ClusterError: with one sentence for one problem, a numbered list for several.
    """
    refuse_all([problem.text for problem in found if problem.stops])


def refuse_all(texts: Sequence[str]) -> None:
    """Stop for any of these.

    Raises:
        ClusterError: with one sentence for one problem, a numbered list for several.
    """
    if len(texts) == 1:
        raise ClusterError(texts[0])
    if texts:
        listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(texts, 1))
        raise ClusterError(f"{len(texts)} things are in the way of this run:\n{listed}")


def refused(*checks: Callable[[], object]) -> Iterator[Problem]:
    """Turn what checks raise into problems that stop a run."""
    for check in checks:
        try:
            check()
        except StorageBenchError as error:
            yield Problem(str(error), stops=True)
