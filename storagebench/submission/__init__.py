"""Other people's submissions: a tree of any edition becomes Records, Groups and a Submission.

`tree` lists, `files` reads what the listing names, `leaves` finds the run folders, `facts` lifts what they say into
the names that rules know, `source` puts it together. Nothing here trusts a file, and nothing follows a path that a
file names.
"""

from storagebench.submission.leaves import Leaf
from storagebench.submission.source import CHAPTERS, Source

__all__ = ["CHAPTERS", "Leaf", "Source"]
