"""From a piece of the schedule to bytes read and, where declared, decoded."""

from storagebench.engines.training.decode import DamageError, Decode, Loaded, decoder_of
from storagebench.engines.training.layout import Layout
from storagebench.engines.training.reader import Reader, ShortReadError
from storagebench.engines.training.schedule import Piece
from storagebench.errors import EngineError
from storagebench.memory import chunk_bytes
from storagebench.model import TrainingPlan


class PieceReader:
    """Reads pieces of one dataset for one thread.

    Args:
        folder: the dataset's, below which the layout names files.
        decode: None reads raw bytes.
    """

    def __init__(self, layout: Layout, folder: str, reader: Reader, decode: Decode | None) -> None:
        self._layout = layout
        self._folder = folder
        self._reader = reader
        self._decode = decode

    def __call__(self, piece: Piece) -> int:
        """Read a piece and return the bytes that its samples take up.

        Raises:
            EngineError: a file is missing, unreadable, too short or not what its format says.
        """
        path = f"{self._folder}/{self._layout.path(piece.file)}"
        extents = self._layout.extents(piece.file, piece.first, piece.samples)
        try:
            if self._decode is None:
                return self._reader.skim(path, extents)
            self._decode(Loaded(piece, extents, self._reader.load(path, extents)))
        except ShortReadError as short:
            problem = f"holds {short.size_bytes} bytes where {self._layout.file_bytes(piece.file)} are expected"
        except DamageError as damaged:
            problem = str(damaged)
        else:
            return sum(extent.length for extent in extents)
        raise EngineError(f"{path} {problem}: the dataset is damaged; delete {self._folder} to have it generated again")


def piece_readers(plan: TrainingPlan, layout: Layout) -> list[PieceReader]:
    """Return one reader for each reading thread of the plan (one for the step loop if there are none).

    Raises:
        ConfigError: decoding needs a library that is not installed.
    """
    folder, reading = plan.dataset_dir, plan.reading
    decode = decoder_of(plan.dataset, folder, reading.columns, layout.path(0)) if reading.decode else None
    chunk = chunk_bytes(reading, plan.parameters["reader"])
    return [
        PieceReader(layout, folder, Reader(direct=reading.direct, chunk_bytes=chunk), decode)
        for _ in range(max(1, plan.parameter("reader.read_threads", 1)))
    ]
