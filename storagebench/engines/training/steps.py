"""The times of an epoch's steps, kept in eight bytes each."""

from array import array


class Steps:
    """Grows by one entry in each list for each step; all in seconds."""

    def __init__(self) -> None:
        self.load_s = array("d")
        self.compute_s = array("d")
        self.nominal_compute_s = array("d")
        self.processed_s = array("d")
        self.bytes = 0

    def add(self, begin: float, loaded: float, end: float, nominal_compute_s: float, batch_bytes: int) -> None:
        """Add a step from its three readings of the clock."""
        self.load_s.append(loaded - begin)
        self.compute_s.append(end - loaded)
        self.nominal_compute_s.append(nominal_compute_s)
        self.processed_s.append(end - begin)
        self.bytes += batch_bytes
