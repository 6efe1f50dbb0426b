"""`python -m bench.history`: what `pytest --history` costs with 500 saved runs, pytest's own start left out.

The records are those of the tests' golden run, with as long a time series as makes a real one of 90 kB.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storagebench.history import open_shelf
from storagebench.report.history import listing

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "closed.json"

SAMPLES = 2600


def main() -> None:
    """Write the records, then read and list them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    arguments = parser.parse_args()
    record = json.loads(GOLDEN.read_text(encoding="utf-8"))
    record["time_series"] = {"hosts": [{"at_s": [10.0 * sample for sample in range(SAMPLES)]}]}
    with tempfile.TemporaryDirectory() as folder:
        size = sum(write(Path(folder), record, number) for number in range(arguments.runs))
        begun, cpu = time.perf_counter(), time.process_time()
        shelf = open_shelf(Path(folder))
        lines = list(listing(shelf, shelf.runs))
        seconds, busy = time.perf_counter() - begun, time.process_time() - cpu
    print(f"{len(lines) - 2} runs of {size / arguments.runs / 1e3:.0f} kB: {seconds:.2f} s, {busy:.2f} s of CPU")


def write(root: Path, record: dict[str, object], number: int) -> int:
    """Write one record as a run of its own; return its bytes."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * number)
    leaf = root / f"closed/acme/results/one/training/unet3d/run/{moment:%Y%m%d_%H%M%S}"
    leaf.mkdir(parents=True)
    times = {"started_at": moment.isoformat(), "ended_at": (moment + timedelta(minutes=10)).isoformat()}
    return (leaf / "record.json").write_text(json.dumps(record | times, indent=4) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
