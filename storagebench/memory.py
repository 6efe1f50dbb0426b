"""How much memory a rank takes: the buffers of its readers, known before it starts. Standard library only."""

import math
from collections.abc import Mapping
from typing import Any

from storagebench.model import Dataset, Reading
from storagebench.units import MIB

BUFFERED_CHUNK_BYTES = MIB
"""One buffered request: the copy out of the page cache stays in the processor's second-level cache."""

DIRECT_CHUNK_BYTES = 4 * MIB
"""One O_DIRECT request: large enough to keep a drive busy with one in flight for each thread."""

STORE_STEP_BYTES = 8 * MIB
"""A reader's memory for what is to be decoded grows in steps of this."""

RANK_BYTES = 45 * MIB
"""Python, numpy and the engine (37 MiB measured with Python 3.11 and numpy 2.4), and a little air."""

FILLER_BYTES = 2 * MIB
"""The block that incompressible bytes are made of, and the words that change it."""

HUGE_PAGE_BYTES = 2 * MIB

LIBRARY_BYTES = {"parquet": 32 * MIB, "jpeg": 8 * MIB}
"""pyarrow and Pillow; the latter is loaded only to decode."""

DLIO_BYTES = 100 * MIB
"""What DLIO 2.0.0 itself takes beside our loader in it (96 MiB measured): pandas, h5py, hydra."""

TORCH_BYTES = 280 * MIB
"""What it takes with torch and two reading processes before they hold a sample, shared memory counted once (measured)."""

BYTES_PER_FILE = 40
"""Sizes and the order of the files, held as arrays."""

COPIES = {"npz": 1, "tfrecord": 1, "jpeg": 2, "parquet": 3}
"""How often a piece is in memory while it is decoded."""


def chunk_bytes(reading: Reading, reader: Mapping[str, Any]) -> int:
    """Return the size of one request; `reader` is the workload's reader section."""
    return int(reader.get("transfer_size") or (DIRECT_CHUNK_BYTES if reading.direct else BUFFERED_CHUNK_BYTES))


def checkpoint_chunk_bytes(checkpoint: Mapping[str, Any]) -> int:
    """Return the size of one request; `checkpoint` is the workload's checkpoint section."""
    return DIRECT_CHUNK_BYTES if checkpoint.get("odirect", False) else BUFFERED_CHUNK_BYTES


def checkpoint_rank_bytes(checkpoint: Mapping[str, Any]) -> int:
    """Predict the peak resident memory of a rank that writes and reads checkpoints; the model's size has no part in it.

    Each thread has a chunk, a second one where all bytes are compared, and what brings both to a huge page's start.
    """
    buffers = 2 if checkpoint.get("verify") == "all" else 1
    each = buffers * (checkpoint_chunk_bytes(checkpoint) + HUGE_PAGE_BYTES) + FILLER_BYTES
    return RANK_BYTES + int(checkpoint.get("threads", 1)) * each


def rank_memory_bytes(dataset: Dataset, reading: Reading, reader: Mapping[str, Any]) -> int:
    """Predict the peak resident memory of one rank; raw reading does not depend on the size of a sample.

    Args:
        dataset: what is read.
        reading: how it is read.
        reader: the workload's reader section: batch_size, read_threads, transfer_size.
    """
    threads: int = max(1, reader.get("read_threads", 1))
    fixed = RANK_BYTES + BYTES_PER_FILE * dataset.num_files
    if dataset.format == "parquet" or reading.decode:
        fixed += LIBRARY_BYTES.get(dataset.format, 0)
    buffers = chunk_bytes(reading, reader)
    if reading.decode:
        buffers += COPIES[dataset.format] * piece_bytes(dataset, reader["batch_size"], threads) + STORE_STEP_BYTES
    return fixed + threads * buffers


def dlio_memory_bytes(dataset: Dataset, plugin: str, reader: Mapping[str, Any]) -> int:
    """Predict what a rank of DLIO takes beyond one of ours; each process of torch's holds a sample and its file."""
    if plugin in {"loader", "auto"}:
        return DLIO_BYTES
    processes: int = max(1, reader.get("read_threads", 1))
    return TORCH_BYTES + processes * 2 * largest_file_bytes(dataset)


def piece_bytes(dataset: Dataset, batch_size: int, threads: int) -> int:
    """Return the most that one thread holds in order to decode it: a file, some records or some row groups."""
    if dataset.format in {"npz", "jpeg"}:
        return largest_file_bytes(dataset)
    unit = max(1, dataset.row_group_size)
    units = max(1, -(-batch_size // (threads * unit)))
    samples = min(units * unit, dataset.num_samples_per_file)
    return largest_file_bytes(dataset) * samples // dataset.num_samples_per_file


def largest_file_bytes(dataset: Dataset) -> int:
    """Estimate the largest file from above: the extreme of as many normal draws as there are files.

    Npz files have two normal sides (DLIO, `get_dimension`), hence the square.
    """
    mean = dataset.record_length_bytes
    extreme = math.sqrt(2 * math.log(max(dataset.num_files, 2)))
    widest = (1 + extreme * dataset.record_length_bytes_stdev / (2 * mean)) ** 2
    return math.ceil(dataset.num_samples_per_file * mean * widest)
