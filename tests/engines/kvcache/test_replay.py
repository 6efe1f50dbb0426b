"""Trace files by their published columns, and one clear sentence where they have others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.kvcache.replay import requests
from storagebench.errors import ConfigError
from tests.engines.kvcache import stages


def replayed(path, **changes):
    return list(requests(stages.traffic(profile="replay", trace=str(path), **changes), 1))


def test_mooncake_blocks_with_one_hash_are_one_chunk(tmp_path):
    path = tmp_path / "t.jsonl"
    rows = [
        {"timestamp": 3000, "input_length": 1100, "output_length": 5, "hash_ids": [1, 2, 3]},
        {"timestamp": 0, "input_length": 1024, "output_length": 7, "hash_ids": [1, 4]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    first, second = replayed(path)
    assert (first.due_ns, second.due_ns) == (0, 3_000_000_000)
    assert first.known[0] == second.known[0]
    assert len(second.known) == 2  # the third block is not full
    assert len(replayed(path, partial_chunks="padded")[1].known) == 3
    assert second.known[0].size_bytes == 512 * 24_576


def test_burstgpt_rows_share_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,40,8,48,x\n6.5,GPT-4,16,16,32,x\n"
    )
    first, second = replayed(path)
    assert first.due_ns == 5_000_000_000
    assert len(first.fresh) == 3
    assert not set(first.fresh) & set(second.fresh)


def test_sharegpt_turns_grow_one_context(tmp_path):
    path = tmp_path / "t.json"
    turns = [{"from": "human", "value": "x" * 128}, {"from": "gpt", "value": "y" * 64}] * 2
    path.write_text(json.dumps([{"id": "a", "conversations": turns}]))
    first, second = replayed(path)
    assert second.known == first.fresh
    assert len(second.fresh) == 3
    assert second.due_ns > first.due_ns


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("t.txt", "", "not a trace file"),
        ("t.jsonl", "", "holds no request"),
        ("t.jsonl", "{", r"t\.jsonl:1: not JSON"),
        ("t.jsonl", "[]", r"t\.jsonl:1: not an object"),
        (
            "t.jsonl",
            '{"timestamp": 1, "input_length": -1, "output_length": 1, "hash_ids": []}',
            "input_length must be a whole",
        ),
        (
            "t.jsonl",
            '{"timestamp": 1, "input_length": 1, "output_length": 1, "hash_ids": "x"}',
            "hash_ids must be a list",
        ),
        ("t.csv", "a,b\n", "no column 'Timestamp'"),
        ("t.csv", "Timestamp,Request tokens,Response tokens\n1,x,3\n", r"t\.csv:2: Request tokens must be a number"),
        ("t.csv", "Timestamp,Request tokens,Response tokens\n1\n", r"t\.csv:2: Request tokens must be a number"),
        ("t.json", "{", r"t\.json:1: not JSON"),
        ("t.json", "{}", "must be a list"),
        ("t.json", "[1]", "conversation 0: needs 'conversations'"),
        ("t.json", '[{"conversations": [{"from": "x"}]}]', "needs 'conversations'"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named_with_its_line(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        replayed(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.csv: cannot be read \(No such file"):
        replayed(tmp_path / "nowhere.csv")


@given(st.sampled_from(["jsonl", "csv", "json"]), st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(tmp_path_factory, kind, content):
    path = tmp_path_factory.mktemp("trace") / f"t.{kind}"
    path.write_bytes(content)
    try:
        replayed(path)
    except ConfigError as error:
        assert str(path) in str(error)
