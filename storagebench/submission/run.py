"""One run folder, of whatever edition, as the facts that rules read."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from storagebench.model import Record
from storagebench.submission.facts import Facts, columns, mapping, sequence, text
from storagebench.submission.files import Files
from storagebench.submission.leaves import Leaf, stamps
from storagebench.submission.spelling import found_in, override_list, override_mapping, respelt, split_workload
from storagebench.submission.systems import system_of

RECORD_FILE = "record.json"
SUMMARY = "summary.json"
CONFIGS = ("dlio_config", "configs", ".hydra")
COPIES = ("config.yaml", "overrides.yaml")
"""Where the tools of the editions, and hydra when left alone, put the engine's copy of its configuration."""


class Run:
    """Reads one leaf; what the folder does not tell is None or empty."""

    def __init__(self, files: Files, leaf: Leaf) -> None:
        self.files = files
        self.leaf = leaf
        self._phases: dict[str, dict[str, Any] | None] = {}

    @cached_property
    def configs(self) -> str:
        """The folder with the engine's own copy of its configuration; where hosts lie below a run, it may be beside them."""
        places = [self.path(name) for name in CONFIGS]
        if not self.leaf.path.endswith(f"/{self.leaf.stamp}"):
            places += [f"{self.leaf.path.rpartition('/')[0]}/{name}" for name in CONFIGS]
        held = (place for place in places if any(self.files.holds(f"{place}/{name}") for name in COPIES))
        return next(held, places[0])

    def record(self, sources: dict[str, Callable[["Run"], Any]]) -> Record:
        """Return the leaf as a record; its files are opened when a rule asks for what they say."""
        folder = self.files.tree.root / self.leaf.path
        return Record(self.leaf.family, self.leaf.division, str(folder), Facts(self, sources))

    def path(self, name: str) -> str:
        """Return the path of a file in the leaf, relative to the root of the tree."""
        return f"{self.leaf.path}/{name}"

    def document(self, name: str) -> dict[str, Any]:
        """Return a JSON or YAML mapping of the leaf, empty where there is none."""
        return self.files.mapping(self.path(name))

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the files of the leaf, at any depth, whose name relative to it begins so."""
        start = len(self.leaf.path) + 1
        return (path[start:] for path in self.files.under(self.path(prefix)))

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """What the run says of itself."""
        return self.document(SUMMARY) or None

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The metadata file without its counters; the newest where there are several."""
        return self.files.metadata(self.leaf.path)

    @cached_property
    def args(self) -> dict[str, Any]:
        """The tool's arguments."""
        return mapping(self.metadata.get("args"))

    @cached_property
    def own(self) -> dict[str, Any]:
        """Our own `record.json`, which only this project's runs have."""
        return self.document(RECORD_FILE)

    @cached_property
    def parameters(self) -> dict[str, Any] | None:
        """The merged configuration, from the metadata or, where that has none, from the engine's own copy."""
        found = self.metadata.get("parameters")
        if found is None:
            found = mapping(self.files.mapping(f"{self.configs}/config.yaml")).get("workload")
        return respelt(found)

    @cached_property
    def overridden(self) -> tuple[str | None, dict[str, str] | None]:
        """The workload that the engine started from, and what was changed of it, by the engine's own copy."""
        path = f"{self.configs}/overrides.yaml"
        return override_list(self.files.yaml(path)) if self.files.holds(path) else (None, None)

    @property
    def model(self) -> str | None:
        """The model by the metadata, else by the workload's name, else by the folders."""
        said = text(self.metadata.get("model")) or text(self.args.get("model"))
        if said and self.leaf.family == "checkpointing":
            return said.lower().replace("_", "-")  # llama3_8b is how the engine's own files have it
        if said or not self.leaf.first_edition:
            return said or self._named[0] or self.leaf.names[-1]
        return self._workload[0] or text(mapping(mapping(self.parameters).get("model")).get("name"))

    @property
    def accelerator(self) -> str | None:
        """The emulated accelerator by the metadata, else by the workload's name, else by the folders."""
        said = text(self.metadata.get("accelerator")) or text(self.args.get("accelerator_type"))
        return said or self._workload[1] or self._named[1]

    @property
    def _named(self) -> tuple[str | None, str | None]:
        """What the folders of a training run of a later edition say of model and accelerator."""
        later = self.leaf.family == "training" and not self.leaf.first_edition
        return found_in(reversed(self.leaf.names)) if later else (None, None)

    @cached_property
    def _workload(self) -> tuple[str | None, str | None]:
        model, accelerator = split_workload(self.overridden[0])
        if model or not self.leaf.first_edition:
            return model, accelerator
        return found_in((self.leaf.stamp, *reversed(self.leaf.names), self.leaf.system))

    def overrides(self) -> dict[str, Any] | None:
        """What the submitter changed, by dotted name."""
        found = override_mapping(self.metadata.get("override_parameters"))
        return self.overridden[1] if found is None else found

    def arguments(self) -> dict[str, Any] | None:
        """The tool's arguments; edition 1.0 had none that were kept, but for the folder in its configuration."""
        if self.leaf.first_edition and not self.args:
            folder = mapping(mapping(self.parameters).get("dataset")).get("data_folder")
            return {"data_dir": folder} if folder else None
        return self.args or None

    def cluster(self) -> dict[str, list[Any]] | None:
        """Memory and cores, one number a host."""
        hosts = [mapping(host) for host in sequence(mapping(self.metadata.get("system_info")).get("hosts"))]
        if not hosts:
            return None
        return {
            "memory_bytes": [mapping(host.get("memory")).get("total") for host in hosts],
            "cores": [mapping(host.get("cpu")).get("num_cores") for host in hosts],
        }

    def commands(self) -> list[str] | None:
        """Every command line that the tool ran, in order."""
        found = [mapping(one).get("command") for one in sequence(self.metadata.get("command_output_files"))]
        return [command for command in found if isinstance(command, str)] or None

    def phase(self, command: str) -> dict[str, Any] | None:
        """Lift a phase: the one our record names, else the latest with the run's data directory, else the latest."""
        if command not in self._phases:
            self._phases[command] = self._phase(command)
        return self._phases[command]

    def _phase(self, command: str) -> dict[str, Any] | None:
        found = list(stamps(self.files.tree.listing, self.leaf.group, self.leaf.family, command))
        if not found or self.leaf.first_edition:
            return None
        named = f"{self.leaf.group}/{command}/{mapping(self.own.get('phases')).get(command)}"
        said = {path: self.files.metadata(path) for path in ([named] if named in found else reversed(found))}
        here = self.args.get("data_dir")
        alike = (path for path in said if here and mapping(said[path].get("args")).get("data_dir") == here)
        path = next(alike, next(iter(said)))
        parameters, args = mapping(respelt(said[path].get("parameters"))), mapping(said[path].get("args"))
        return {
            "dataset": parameters.get("dataset"),
            "data_dir": args.get("data_dir"),
            "stamp": path.rpartition("/")[2],
            "parameters": parameters or None,
            "args": args or None,
            "summary": self.files.mapping(f"{path}/{SUMMARY}") or None,
        }

    def sizes(self) -> dict[str, int]:
        """Every file of the leaf, at any depth, with its size in bytes."""
        known = self.files.tree.listing.sizes
        return {name: known[self.path(name)] for name in self.names()}

    def pruned(self) -> list[str]:
        """Files of which staff left nothing but a placeholder."""
        return [name for name in self.names() if self.files.is_pruned(self.path(name))]

    @cached_property
    def unreadable(self) -> dict[str, str]:
        """Documents of the run that are not what they should be; asking reads all but the files of ranks.

        Those of other phases are named from the result's folder: ``datagen/20260712_120240/…``.
        """
        _ = self.summary, self.metadata, self.own, self.parameters, self.overrides()
        _ = self.phase("datasize"), self.phase("datagen"), [self.document(name) for name in SMALL]
        places = [(f"{self.leaf.path}/", ""), *((f"{self.leaf.group}/{name}/", f"{name}/") for name in ELSEWHERE)]
        problems = self.files.problems.items()
        return {
            f"{below}{path[len(start) :]}": why
            for start, below in places
            for path, why in problems
            if path.startswith(start)
        }

    def lost(self) -> dict[str, str]:
        """Facts that are missing because of an unreadable or absent document of the leaf, and the sentence on it."""
        found: dict[str, str] = {}
        for name, why in self.unreadable.items():
            phase, _, below = name.partition("/")
            place = "metadata" if name.endswith("_metadata.json") else name.rpartition("/")[2].rpartition(".")[0]
            for fact in (phase,) if below and phase in ELSEWHERE else FED.get(place, (place,)):
                found.setdefault(fact, f"{name} {why}")
        for place, wanted in self._expected().items():
            for fact in FED.get(place, (place,)):
                found.setdefault(fact, f"no {wanted} is in the run folder")
        return found

    def _expected(self) -> dict[str, str]:
        """Name the documents that every run of the kind has and this one lacks."""
        names = self.files.tree.listing.files(self.leaf.path)
        wanted = {} if self.leaf.first_edition else {"metadata": "*_metadata.json"}
        if self.leaf.family in ("training", "checkpointing"):
            wanted["summary"] = SUMMARY
        lacking = {place: name for place, name in wanted.items() if not any(fnmatchcase(held, name) for held in names)}
        if self.leaf.first_edition:
            copies = [name for name in COPIES if not self.files.holds(f"{self.configs}/{name}")]
            lacking |= {name.rpartition(".")[0]: f"configs/{name}" for name in copies}
        return lacking


ELSEWHERE = ("datasize", "datagen")
SMALL = (
    "fs_separation.json",
    "per_epoch_stats.json",
    "0_per_epoch_stats.json",
    "statistics.json",
    "recall_stats.json",
    "result_verdict.json",
    "config.json",
)
FED = {
    "metadata": (
        "model",
        "accelerator",
        "parameters",
        "overrides",
        "args",
        "cluster",
        "invocation",
        "executed_command",
        "commands",
    ),
    "config": ("parameters", "config"),
    "overrides": ("overrides", "model", "accelerator"),
    "record": ("epochs",),
    "0_per_epoch_stats": ("checkpoints",),
}
"""Facts by the document that they are lost with; any other document feeds the fact of its own name."""


def _invocation(run: Run) -> dict[str, Any]:
    names = {"started_at": "invocation_start_time", "ended_at": "invocation_end_time"}
    return {name: run.metadata.get(written) for name, written in names.items()}


COMMON: dict[str, Callable[[Run], Any]] = {
    "summary": lambda run: run.summary,
    "model": lambda run: run.model,
    "accelerator": lambda run: run.accelerator,
    "command": lambda run: text(run.metadata.get("command")) or run.leaf.command,
    "stamp": lambda run: run.leaf.stamp,
    "parameters": lambda run: run.parameters,
    "overrides": Run.overrides,
    "args": Run.arguments,
    "cluster": Run.cluster,
    "fs_separation": lambda run: run.document("fs_separation.json") or None,
    "invocation": _invocation,
    "commands": Run.commands,
    "executed_command": lambda run: text(run.metadata.get("executed_command")),
    # In a folder of ours this is the judge's own word, which is no evidence.
    "verification": lambda run: None if run.own else run.metadata.get("verification"),
    "files": Run.sizes,
    "pruned": Run.pruned,
    "unreadable": lambda run: run.unreadable,
    "lost": Run.lost,
    "system": lambda run: system_of(run.files, run.leaf),
    "datasize": lambda run: run.phase("datasize"),
    "datagen": lambda run: run.phase("datagen"),
    "organisation": lambda run: run.leaf.organisation,
    "system_name": lambda run: run.leaf.system,
    "path": lambda run: run.leaf.path,
    "layout": lambda run: "1.0" if run.leaf.first_edition else "3.0",
    # What only a folder of ours tells.
    "own": lambda run: run.own or None,
    "edition": lambda run: text(mapping(run.own.get("plan")).get("edition")),
    "quick": lambda run: run.own.get("quick"),
    "environment_variables": lambda run: run.own.get("environment_variables"),
    "epochs": lambda run: columns(sequence(run.own.get("epochs"))),
}
"""The facts that a run of any family has."""
