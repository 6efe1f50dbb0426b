"""Which files the ranks of a job write for one checkpoint, with every tensor in them, as DLIO lays them out.

Ranks count through tensor parallelism first, then pipeline stages, then data parallelism. Each rank writes the
optimizer's state of its share. The model is written by all ranks, one file each, under ZeRO 3, and layer by layer by
the first data-parallel replica otherwise. `checkpoint_size` has the same sizes as one formula; a test holds the two
against each other.

A file here is the bytes of its tensors one after the other. DLIO wraps them with torch.save, whose framing it does
not count either; so the names keep DLIO's stems and leave its `.pt` to those who wrote it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from storagebench.model.checkpoint_size import MODEL_BYTES, OPTIMIZER_BYTES, OPTIMIZER_STATES, Transformer

OPTIMIZER_EXTRA_ROWS = 5
"""Rows of the hidden size that follow each of the three states of the optimizer."""

SUFFIX = ".ckpt"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file: what it is, the bytes of an element (2: fp16, 4: fp32) and how many elements."""

    name: str
    dtype: str
    count: int

    @property
    def bytes(self) -> int:
        """Size in bytes."""
        return self.count * (MODEL_BYTES if self.dtype == "fp16" else OPTIMIZER_BYTES)


@dataclass(frozen=True, slots=True)
class ShardFile:
    """One file of a rank."""

    name: str
    tensors: tuple[Tensor, ...]

    @property
    def bytes(self) -> int:
        """Size in bytes."""
        return sum(tensor.bytes for tensor in self.tensors)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointLayout:
    """A checkpoint of a model by the first `ranks` ranks of the job that its parallelism describes.

    `scale` shrinks every tensor, so that a laptop can try a model of 15 TiB; the files and their number stay.
    """

    model: Transformer
    ranks: int
    scale: Fraction = Fraction(1)

    def files(self, rank: int) -> tuple[ShardFile, ...]:
        """Return what one rank writes, in the order in which it writes."""
        replica, place = divmod(rank, self.model.tensor * self.model.pipeline)
        shard = f"zero_pp_rank_{replica}_mp_rank_{place}"
        optimizer = ShardFile(f"{shard}_optim_states{SUFFIX}", tuple(self._optimizer()))
        layers = {layer: tuple(self._layer(layer)) for layer in layers_of_stage(self.model, place // self.model.tensor)}
        if self.model.zero_stage >= 3:
            tensors = tuple(tensor for layer in layers.values() for tensor in layer)
            return optimizer, ShardFile(f"{shard}_model_states{SUFFIX}", tensors)
        if replica:
            return (optimizer,)
        named = (ShardFile(f"layer_{layer}-model_{place}_model_states{SUFFIX}", layers[layer]) for layer in layers)
        return optimizer, *named

    def rank_bytes(self, rank: int) -> int:
        """Return how many bytes one rank writes."""
        return sum(file.bytes for file in self.files(rank))

    def kinds(self) -> dict[int, int]:
        """Return one rank of every kind and how many write the same sizes: a thousand ranks have half a dozen kinds."""
        per_replica, stages = self.model.tensor * self.model.pipeline, self.model.pipeline
        seen: dict[tuple[object, ...], int] = {}
        counts: dict[int, int] = {}
        for rank in range(self.ranks):
            replica, place = divmod(rank, per_replica)
            stage = place // self.model.tensor
            writes_model = self.model.zero_stage >= 3 or not replica
            kind = (
                writes_model,
                writes_model and (stage == 0, stage == stages - 1, len(layers_of_stage(self.model, stage))),
            )
            first = seen.setdefault(kind, rank)
            counts[first] = counts.get(first, 0) + 1
        return counts

    @property
    def total_bytes(self) -> int:
        """Size of one checkpoint in bytes: all ranks together."""
        return sum(count * self.rank_bytes(rank) for rank, count in self.kinds().items())

    @property
    def total_files(self) -> int:
        """Files of one checkpoint."""
        return sum(count * len(self.files(rank)) for rank, count in self.kinds().items())

    def _optimizer(self) -> Iterator[Tensor]:
        shard = self.model.parameters // self.model.ranks
        for state in ("parameters", "momentum", "variance")[:OPTIMIZER_STATES]:
            yield self._scaled(state, "fp32", shard)
            yield self._scaled(f"{state}.rows", "fp32", OPTIMIZER_EXTRA_ROWS * self.model.hidden_size)

    def _layer(self, layer: int) -> Iterator[Tensor]:
        """Layer 0 is the table of tokens; after the last come the output layer and the final norm."""
        model = self.model
        hidden, tensor = model.hidden_size, model.tensor
        if layer in {0, model.num_layers + 1}:
            yield self._sharded(layer, "embedding", model.embedding_parameters // tensor)
        elif layer == model.num_layers + 2:
            yield self._sharded(layer, "norm", hidden)
        else:
            key_value = (hidden // model.num_attention_heads) * model.num_kv_heads
            yield self._sharded(layer, "input_norm", hidden)
            yield self._sharded(layer, "attention.qkv", hidden * (hidden + 2 * key_value) // tensor)
            yield self._sharded(layer, "attention.dense", hidden * hidden // tensor)
            yield self._sharded(layer, "post_attention_norm", hidden)
            yield self._sharded(layer, "mlp.up", 2 * hidden * model.ffn_hidden_size // tensor)
            yield self._sharded(layer, "mlp.down", hidden * model.ffn_hidden_size // tensor)

    def _sharded(self, layer: int, name: str, count: int) -> Tensor:
        return self._scaled(f"{layer}.{name}", "fp16", count // (self.model.data if self.model.zero_stage >= 3 else 1))

    def _scaled(self, name: str, dtype: str, count: int) -> Tensor:
        return Tensor(name, dtype, max(1, int(count * self.scale)))


def layers_of_stage(model: Transformer, stage: int) -> range:
    """Return the layers of a pipeline stage: spread evenly, the first stages taking the remainder.

    The table of tokens (0) is with the first stage, the output layer and the final norm with the last.
    """
    each, more = divmod(model.num_layers, model.pipeline)
    first = stage * each + min(stage, more) + 1
    last = first + each + (stage < more)
    return range(0 if stage == 0 else first, model.num_layers + 3 if stage == model.pipeline - 1 else last)


def transformer_of(parameters: Mapping[str, Any], data: int) -> Transformer:
    """Return the shape that a workload's `model` section describes, with its data parallelism."""
    model = parameters["model"]
    shape, split = model["transformer"], model["parallelism"]
    return Transformer(
        hidden_size=shape["hidden_size"],
        ffn_hidden_size=shape["ffn_hidden_size"],
        num_attention_heads=shape["num_attention_heads"],
        num_kv_heads=shape["num_kv_heads"],
        num_layers=model["num_layers"],
        vocab_size=shape["vocab_size"],
        tensor=split["tensor"],
        pipeline=split["pipeline"],
        data=data,
        zero_stage=split["zero_stage"],
    )
