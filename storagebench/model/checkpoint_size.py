"""How many bytes a checkpoint of a Llama 3 model has: the formula that plans, engines and rules share.

Source: DLIO's checkpoint sizes as `workloads.yaml` of the project's facts restates them; the rules' Table 2 gives the
same figures rounded (105, 912, 5290 GB; its 18,000 GB for 1T is 7/6 too large). All divisions are DLIO's whole ones.
"""

from dataclasses import dataclass

MODEL_BYTES = 2
"""Bytes of a parameter in the model's part (fp16)."""

OPTIMIZER_BYTES = 4
"""Bytes of a number in the optimizer's part (fp32)."""

OPTIMIZER_STATES = 3
"""Numbers that the optimizer keeps for a parameter: the parameter itself, its momentum and its variance."""

OPTIMIZER_ROWS = 15
"""Rows of the hidden size that every rank's optimizer writes besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """The shape of a model and how its ranks share it; ZeRO 3 shards the model over data parallelism, ZeRO 1 does not."""

    hidden_size: int
    ffn_hidden_size: int
    num_attention_heads: int
    num_kv_heads: int
    num_layers: int
    vocab_size: int
    tensor: int
    pipeline: int
    data: int
    zero_stage: int

    @property
    def ranks(self) -> int:
        """How many ranks write the whole checkpoint."""
        return self.tensor * self.pipeline * self.data

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the table of tokens; the output layer has as many."""
        return self.vocab_size * self.hidden_size

    @property
    def layer_parameters(self) -> int:
        """Parameters of one layer without its two norms; the width of a head is rounded down (1T: 25872 / 192)."""
        hidden, key_value = self.hidden_size, (self.hidden_size // self.num_attention_heads) * self.num_kv_heads
        attention = hidden * (hidden + 2 * key_value) + hidden * hidden
        return attention + 3 * self.ffn_hidden_size * hidden

    @property
    def norm_parameters(self) -> int:
        """Parameters of all norms, two a layer and one at the end."""
        return (2 * self.num_layers + 1) * self.hidden_size

    @property
    def parameters(self) -> int:
        """Parameters of the whole model: two tables of tokens, the layers, the norms."""
        return 2 * self.embedding_parameters + self.num_layers * self.layer_parameters + self.norm_parameters


def checkpoint_bytes(model: Transformer) -> int:
    """Return the size of a whole checkpoint, written by all ranks: the model once, the optimizer's part of every rank.

    Tensor parallelism splits everything but the norms, of which each of its ranks writes a copy.
    """
    copies = (model.tensor - 1) * model.norm_parameters
    return MODEL_BYTES * (model.parameters + copies) + model.ranks * _optimizer_bytes(model)


def subset_bytes(model: Transformer, ranks: int) -> int:
    """Return what the first `ranks` ranks of the whole job write, as in subset mode.

    Ranks count through tensor parallelism first, then pipeline stages, then data parallelism. The first pipeline
    stage holds the table of tokens, the last one the output layer; layers are spread evenly, the first stages taking
    the remainder.
    """
    return sum(_model_bytes(model, rank) for rank in range(ranks)) + ranks * _optimizer_bytes(model)


def _optimizer_bytes(model: Transformer) -> int:
    shard = model.parameters // model.ranks
    return OPTIMIZER_BYTES * (OPTIMIZER_STATES * shard + OPTIMIZER_ROWS * model.hidden_size)


def _model_bytes(model: Transformer, rank: int) -> int:
    replica, place = divmod(rank, model.tensor * model.pipeline)
    if model.zero_stage < 3 and replica:
        return 0  # data-parallel rank 0 writes the model for all
    stage, (layers, more) = place // model.tensor, divmod(model.num_layers, model.pipeline)
    layers += stage < more
    first, last = stage == 0, stage == model.pipeline - 1
    split = layers * model.layer_parameters + (first + last) * model.embedding_parameters
    whole = (2 * layers + last) * model.hidden_size
    return MODEL_BYTES * (split // model.tensor + whole) // (model.data if model.zero_stage >= 3 else 1)
