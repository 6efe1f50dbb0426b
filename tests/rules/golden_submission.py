"""The golden submission of rules/examples/submission.yaml, and a way to change its files, documents and groups."""

from typing import Any

from storagebench import examples
from storagebench.examples.changes import own
from storagebench.model import Group, Listing, Record, Submission

GOLDEN = examples.submission("3.0", {})
IMAGE = "0123456789abcdef0123456789abcdef"
POOL = "code-images"
RESULTS = "closed/acme/results/one"
SYSTEM = "closed/acme/systems/one.yaml"
RUNS = [f"{RESULTS}/training/unet3d/run/20260712_1{n}0000" for n in range(6)]
PHASES = [f"{RESULTS}/training/unet3d/{phase}/20260712_080000" for phase in ("datasize", "datagen")]
CHECKPOINT = f"{RESULTS}/checkpointing/llama3-8b/20260713_100000"
CACHE = f"{RESULTS}/kv_cache/llama3.1-8b/run/20260714_100000"
STAMP, MANIFEST = f"{RUNS[0]}/provenance.json", "closed/acme/submission.yaml"


def golden_documents() -> dict[str, Any]:
    documents: dict[str, Any] = own(GOLDEN.documents)
    return documents


def description(name: str = "one") -> dict[str, Any]:
    """Describe a remote system on premises: two nodes and a switch (5 rack units), one client of 256 GiB."""
    found = golden_documents()[SYSTEM]
    found["system_under_test"]["solution"]["submission_name"] = name
    return found


def node(**changes: Any) -> dict[str, Any]:
    return {**description()["system_under_test"]["product_nodes"][0], **changes}


def switch(**changes: Any) -> dict[str, Any]:
    return {**description()["system_under_test"]["product_switches"][0], **changes}


POWER = switch()["power"]


def in_cloud() -> dict[str, Any]:
    """Describe the same system in a cloud."""
    found = description()
    system = found["system_under_test"]
    system["deployment"] = "cloud"
    del system["product_switches"], system["total_rack_units"]
    for entry in (*system["product_nodes"], *system["clients"]):
        del entry["chassis"]["rack_units"], entry["chassis"]["power"]
    return found


def stamp(**changes: Any) -> dict[str, Any]:
    """A leaf's provenance.json."""
    return {**golden_documents()[STAMP], **changes}


def manifest(**changes: Any) -> dict[str, Any]:
    """A submitter's submission.yaml."""
    return {**golden_documents()[MANIFEST], **changes}


def golden_group(**facts: Any) -> Group:
    """Six training runs on one host of 250 GiB."""
    training = GOLDEN.groups[0]
    records = tuple(
        Record("training", "closed", run.folder, {**run.facts, **facts, "path": run.folder}) for run in training.records
    )
    return Group("training", "closed", training.folder, records, training.facts)


GOLDEN_FILES = [path for path in GOLDEN.listing.sizes if path not in GOLDEN.documents]


def submission(*more: str, without: str = "?", documents: Any = None, sizes: Any = None, **parts: Any) -> Submission:
    """Return the golden submission with files more, without those whose paths hold `without`, documents replaced.

    A document that becomes None is gone together with its file; `parts` are problems, junk and groups.
    """
    known = {**golden_documents(), **(documents or {})}
    known = {path: found for path, found in known.items() if found is not None and without not in path}
    names = [path for path in known if not path.endswith("/") and "#" not in path]
    gone = {path for path, found in (documents or {}).items() if found is None} - set(parts.get("problems", {}))
    kept = [path for path in (*GOLDEN_FILES, *names, *parts.get("problems", {})) if without not in path]
    listed = {path: 100 for path in (*kept, *more) if path not in gone} | (sizes or {})
    return Submission("tree", Listing(listed), parts.pop("groups", (golden_group(),)), known, **parts)
