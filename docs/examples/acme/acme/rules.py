"""What we hold runs on our arrays to, beside the rules of the edition."""

from collections.abc import Iterator

from rules.registry import Breach, rule
from storagebench.model import Edition, Lands, Record


@rule("x", "x-acme-firmware", family="training", editions="3.0", warns=True)
def firmware_is_told(record: Record, edition: Edition) -> Iterator[Breach]:
    """A run on our array says which firmware it had.

    Reads: own.extra.acme.firmware.
    """
    if record.has("own.extra.acme") and record.text("own.extra.acme.firmware") == "unknown":
        yield Breach(Lands.ADVICE, "no firmware was told", "--acme-firmware=VERSION")
