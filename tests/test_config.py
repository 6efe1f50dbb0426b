"""Loading a folder of configurations: order, overlays, and one line for every mistake."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.config import load_workloads
from storagebench.errors import ConfigError
from storagebench.parameters.schema import CONFIGS

UNET3D = (CONFIGS / "training" / "unet3d.yaml").read_text(encoding="utf-8")
LINES = UNET3D.splitlines(keepends=True)
PLACED = re.compile(r"\S+\.yaml:[1-9][0-9]*: [^\n]+")


def load(folder: Path, **files: str):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_workloads(folder, "training")


def said(folder: Path, text: str) -> str:
    """Return the error on a unet3d.yaml of this text, without the folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder, unet3d=text)
    return str(caught.value).replace(f"{folder}/", "")


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_workloads_come_in_the_order_of_files_and_points(tmp_path):
    other = UNET3D.replace("model: unet3d\n", "model: another\n", 1)
    assert [workload.id for workload in load(tmp_path, b=UNET3D, a=other)] == [
        f"{model}-{accelerator}" for model in ("another", "unet3d") for accelerator in ("a100", "h100", "b200", "mi355")
    ]


def test_a_point_lies_over_what_all_share(tmp_path):
    b200 = load(tmp_path, unet3d=UNET3D)[2]
    assert b200.parameters["reader"]["batch_size"] == 7
    assert b200.parameters["train"] == {"epochs": 5, "computation_time": 0.162}
    assert b200.parameters["workflow"]["checkpoint"] is False


def test_a_null_in_a_point_removes_what_all_share(tmp_path):
    text = UNET3D.replace("format: npz\n", "format: npz\n    compression: none\n").replace(
        "dataset: {num_files_train: 7200}", "dataset: {num_files_train: 7200, compression: null}"
    )
    a100, _, b200, _ = load(tmp_path, unet3d=text)
    assert a100.parameters["dataset"]["compression"] == "none"
    assert "compression" not in b200.parameters["dataset"]


def test_a_point_without_template_has_no_parameters(tmp_path):
    mi355 = load(tmp_path, unet3d=UNET3D)[3]
    assert not mi355.runnable
    assert mi355.quick is None


def test_quick_belongs_to_one_point(tmp_path):
    quick = [workload.id for workload in load(tmp_path, unet3d=UNET3D) if workload.quick]
    assert quick == ["unet3d-b200"]


def test_a_workload_knows_where_it_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    first = load(tmp_path / "configs", unet3d=UNET3D)[0]
    assert first.where == f"configs/unet3d.yaml:{line_of(UNET3D, '- accelerator: a100')}"


MISTAKES = {
    "a wrong key": (
        "accelerator: a100",
        "acclerator: a100",
        "'acclerator' is not a key here; did you mean 'accelerator'?",
    ),
    "a key of another section": (
        "train: {epochs: 5}",
        "train: {batch_size: 5}",
        "'batch_size' is not a key here; it belongs to 'parameters' as 'reader.batch_size'",
    ),
    "a key of edition 1.0": (
        "record_length_bytes: 146600628",
        "record_length: 146600628",
        "'record_length' is not a key here; did you mean 'record_length_bytes'?",
    ),
    "a merge": (
        "metric: {au: 0.9}",
        "<<: {a: 1}",
        "'<<' is not a key here; keys are framework, model, workflow, dataset, reader, train, checkpoint, metric, storage",
    ),
    "an anchor": ("metric: {au", "metric: &m {au", "the anchor 'm' is not understood here; write the value out"),
    "a word for a number": (
        "batch_size: 7",
        "batch_size: seven",
        "batch_size must be a whole number of at least 1, not 'seven'",
    ),
    "a number too small": ("batch_size: 7", "batch_size: 0", "batch_size must be a whole number of at least 1, not 0"),
    "no value": ("batch_size: 7", "batch_size:", "batch_size must be a whole number of at least 1, but is empty"),
    "percent": ("au: 0.9", "au: 90", "au must be a number of at least 0 and at most 1, not 90"),
    "an unknown format": (
        "format: npz",
        "format: hdf5",
        "format must be one of jpeg, npz, parquet, tfrecord, not 'hdf5'",
    ),
    "an edition without quotes": (
        '["3.0"]',
        "[3.0]",
        "an entry of editions must be one of '1.0', '2.0', '3.0', 3.0-dev, not 3.0",
    ),
    "another family": ("family: training", "family: weather", "family must be 'training', not 'weather'"),
    "a value for a mapping": (
        "model: {name: unet3d, type: cnn, model_size: 499153191}",
        "model: unet3d",
        "model must be a mapping of name, type, model_size, not 'unet3d'",
    ),
    "a point twice": ("- accelerator: mi355", "- accelerator: b200", "'unet3d-b200' is already at "),
    "quick for no point": (
        "quick:\n  accelerator: b200",
        "quick:\n  accelerator: b300",
        "no point that can run has the accelerator 'b300'",
    ),
    "nothing to compute": (
        "- accelerator: a100",
        "- accelerator: a100",
        "'unet3d-a100' lacks train.computation_time; add it to its parameters",
    ),
}


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_its_place(tmp_path, right, wrong, message):
    text = UNET3D.replace(right, wrong, 1)
    if right == wrong:
        text = text.replace("train: {computation_time: 0.636}", "train: {epochs: 5}")
    assert said(tmp_path, text).startswith(f"unet3d.yaml:{line_of(UNET3D, right)}: {message}")


def test_a_key_given_twice_is_told_with_both_lines(tmp_path):
    text = UNET3D.replace("    read_threads: 4\n", "    read_threads: 4\n    read_threads: 8\n")
    line = line_of(text, "    read_threads: 8")
    assert (
        said(tmp_path, text) == f"unet3d.yaml:{line}: 'read_threads' is given twice, first on line {line - 1}; keep one"
    )


def test_a_missing_key_is_told_with_the_line_of_its_mapping(tmp_path):
    text = UNET3D.replace("    status: listed_but_no_template\n", "")
    line = line_of(text, "- accelerator: mi355")
    assert said(tmp_path, text) == f"unet3d.yaml:{line}: an entry of points lacks the key 'status'"


def test_parquet_without_columns_is_told_with_the_point(tmp_path):
    text = UNET3D.replace("format: npz", "format: parquet")
    line = line_of(text, "- accelerator: a100")
    assert said(tmp_path, text).startswith(
        f"unet3d.yaml:{line}: 'unet3d-a100': dataset.format parquet needs dataset.parquet"
    )


def test_parameters_without_template_are_refused(tmp_path):
    text = UNET3D.replace(
        "    status: listed_but_no_template\n", "    status: listed_but_no_template\n    parameters: {}\n"
    )
    line = line_of(text, "- accelerator: mi355")
    assert said(tmp_path, text).startswith(f"unet3d.yaml:{line}: a point with status listed_but_no_template has no")


def test_the_same_model_in_two_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"b\.yaml:\d+: 'unet3d-a100' is already at .*a\.yaml:\d+; keep one"):
        load(tmp_path, a=UNET3D, b=UNET3D)


def test_an_empty_file_is_refused(tmp_path):
    assert said(tmp_path, "") == "unet3d.yaml:1: the file is empty; a configuration begins with 'model: <name>'"


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "unet3d.yml").write_text(UNET3D, encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"unet3d\.yml: not understood; a configuration is a file named <model>\.yaml"
    ):
        load(tmp_path, resnet50=UNET3D)


def test_hidden_files_are_left_alone(tmp_path):
    (tmp_path / ".unet3d.yaml.swp").write_bytes(b"\x00")
    assert len(load(tmp_path, unet3d=UNET3D)) == 4


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no \*\.yaml file, so there is nothing to run"):
        load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_workloads(tmp_path / "nowhere", "training")


def test_a_folder_named_like_a_file_is_refused(tmp_path):
    (tmp_path / "unet3d.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"unet3d\.yaml: cannot be read"):
        load(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("configs")


def attempt(folder: Path, text: str | bytes) -> None:
    """Load a unet3d.yaml; a refusal must say file and line in one sentence."""
    (folder / "unet3d.yaml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    refusal = None
    try:
        load_workloads(folder, "training")
    except ConfigError as error:
        refusal = str(error)
    assert refusal is None or PLACED.fullmatch(refusal)


@given(st.integers(0, len(LINES) - 1), st.text())
def test_any_value_is_taken_or_refused_with_its_place(folder, number, value):
    key, colon, _ = LINES[number].partition(":")
    attempt(folder, "".join([*LINES[:number], f"{key}{colon} {value}\n", *LINES[number + 1 :]]))


@given(st.integers(0, len(LINES) - 1), st.text(min_size=1))
def test_any_key_is_taken_or_refused_with_its_place(folder, number, key):
    indent = re.match(r" *(- )?", LINES[number])
    _, colon, value = LINES[number].partition(":")
    changed = f"{indent[0]}{key}{colon}{value}" if colon else f"{indent[0]}{key}\n"
    attempt(folder, "".join([*LINES[:number], changed, *LINES[number + 1 :]]))


@given(st.integers(0, len(LINES)), st.integers(0, len(LINES)))
def test_any_cut_is_taken_or_refused_with_its_place(folder, first, last):
    attempt(folder, "".join(LINES[:first] + LINES[last:]))


@given(st.integers(0, len(UNET3D) - 1), st.binary(min_size=1, max_size=3))
def test_any_bytes_are_taken_or_refused_with_their_place(folder, place, junk):
    data = UNET3D.encode()
    attempt(folder, data[:place] + junk + data[place:])
