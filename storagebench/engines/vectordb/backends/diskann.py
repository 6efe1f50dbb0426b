"""DiskANN of Microsoft (diskannpy-rust, MIT): a Vamana graph on disk, read 4 KiB at a time with O_DIRECT and io_uring.

In memory are the compressed vectors only, a byte for each chunk of product quantisation. The index file is read here
too, for what the library does not tell: parameters as built, and the vectors themselves.
"""

import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from storagebench.engines.storage.buffers import BLOCK_BYTES
from storagebench.engines.vectordb.backend import RequestError, Stats, Target
from storagebench.engines.vectordb.direct import DirectFile
from storagebench.engines.vectordb.folder import VectorFolder
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import ClusterError, DatasetError
from storagebench.model import DATABASES
from storagebench.units import GIB

PACKAGE = "diskannpy-rust"
PREFIX = "ann"
VECTORS = f"{PREFIX}_vectors.bin"
INDEX = f"{PREFIX}_disk.index"
COMPRESSED = f"{PREFIX}_pq_compressed.bin"
METADATA = f"{PREFIX}_metadata.bin"
BEAM = 4
"""Nodes that a search reads at a time; the library's own recommendation for drives of flash."""
METRICS = {"COSINE": "cosinenormalized", "L2": "l2"}


def library() -> Any:
    """Import the library, which prints a line for each request unless it is told not to.

    Raises:
        ClusterError: it is not installed.
    """
    os.environ.setdefault("RUST_LOG", "error")
    try:
        import diskannpy
    except ImportError:
        raise ClusterError(f"the database diskann is not installed: python -m pip install {PACKAGE}") from None
    return diskannpy


class DiskAnnSearcher:
    """One index, opened by one process."""

    def __init__(self, folder: Path) -> None:
        try:
            index = library().StaticDiskIndex(str(folder), num_threads=1, beam_width=BEAM)
        except Exception as error:  # noqa: BLE001 - the library raises what its native part hands it
            raise DatasetError(
                f"{folder} cannot be opened as a DiskANN index ({_said(error)}): --vdb-fresh builds it anew"
            ) from None
        self._search = index._index.search  # noqa: SLF001 - its wrapper costs more than a tenth of a request

    def search(self, queries: Rows, k: int, effort: int) -> Ids:
        """Walk the graph, once for each query."""
        search = self._search
        try:
            if len(queries) == 1:  # as nearly always, and then no more is done than must be
                ids = search(query=queries[0], recall_at=k, l_value=effort).ids
                if len(ids) == k:
                    return np.array((ids,), np.int64)
                found = [ids]
            else:
                found = [search(query=query, recall_at=k, l_value=effort).ids for query in queries]
        except Exception as error:  # noqa: BLE001 - the library raises what its native part hands it
            raise RequestError(f"DiskANN did not answer: {_said(error)}") from None
        answer = np.full((len(queries), k), -1, np.int64)
        for place, ids in enumerate(found):
            answer[place, : len(ids)] = ids
        return answer

    def close(self) -> None:
        """Leave it to the end of the process: the library has no word for it."""


class DiskAnnSession(VectorFolder):
    """The folder of an index; vectors are loaded into the file that the library builds from."""

    def __init__(self, target: Target) -> None:
        header = np.array([target.rows, target.dimension], np.uint32).tobytes()
        super().__init__(target, vectors=VECTORS, header=header)

    def build(self) -> Mapping[str, Any]:
        """Build the graph with every core, then remove the raw vectors: the index has them.

        Raises:
            DatasetError: the library failed.
        """
        asked = self.target.parameters
        try:
            library().build_disk_index(
                data=str(self.path / VECTORS),
                distance_metric=METRICS[self.target.metric],
                index_directory=str(self.path),
                complexity=asked["search_list_size"],
                graph_degree=asked["max_degree"],
                build_memory_maximum=max(1.0, 4 * self.row_bytes * self.target.rows / GIB),
                num_threads=0,
                num_of_pq_chunks=asked["pq_chunks"],
                vector_dtype=np.float32,
                index_prefix=PREFIX,
            )
        except ClusterError:
            raise
        except Exception as error:  # noqa: BLE001 - the library raises what its native part hands it
            raise DatasetError(f"DiskANN cannot build an index in {self.path}: {_said(error)}") from None
        (self.path / VECTORS).unlink()
        head = Head.read(self.path)
        return {
            "max_degree": head.degree,
            "pq_chunks": head.chunks,
            "search_list_size": f"{asked['search_list_size']} (as asked: the index does not keep it)",
            "beam_width": BEAM,
        }

    def searcher(self) -> DiskAnnSearcher:
        """Open the index, whole files only; one with fewer rows than planned is opened: that it is invalid, others say.

        Raises:
            DatasetError: it is cut off or of another dimension.
        """
        head = Head.read(self.path)
        held = (self.path / INDEX).stat().st_size
        if held < head.size_bytes or head.dimension != self.target.dimension:
            raise DatasetError(
                f"{self.path / INDEX} holds {head.rows:,} vectors of {head.dimension:,} dimensions in {held:,} of "
                f"{head.size_bytes:,} bytes, not the collection that was loaded: --vdb-fresh builds it anew"
            )
        return DiskAnnSearcher(self.path)

    def fetch(self, ids: Ids) -> Rows:
        """Read vectors from the nodes of the graph."""
        head = Head.read(self.path)
        file = DirectFile(self.path / INDEX, head.node_bytes + BLOCK_BYTES)
        try:
            found = [bytes(file.read(head.offset(int(one)), self.row_bytes)) for one in ids]
        finally:
            file.close()
        return np.frombuffer(b"".join(found), np.float32).reshape(len(ids), -1)

    def stats(self) -> Stats:
        """Count rows by the head of the index; what is compressed stays in memory."""
        resident = (self.path / COMPRESSED).stat().st_size
        return Stats(rows=Head.read(self.path).rows, disk_bytes=self.disk_bytes(), resident_bytes=resident)

    def data_paths(self) -> tuple[str, ...]:
        """Return the graph."""
        return (str(self.path / INDEX),)


class Head:
    """The first block of an index file, as the library writes it (disk_index_writer: GraphHeader)."""

    def __init__(self, words: np.ndarray[tuple[int, ...], np.dtype[np.uint64]], chunks: int) -> None:
        self.rows, self.dimension, _, self.node_bytes, self.nodes_per_block = map(int, words[:5])
        self.size_bytes = int(words[8])
        self.degree = (self.node_bytes - 4 * self.dimension) // 4 - 1
        self.chunks = chunks

    @classmethod
    def read(cls, folder: Path) -> "Head":
        """Read it.

        Raises:
            DatasetError: there is none.
        """
        try:
            words = np.fromfile(folder / INDEX, np.uint64, 9, offset=8)
            _, chunks = np.fromfile(folder / COMPRESSED, np.uint32, 2).tolist()
            return cls(words, chunks)
        except (OSError, ValueError, IndexError) as error:
            raise DatasetError(f"{folder} holds no whole DiskANN index ({error}): --vdb-fresh builds it anew") from None

    def offset(self, node: int) -> int:
        """Return where a node begins: blocks hold whole nodes, or a node takes whole blocks."""
        if self.nodes_per_block:
            block, place = divmod(node, self.nodes_per_block)
            return (1 + block) * BLOCK_BYTES + place * self.node_bytes
        return (1 + node * -(-self.node_bytes // BLOCK_BYTES)) * BLOCK_BYTES


def _said(error: Exception) -> str:
    """Return the library's words in one line, without the places in its sources and the stack below them."""
    words = str(error).partition("Stack backtrace")[0].partition(" -- (")[0]
    return " ".join(words.split()) or type(error).__name__


class DiskAnn:
    """The embedded default."""

    name = "diskann"
    capabilities = DATABASES["diskann"]

    def version(self, dsn: str) -> str:
        """Return the library's version."""
        library()
        return metadata.version(PACKAGE)

    def connect(self, target: Target) -> DiskAnnSession:
        """Open a session."""
        library()
        return DiskAnnSession(target)


BACKEND = DiskAnn()
