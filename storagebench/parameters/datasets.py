"""From a parameter tree to the dataset that it describes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storagebench.errors import ConfigError
from storagebench.model import Column, Dataset

MOST_COLUMNS = 10_000
"""The longest range; ten thousand columns are more than any table that a model trains on."""

_RANGE = re.compile(r"(?P<word>\w*?)(?P<first>[0-9]+)-(?P=word)(?P<last>[0-9]+)")


def dataset_of(parameters: Mapping[str, Any], model: str) -> Dataset:
    """Describe the training files of a parameter tree, in the spelling of any edition.

    A parquet dataset that gives no record length has that of its columns (`row_bytes`).

    Raises:
        ConfigError: the tree lacks a value that a dataset needs; the message names the key.
    """
    given = parameters.get("dataset", {})
    parquet = given.get("parquet", {}) if given.get("format") == "parquet" else {}
    columns = expand_columns(parquet.get("columns", ()))
    if given.get("format") == "parquet" and not (columns and "row_group_size" in parquet):
        missing = "columns" if not columns else "row_group_size"
        raise ConfigError(f"dataset.format parquet needs dataset.parquet.{missing}; set it in the configuration file")
    return Dataset(
        model=model,
        format=_needed(given, "format"),
        num_files=_needed(given, "num_files_train"),
        num_samples_per_file=_needed(given, "num_samples_per_file"),
        record_length_bytes=_either(given, "") or row_bytes(columns) or _needed(given, "record_length_bytes"),
        record_length_bytes_stdev=_either(given, "_stdev") or 0.0,
        num_subfolders=given.get("num_subfolders_train", 0),
        columns=columns,
        row_group_size=parquet.get("row_group_size", 0),
    )


def row_bytes(columns: Sequence[Column]) -> int:
    """Return the bytes of one row as the tool of edition 3.0 sizes a dataset by them.

    Eight bytes an element for float64 and int64, one for uint8, four for everything else, float16 and int8 included.
    """
    width = {"float64": 8, "int64": 8, "uint8": 1}
    return sum(column.size * width.get(column.dtype, 4) for column in columns)


def expand_columns(entries: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Write out the columns of `dataset.parquet.columns`: one for each name and each number of a range.

    They keep their order, unless a range or a list of names occurs: then the file has them in the order of names.

    Raises:
        ConfigError: two columns have the same name, or a range runs backwards or is too long.
    """
    columns = [
        Column(name, entry["dtype"], entry.get("size", 1), entry.get("read", True))
        for entry in entries
        for name in _names(entry["name"])
    ]
    twice = [name for name, count in Counter(column.name for column in columns).items() if count > 1]
    if twice:
        raise ConfigError(f"the column '{twice[0]}' is given twice in dataset.parquet.columns; keep one")
    if len(columns) > len(entries):
        columns.sort(key=lambda column: column.name)
    return tuple(columns)


def _names(name: str | Sequence[str]) -> Iterator[str]:
    for text in [name] if isinstance(name, str) else name:
        found = _RANGE.fullmatch(text)
        if found is None:
            yield text
            continue
        word, digits = found["word"], len(found["first"])
        first, last = int(found["first"]), int(found["last"])
        if last < first:
            raise ConfigError(f"the range of columns '{text}' runs backwards; write the smaller number first")
        if last - first >= MOST_COLUMNS:
            raise ConfigError(f"the range of columns '{text}' is longer than {MOST_COLUMNS}; write a shorter one")
        yield from (f"{word}{number:0{digits}d}" for number in range(first, last + 1))


def _either(given: Mapping[str, Any], what: str) -> Any:
    return given.get(f"record_length_bytes{what}") or given.get(f"record_length{what}")


def _needed(given: Mapping[str, Any], key: str) -> Any:
    if key not in given:
        raise ConfigError(f"dataset.{key} is missing; set it in the configuration file or with --param")
    return given[key]
