"""All four models at 1/1000, for real: a rank of every kind writes its files, and the bytes are those of the plan."""

from fractions import Fraction

import pytest

from storagebench.engines.checkpointing.stream import Stream
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.engines.storage.stamps import Origin
from storagebench.model.checkpoint_layout import CheckpointLayout
from tests.model.llama3 import MODELS


@pytest.mark.parametrize("name", MODELS)
def test_bytes_on_disk_are_those_of_the_plan(tmp_path, name):
    layout = CheckpointLayout(model=MODELS[name], ranks=MODELS[name].ranks, scale=Fraction(1, 1000))
    stream = Stream(1, transfer_of({"fsync": False}), lambda count: None)
    total = 0
    for rank, count in layout.kinds().items():
        for number, file in enumerate(layout.files(rank)):
            path = tmp_path / file.name
            stream.write(str(path), file.bytes, Origin(1, 1, rank, number))
            total += count * path.stat().st_size
            path.unlink()
    assert total == layout.total_bytes
