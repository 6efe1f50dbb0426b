"""The folder a run leaves behind: written atomically, complete only with `record.json`, read back as a Record."""

from storagebench.record.folder import INCOMPLETE, RECORD_FILE, RunFolder
from storagebench.record.reading import read_record

__all__ = ["INCOMPLETE", "RECORD_FILE", "RunFolder", "read_record"]
