"""Record lengths drawn one for each file."""

import numpy as np
from numpy.typing import NDArray

from storagebench.model import Dataset


def record_lengths(dataset: Dataset, least: int = 0) -> NDArray[np.int64]:
    """Draw the record length of every file in bytes, none below `least`; shape (files,).

    Lengths are normal with the dataset's mean and standard deviation and come from its seed alone: those of the
    first files do not depend on how many follow.
    """
    mean = dataset.record_length_bytes
    if dataset.record_length_bytes_stdev <= 0:
        return np.full(dataset.num_files, max(int(mean), least), dtype=np.int64)
    generator = np.random.Generator(np.random.PCG64(dataset.seed))
    drawn = generator.normal(mean, dataset.record_length_bytes_stdev, dataset.num_files)
    return np.maximum(drawn.astype(np.int64), least)
