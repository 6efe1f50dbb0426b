"""Found because `pytest suites/... docs/examples/acme` names its folder; `-p acme.plugin` or an entry point do the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
pytest_plugins = ["acme.plugin"]
