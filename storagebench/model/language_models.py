"""The language models of the KV-cache family, and how many bytes of keys and values a token of each takes.

Attention with grouped heads keeps a key and a value for each layer and KV head: ``2 × layers × heads × dimension × 2``
bytes in half precision. DeepSeek's latent attention keeps one compressed vector instead: ``layers × (rank + rope) × 2``.
Source: `workloads.yaml` of edition 3.0's benchmark, models section.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from storagebench.errors import ConfigError

DTYPE_BYTES = 2
"""Half precision everywhere, as in edition 3.0."""
OBJECT_ALIGNMENT_BYTES = 4096
"""Objects fill whole blocks, so that O_DIRECT needs no odd tail."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """What of a model decides the size of its cache; `latent_values` replaces heads × dimension × 2."""

    name: str
    layers: int
    kv_heads: int = 0
    head_dimension: int = 0
    latent_values: int = 0

    @property
    def bytes_per_token(self) -> int:
        """Bytes of keys and values that one token leaves, over all layers."""
        values = self.latent_values or 2 * self.kv_heads * self.head_dimension
        return self.layers * values * DTYPE_BYTES

    def object_bytes(self, tokens: int, tensor_parallel: int = 1) -> int:
        """Bytes of an object of so many tokens on one of `tensor_parallel` accelerators, in whole blocks of 4 KiB."""
        exact = -(-tokens * self.bytes_per_token // tensor_parallel)
        return -(-exact // OBJECT_ALIGNMENT_BYTES) * OBJECT_ALIGNMENT_BYTES


LANGUAGE_MODELS: Mapping[str, LanguageModel] = {
    model.name: model
    for model in (
        LanguageModel("tiny-1b", 12, 4, 128),
        LanguageModel("mistral-7b", 32, 8, 128),
        LanguageModel("llama2-7b", 32, 32, 128),
        LanguageModel("llama3.1-8b", 32, 8, 128),
        LanguageModel("llama3.1-70b-instruct", 80, 8, 128),
        LanguageModel("deepseek-v3", 61, latent_values=512 + 64),
        LanguageModel("qwen3-32b", 64, 8, 128),
        LanguageModel("gpt-oss-120b", 36, 8, 64),
        LanguageModel("gpt-oss-20b", 24, 8, 64),
    )
}


def language_model(name: str) -> LanguageModel:
    """Return a model of the table.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in LANGUAGE_MODELS:
        raise ConfigError(f"no language model '{name}'; there are {', '.join(LANGUAGE_MODELS)}")
    return LANGUAGE_MODELS[name]
