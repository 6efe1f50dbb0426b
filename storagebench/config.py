"""The folder `configs/<suite>`: every point of every file as a `Workload`, or one line that says what is wrong."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagebench.errors import ConfigError
from storagebench.model import OFFICIAL, Workload
from storagebench.parameters import dataset_of, flatten, merge
from storagebench.parameters.schema import schema_of
from storagebench.parameters.yaml_lines import Node, parse

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "training": (
        "framework",
        "model.name",
        "workflow.train",
        "reader.data_loader",
        "reader.batch_size",
        "reader.read_threads",
        "train.epochs",
        "train.computation_time",
        "metric.au",
    ),
    "checkpointing": (
        "framework",
        "model.num_layers",
        *(f"model.parallelism.{key}" for key in ("tensor", "pipeline", "zero_stage")),
        *(
            f"model.transformer.{key}"
            for key in ("vocab_size", "hidden_size", "ffn_hidden_size", "num_attention_heads", "num_kv_heads")
        ),
        *(f"checkpoint.{key}" for key in ("num_checkpoints_write", "num_checkpoints_read", "time_between_checkpoints")),
    ),
    "kvcache": (
        *(f"sequence.{key}" for key in ("seed", "trials", "inter_option_delay_s")),
        *(f"traffic.{key}" for key in ("profile", "model", "mode", "chunk_tokens", "users", "requests_per_s")),
        *(f"tiers.{key}" for key in ("hbm_gib", "dram_gib", "storage_gib", "placement", "promote", "eviction")),
        *(f"load.{key}" for key in ("kind", "in_flight", "rate", "warmup_s", "window_s", "fill_gib")),
        *(f"store.{key}" for key in ("backend", "layout", "durability", "readers", "writers", "part_mib", "keys")),
    ),
    "vectordb": (
        "database.database",
        *(f"dataset.{key}" for key in ("num_vectors", "dimension", "distribution", "num_shards")),
        *(f"index.{key}" for key in ("index_type", "metric_type")),
        *(f"run.{key}" for key in ("mode", "batch_size")),
        *(f"benchmark.{key}" for key in ("runtime", "search_limit", "query_pool", "scored_queries", "tuning_queries")),
        *(f"benchmark.{key}" for key in ("target_recall", "warm_up", "quiet")),
    ),
}
"""What a run of a family cannot do without, by suite; `COMPLETE` says what else there must be."""

COMPLETE: Mapping[str, Callable[[Mapping[str, Any], str], object]] = {"training": dataset_of}
"""Functions of a family's parameters and the model's name that raise a ConfigError where something is missing."""

UNPUBLISHED = "listed_but_no_template"
"""The status of a point that an edition names without having published its parameters."""


def load_workloads(folder: Path, suite: str) -> tuple[Workload, ...]:
    """Read every `*.yaml` of a suite's folder; the order is that of the file names, then that of the points in a file.

    Each workload's parameters are the file's common ones with the point's own laid over them (`merge`).

    Raises:
        ConfigError: anything is wrong with the folder or a file; one sentence that begins with ``file:line:``.
    """
    workloads: dict[str, Workload] = {}
    for path in _files(folder):
        for workload in _File.read(path, suite).workloads():
            first = workloads.setdefault(workload.id, workload)
            if first is not workload:
                raise ConfigError(f"{workload.where}: '{workload.id}' is already at {first.where}; keep one of them")
    return tuple(workloads.values())


def _files(folder: Path) -> list[Path]:
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"{_shown(folder)}: cannot be read ({error.strerror}); it should hold *.yaml files") from None
    strange = [path for path in entries if path.suffix != ".yaml" and path.name != "schema.json"]
    if strange:
        raise ConfigError(f"{_shown(strange[0])}: not understood; a configuration is a file named <model>.yaml")
    files = [path for path in entries if path.suffix == ".yaml"]
    if not files:
        raise ConfigError(f"{_shown(folder)}: holds no *.yaml file, so there is nothing to run")
    return files


def _shown(path: Path) -> str:
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole)


@dataclass(frozen=True, slots=True)
class _File:
    """One configuration file whose form is right."""

    name: str
    suite: str
    node: Node
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, suite: str) -> "_File":
        name = _shown(path)
        try:
            node = parse(path.read_bytes(), name)
        except OSError as error:
            raise ConfigError(f"{name}: cannot be read ({error.strerror}); make it a readable file") from None
        problem = schema_of(suite).first_problem(node)
        if problem is not None:
            raise ConfigError(f"{name}:{problem.line}: {problem.text}")
        return cls(name, suite, node, node.plain())

    def workloads(self) -> list[Workload]:
        points: list[dict[str, Any]] = self.content["points"]
        found = [self.workload(point, f"{self.name}:{line}") for point, line in zip(points, self.lines(), strict=True)]
        quick = self.content.get("quick")
        if quick is not None and not any(workload.quick for workload in found):
            line = self.node.entry("quick").line
            key = "accelerator" if "accelerator" in quick else "variant"
            raise ConfigError(f"{self.name}:{line}: no point that can run has the {key} '{quick[key]}'")
        return found

    def lines(self) -> list[int]:
        points = self.node.entry("points").node.value
        assert isinstance(points, list)
        return [point.line for point in points]

    def workload(self, point: Mapping[str, Any], where: str) -> Workload:
        workload = Workload(
            family=OFFICIAL[self.suite],
            model=self.content["model"],
            accelerator=point.get("accelerator", ""),
            accelerators=point.get("accelerators"),
            variant=point.get("variant", ""),
            editions=tuple(point["editions"]),
            status=point["status"],
            divisions=tuple(point["divisions"]),
            parameters=self.parameters(point, where),
            quick=self.quick(point),
            core_config_hashes=tuple(point.get("core_config_hashes", ())),
            comparability_class=point.get("comparability_class"),
            source=point.get("source", self.content["source"]),
            where=where,
            notes=tuple(point.get("notes", ())),
        )
        if workload.runnable:
            _check_complete(workload, self.suite)
        return workload

    def parameters(self, point: Mapping[str, Any], where: str) -> dict[str, Any]:
        if point["status"] != UNPUBLISHED:
            return merge(merge({}, self.content["parameters"]), point.get("parameters", {}))
        if "parameters" in point:
            raise ConfigError(f"{where}: a point with status {UNPUBLISHED} has no parameters; remove them")
        return {}

    def quick(self, point: Mapping[str, Any]) -> dict[str, Any] | None:
        overlay: Mapping[str, Any] = self.content.get("quick", {})
        same = all(overlay.get(key) == point.get(key) for key in ("accelerator", "variant"))
        if not overlay or not same or point["status"] == UNPUBLISHED:
            return None
        return {"accelerators": overlay["accelerators"], "parameters": deepcopy(overlay["parameters"])}


def _check_complete(workload: Workload, suite: str) -> None:
    """Refuse a point whose merged parameters could not run, with and without --quick."""
    for extra in [{}, *([workload.quick["parameters"]] if workload.quick else [])]:
        parameters = merge(workload.parameters, extra)
        known = flatten(parameters)
        missing = next((key for key in REQUIRED.get(suite, ()) if key not in known), None)
        if missing is not None:
            raise ConfigError(f"{workload.where}: '{workload.id}' lacks {missing}; add it to its parameters")
        try:
            if suite in COMPLETE:
                COMPLETE[suite](parameters, workload.model)
        except ConfigError as error:
            raise ConfigError(f"{workload.where}: '{workload.id}': {error}") from None
