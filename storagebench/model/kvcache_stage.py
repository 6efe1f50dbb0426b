"""One Option of a KV-cache run, fully decided: workload, tiers, load and how objects are stored."""

from dataclasses import dataclass

from storagebench.model.language_models import LanguageModel, language_model
from storagebench.units import GIB, MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Who asks for what: the profile, its model and its numbers; requests arrive at `requests_per_s` when rate is 1.

    `mode` is mixed (read what is cached, write what is new), prefill (write only) or decode (read only). Of the
    profile's numbers, `users` counts those of the personas and the concurrent sessions of the others, `prompts` the
    distinct system prompts (for rag: documents), whose use falls off as 1/rank^`skew`. `trace` names a file to replay
    instead, "" for none; `burstiness` is the coefficient of variation of the gaps between arrivals.
    """

    profile: str
    model: str
    mode: str
    chunk_tokens: int
    tensor_parallel: int
    partial_chunks: str
    users: int
    requests_per_s: float
    burstiness: float
    prompts: int
    skew: float
    prompt_tokens: tuple[int, int]
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    turns: float
    think_s: float
    documents_per_request: int
    most_context_tokens: int
    most_output_tokens: int
    trace: str

    @property
    def language_model(self) -> LanguageModel:
        """The model of the table."""
        return language_model(self.model)

    def object_bytes(self, tokens: int) -> int:
        """Bytes of an object of so many tokens."""
        return self.language_model.object_bytes(tokens, self.tensor_parallel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """The logical cache in front of the storage; bytes each rank has of each tier.

    `placement` is through (what is new goes to every tier at once) or demote (to the first tier with room, whose
    oldest go down); `promote` says whether a hit in the storage is copied up again; `eviction` is lru or fifo.
    """

    hbm_bytes: int
    dram_bytes: int
    storage_bytes: int
    placement: str
    promote: bool
    eviction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How the plan is driven: closed (`in_flight` requests at a time), open (on their due times × `rate`) or find.

    `window_s` is what counts, after `warmup_s` of the same load and `fill_bytes` of untimed writes. `most_gib_per_s`
    bounds the plan's length: it holds enough work for a storage of that speed for each rank. `find` looks for the
    highest rate at which the 99th percentile of restores stays within `slo_s`, in `probes` runs.
    """

    kind: str
    in_flight: int
    fan_out: int
    rate: float
    slo_s: float
    probes: int
    warmup_s: float
    window_s: float
    fill_bytes: int
    most_gib_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Storing:
    """How objects are stored: backend and its address, layout, durability (none, data, all), threads, part size.

    `keys` is private (each rank has a load and objects of its own) or shared (one load over all ranks, which read
    each other's objects).
    """

    backend: str
    address: str
    layout: str
    durability: str
    direct: bool
    readers: int
    writers: int
    part_bytes: int
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One Option: its number in the results tree and everything it is run with."""

    option: int
    name: str
    traffic: Traffic
    tiers: Tiers
    load: Load
    storing: Storing

    @property
    def memory_bytes(self) -> int:
        """Buffers of a rank: two megabytes of alignment and one part for each thread."""
        return (self.storing.readers + self.storing.writers) * (self.storing.part_bytes + 2 * MIB)

    @property
    def most_bytes(self) -> int:
        """Bytes that the plan of one rank moves at most: what the fastest storage could do in warm-up and window."""
        return int(self.load.most_gib_per_s * GIB * (self.load.warmup_s + self.load.window_s))
