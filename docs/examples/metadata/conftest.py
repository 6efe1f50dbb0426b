"""Found because it lies beside the test file; `-p metadata_bench.plugin` or an entry point of pytest11 do the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
pytest_plugins = ["metadata_bench.plugin"]
