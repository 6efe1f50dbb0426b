"""How many files the rules demand: the one function that the plan, the run and the judge share.

Source: rules 3.1.2 and 4.1 of the training chapter; `benchmark.sh` (1.0), `calculate_training_data_size` (2.0),
the validator after the round (3.0).
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from storagebench.model.edition import Edition
from storagebench.units import GIB, bytes_text


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many files the rules demand, and the sentences that show how the number came about."""

    num_files: int
    working: tuple[str, ...]


def required_files(
    edition: Edition,
    *,
    memory_bytes: float,
    num_hosts: int,
    accelerators: int,
    batch_size: int,
    record_length_bytes: float,
    num_samples_per_file: int,
) -> Sizing:
    """Work out the smallest dataset: enough for 500 steps an epoch, and for five times the memory of all hosts.

    `memory_bytes` is that of all hosts together. Editions round differently: 3.0 up, 2.0 down, and 1.0 truncates
    first to samples and then to files.
    """
    rounding, steps, multiple = (
        edition[f"training.{name}"] for name in ("rounding", "minimum_steps_per_epoch", "memory_multiple")
    )
    record = Fraction(str(record_length_bytes))
    step_samples = Fraction(steps * batch_size * accelerators)
    memory_samples = multiple * Fraction(str(memory_bytes)) / record
    if rounding == "truncate":
        memory_samples = Fraction(math.floor(memory_samples))
    to_int = math.ceil if rounding == "up" else math.floor
    step_files = to_int(step_samples / num_samples_per_file)
    memory_files = to_int(memory_samples / num_samples_per_file)
    per_file = f" / {num_samples_per_file:,} samples a file" if num_samples_per_file > 1 else ""
    hosts = f"{num_hosts} host{'s' if num_hosts > 1 else ''} with {memory_bytes / GIB:,.2f} GiB of memory in all"
    files = max(step_files, memory_files)
    larger = f"the memory of {hosts}" if memory_files >= step_files else f"{steps} steps"
    return Sizing(
        files,
        (
            f"{steps} steps × batch {batch_size} × {accelerators} accelerators{per_file} = {step_files:,} files",
            (
                f"{multiple} × {memory_bytes / GIB:,.2f} GiB ({hosts}) / {float(record):,.10g} B a sample{per_file}"
                f" = {memory_files:,} files"
            ),
            (
                f"the larger rules ({larger}): {files:,} files of {num_samples_per_file:,} × {float(record):,.10g} B"
                f" = {bytes_text(int(files * num_samples_per_file * record))} (edition {edition.name} rounds "
                f"{'up' if rounding == 'up' else 'down'})"
            ),
        ),
    )
