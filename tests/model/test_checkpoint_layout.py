"""The files of all ranks have the bytes of the formula, under DLIO's names, however ranks share the model."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model.checkpoint_layout import CheckpointLayout, layers_of_stage
from storagebench.model.checkpoint_size import MODEL_BYTES, checkpoint_bytes, subset_bytes
from tests.model.llama3 import MODELS


def whole(model):
    return CheckpointLayout(model=model, ranks=model.ranks)


@pytest.mark.parametrize("name", MODELS)
def test_all_files_of_all_ranks_have_the_bytes_of_the_formula(name):
    model = MODELS[name]
    files = [file for rank in range(model.ranks) for file in whole(model).files(rank)]
    assert sum(file.bytes for file in files) == whole(model).total_bytes == checkpoint_bytes(model)
    assert len({file.name for file in files}) == len(files) == whole(model).total_files


@pytest.mark.parametrize("name", MODELS)
def test_a_subset_has_the_bytes_of_its_formula(name):
    assert CheckpointLayout(model=MODELS[name], ranks=8).total_bytes == subset_bytes(MODELS[name], 8)


@pytest.mark.parametrize("name", MODELS)
def test_the_rules_formula_falls_short_by_the_norms_that_tensor_parallel_ranks_copy(name):
    """Chapter 5.1 counts the model once; each rank of a tensor-parallel group writes the norms, which nobody splits."""
    model = MODELS[name]
    optimizer = 4 * model.ranks * (3 * (model.parameters // model.ranks) + 15 * model.hidden_size)
    by_the_text = MODEL_BYTES * model.parameters + optimizer
    copies = (model.tensor - 1) * model.norm_parameters
    assert whole(model).total_bytes - by_the_text == MODEL_BYTES * copies
    assert (copies == 0) == (model.tensor == 1)


def test_zero_3_writes_two_files_a_rank():
    first, last = whole(MODELS["llama3-70b"]).files(0), whole(MODELS["llama3-70b"]).files(63)
    assert [file.name for file in first] == [
        "zero_pp_rank_0_mp_rank_0_optim_states.ckpt",
        "zero_pp_rank_0_mp_rank_0_model_states.ckpt",
    ]
    assert last[1].name == "zero_pp_rank_7_mp_rank_7_model_states.ckpt"
    assert [tensor.name for tensor in first[0].tensors][:2] == ["parameters", "parameters.rows"]
    assert {tensor.dtype for tensor in first[0].tensors} == {"fp32"}
    assert {tensor.dtype for tensor in first[1].tensors} == {"fp16"}


def test_zero_1_writes_the_model_layer_by_layer_and_only_once():
    layout = whole(MODELS["llama3-405b"])
    names = [file.name for file in layout.files(0)]
    assert names[0] == "zero_pp_rank_0_mp_rank_0_optim_states.ckpt"
    assert names[1:] == [f"layer_{layer}-model_0_model_states.ckpt" for layer in range(5)]
    assert [file.name for file in layout.files(255)][1:] == [
        f"layer_{layer}-model_255_model_states.ckpt" for layer in (124, 125, 126, 127, 128)
    ]
    assert [file.name for file in layout.files(256)] == ["zero_pp_rank_1_mp_rank_0_optim_states.ckpt"]


@given(
    name=st.sampled_from(sorted(MODELS)),
    tensor=st.integers(1, 16),
    pipeline=st.integers(1, 9),
    data=st.integers(1, 9),
    layers=st.integers(9, 40),
    scale=st.fractions(Fraction(1, 100_000), 1),
)
def test_kinds_of_ranks_add_up_to_all_ranks(name, tensor, pipeline, data, layers, scale):
    model = replace(MODELS[name], tensor=tensor, pipeline=pipeline, data=data, num_layers=layers)
    layout = CheckpointLayout(model=model, ranks=model.ranks, scale=scale)
    sizes = [layout.rank_bytes(rank) for rank in range(model.ranks)]
    assert layout.total_bytes == sum(sizes)
    assert sum(layout.kinds().values()) == model.ranks
    assert all(size > 0 for size in sizes)


@given(layers=st.integers(1, 200), pipeline=st.integers(1, 64))
def test_every_layer_is_on_one_stage(layers, pipeline):
    model = replace(MODELS["llama3-1t"], num_layers=layers, pipeline=min(pipeline, layers))
    stages = [layers_of_stage(model, stage) for stage in range(model.pipeline)]
    assert [layer for stage in stages for layer in stage] == list(range(layers + 3))
    assert max(map(len, stages[1:-1]), default=1) - min(map(len, stages[1:-1]), default=1) <= 1


@pytest.mark.parametrize("name", MODELS)
def test_a_scale_shrinks_every_tensor_and_no_file_goes_missing(name):
    model = MODELS[name]
    small = CheckpointLayout(model=model, ranks=model.ranks, scale=Fraction(1, 1000))
    assert small.total_files == whole(model).total_files
    assert small.total_bytes == pytest.approx(checkpoint_bytes(model) / 1000, rel=1e-4)
    assert small.total_bytes <= checkpoint_bytes(model) / 1000
