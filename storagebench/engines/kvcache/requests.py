"""What a serving system asks of its KV cache, request by request, whatever the profile; no tiers, no storage yet."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from storagebench.engines.kvcache import personas, replay, retrieval, sessions
from storagebench.engines.kvcache.nouns import Request
from storagebench.errors import ConfigError
from storagebench.model import Traffic


class Profile(NamedTuple):
    """A way to make requests: endless but for a replayed file, in the order of their due times."""

    requests: Callable[[Traffic, int], Iterator[Request]]
    describes: str


PROFILES = {
    "v3": Profile(personas.requests, "the users of edition 3.0: whole contexts, read again at once while decoding"),
    "chat": Profile(sessions.requests, "conversations that grow turn by turn over a few system prompts"),
    "agent": Profile(sessions.requests, "agents: long shared instructions, many short turns"),
    "burst": Profile(sessions.requests, "conversations that arrive in bursts"),
    "rag": Profile(retrieval.requests, "questions over documents, some far more popular than others"),
    "replay": Profile(replay.requests, "a trace file that the user brings"),
}


def requests_of(traffic: Traffic, seed: int) -> Iterator[Request]:
    """Return the requests of a profile; the same for the same traffic and seed, everywhere.

    Raises:
        ConfigError: there is no such profile, or its trace file cannot be used.
    """
    if traffic.profile not in PROFILES:
        raise ConfigError(f"no KV-cache profile '{traffic.profile}'; there are {', '.join(PROFILES)}")
    return PROFILES[traffic.profile].requests(traffic, seed)
