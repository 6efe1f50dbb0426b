"""What people see of a run: the words in the terminal, junit properties, the html page and the live line.

Every report is made of the record (the mapping that `record.json` holds), so that a run judged again years later
reads as it did on its day. A fixture hands the record over in ``item.stash[RECORD]``; from there on `outcome`
attaches it to pytest's own report, which carries it from an xdist worker to the process that draws.
"""

from typing import Any

import pytest

RECORD = pytest.StashKey[dict[str, Any]]()
"""Where the run of an item leaves its record for the reports."""
