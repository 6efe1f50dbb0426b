"""The examples of the rules: golden subjects, and for every rule a change that just passes and one that just fails.

`rules/examples/<family>.yaml` holds them; what a change may name stands at the top of each file. The pages of the
rules show the very examples that the tests judge.
"""

from storagebench.examples.changes import Changes
from storagebench.examples.document import FOLDER, Example, examples
from storagebench.examples.runs import result, run
from storagebench.examples.submission import submission
from storagebench.model import Group, Record, Submission

__all__ = ["FOLDER", "Changes", "Example", "examples", "result", "run", "subject", "submission"]


def subject(family: str, scope: str, edition: str, changes: Changes) -> Record | Group | Submission:
    """Return what a rule of this scope judges: the golden run, result or submission of the edition, changed."""
    if scope == "submission":
        return submission(edition, changes)
    return result(family, edition, changes) if scope == "group" else run(family, edition, changes)
