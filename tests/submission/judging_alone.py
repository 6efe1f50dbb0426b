"""Judges a tree in a process of its own and prints what is said of it, and the most memory that it took.

It begins to count when all is imported, so that the figure is that of the tree.
"""

import json
import resource
import sys
from pathlib import Path

from storagebench.edition import load_edition
from storagebench.judge import judge
from storagebench.submission import CHAPTERS, Source
from storagebench.submission.document import document


def judged(root: Path) -> list[str]:
    """Judge every item of a tree by edition 3.0; return a line for each finding: item, rule, what and where.

    The mapping that reports are made of is written as UTF-8 JSON, as a worker of xdist does on its way.
    """
    source, edition, said = Source(root), load_edition("3.0"), []
    runs = [(leaf.path, source.record(leaf)) for leaf in source.runs]
    results = [(name, source.group(name)) for name in source.results]
    for name, subject in (*runs, *results):
        judgement = judge(subject, edition)
        json.dumps(document(name, subject, judgement, "closed"), default=str).encode()
        said += [f"{name}: {finding.rule_id}: {finding.saw} ({finding.where})" for finding in judgement.findings]
    whole = source.submission()
    for chapter in CHAPTERS:
        found = judge(whole, edition, chapter).findings
        said += [f"{chapter}: {finding.rule_id}: {finding.saw} ({finding.where})" for finding in found]
    return said


def peak_mib() -> float:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    load_edition("3.0")
    before = peak_mib()
    print(json.dumps({"said": judged(Path(sys.argv[1])), "grown_mib": peak_mib() - before}))
