"""Bytes per token are those of edition 3.0's table, and chunks those that the field knows."""

import pytest

from storagebench.errors import ConfigError
from storagebench.model import LANGUAGE_MODELS, language_model
from storagebench.units import MIB

BYTES_PER_TOKEN = {
    "tiny-1b": 24_576,
    "mistral-7b": 131_072,
    "llama2-7b": 524_288,
    "llama3.1-8b": 131_072,
    "llama3.1-70b-instruct": 327_680,
    "deepseek-v3": 70_272,
    "qwen3-32b": 262_144,
    "gpt-oss-120b": 73_728,
    "gpt-oss-20b": 49_152,
}


def test_every_model_has_the_published_bytes_per_token():
    assert {name: model.bytes_per_token for name, model in LANGUAGE_MODELS.items()} == BYTES_PER_TOKEN


@pytest.mark.parametrize(
    ("name", "tokens", "parallel", "size"),
    [
        ("llama3.1-8b", 256, 1, 32 * MIB),
        ("llama3.1-8b", 16, 1, 2 * MIB),
        ("llama3.1-70b-instruct", 256, 8, 10 * MIB),
        ("deepseek-v3", 1, 1, 73_728),
    ],
)
def test_objects_fill_whole_blocks(name, tokens, parallel, size):
    assert language_model(name).object_bytes(tokens, parallel) == size


def test_an_unknown_model_is_named():
    with pytest.raises(ConfigError, match="no language model 'gpt-5'; there are tiny-1b,"):
        language_model("gpt-5")
