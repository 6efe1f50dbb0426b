"""What stores of whole values share: an object is as many values as it has parts, under names that carry the run's token."""

from typing import Protocol

from storagebench.engines.kvcache.stores import StoreError
from storagebench.units import bytes_text


class Values(Protocol):
    """A client of a store of values; every call may raise an OSError or a StoreError."""

    def put(self, key: str, part: memoryview) -> None:
        """Store a value."""
        ...

    def get_into(self, key: str, part: memoryview) -> int:
        """Copy a value to where it belongs and return its bytes; FileNotFoundError where there is none."""
        ...

    def delete(self, keys: list[str]) -> None:
        """Remove values."""
        ...


class PartSession:
    """One thread's hands on such a store: parts become values, and the first one says that the object is there."""

    def __init__(self, values: Values, prefix: str, part_bytes: int, sizes: dict[int, int]) -> None:
        self._values = values
        self._prefix = prefix
        self._part_bytes = part_bytes
        self._sizes = sizes
        self._name = 0
        self._size_bytes = 0

    def create(self, name: int, size_bytes: int) -> None:
        """Remember what is coming."""
        self._name, self._size_bytes = name, size_bytes

    def write(self, part: memoryview, offset: int) -> None:
        """Store a part."""
        self._values.put(self._key(self._name, offset), part)

    def commit(self) -> None:
        """Remember how large it is, for its deletion."""
        self._sizes[self._name] = self._size_bytes

    def open(self, name: int, size_bytes: int) -> None:
        """Remember which one is asked for."""
        self._name = name

    def read(self, part: memoryview, offset: int) -> None:
        """Fetch a part."""
        got = self._values.get_into(self._key(self._name, offset), part)
        if got != len(part):
            raise StoreError(f"short read: {bytes_text(got)} where {bytes_text(len(part))} were written")

    def close(self) -> None:
        """Nothing to close."""

    def delete(self, name: int) -> None:
        """Remove all parts."""
        size_bytes = self._sizes.pop(name)
        self._values.delete([self._key(name, offset) for offset in range(0, size_bytes, self._part_bytes)])

    def discard(self) -> None:
        """What was stored of a part is cleared with the run."""

    def _key(self, name: int, offset: int) -> str:
        return f"{self._prefix}/{name:016x}/{offset:x}"
