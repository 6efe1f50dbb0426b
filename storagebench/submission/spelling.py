"""Parameters as the editions spell them: trees and overrides under the names of editions 2.0 and 3.0."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from storagebench.parameters.dotted import OLD_NAMES
from storagebench.submission.facts import mapping, sequence

WORKLOAD = re.compile(r"(?P<model>[a-z][a-z0-9]*)[-_](?P<accelerator>[a-z]+[0-9]+[a-z]*)", re.IGNORECASE)
_MODEL = re.compile(r"unet3d|unet|resnet50|resnet|cosmoflow|retinanet|bert", re.IGNORECASE)
_ACCELERATOR = re.compile(r"(?<![a-z0-9])(a100|h100|v100|b200|mi355)(?![a-z0-9])", re.IGNORECASE)
MODELS = {"resnet": "resnet50", "unet": "unet3d"}
"""Short names that submitters gave to folders."""
_OVERRIDE = re.compile(r"[+~]*(?P<name>[^=]+?)=(?P<value>.*)", re.DOTALL)


def respelt(parameters: Any) -> dict[str, Any] | None:
    """Return a parameter tree with edition 1.0's names replaced; the tree that came in stays as it is."""
    if not isinstance(parameters, Mapping):
        return None
    tree = dict(parameters)
    for old, new in OLD_NAMES.items():
        (group, _, name), (target, _, renamed) = old.partition("."), new.partition(".")
        held = tree.get(group)
        if isinstance(held, Mapping) and name in held:
            tree[group] = {key: value for key, value in held.items() if key != name}
            tree[target] = {renamed: held[name], **mapping(tree.get(target))}
    if isinstance(tree.get("model"), str):
        tree["model"] = {"name": tree["model"]}
    return tree


def override_list(lines: Any) -> tuple[str | None, dict[str, str]]:
    """Split hydra's list of overrides into the workload it starts from and what it changes, by dotted name.

    ``["workload=unet3d_h100", "++workload.reader.read_threads=8"]`` gives ``"unet3d_h100"`` and
    ``{"reader.read_threads": "8"}``. Harness keys (``workflow.train``, ``hydra.run.dir``) are among them.
    """
    workload, changed = None, {}
    for line in sequence(lines):
        match = _OVERRIDE.fullmatch(line) if isinstance(line, str) else None
        if match is None:
            continue
        name, value = match["name"].strip(), match["value"].strip()
        if name == "workload":
            workload = value
        else:
            name = name.removeprefix("workload.")
            changed[OLD_NAMES.get(name, name)] = value
    return workload, changed


def override_mapping(found: Any) -> dict[str, Any] | None:
    """Return the overrides of a metadata file by their present names."""
    if not isinstance(found, Mapping):
        return None
    return {OLD_NAMES.get(str(name), str(name)): value for name, value in found.items()}


def split_workload(name: str | None) -> tuple[str | None, str | None]:
    """Split a workload's name into model and accelerator: ``resnet-h100`` is resnet50 on h100."""
    match = WORKLOAD.fullmatch((name or "").strip())
    if match is None:
        return None, None
    model = match["model"].lower()
    return MODELS.get(model, model), match["accelerator"].lower()


def found_in(names: Iterable[str]) -> tuple[str | None, str | None]:
    """Find model and accelerator in the names of folders, the first that tells: a last resort, as people abbreviate."""
    told = [(_MODEL.search(name), _ACCELERATOR.search(name)) for name in names]
    model = next((match[0].lower() for match, _ in told if match), None)
    accelerator = next((match[0].lower() for _, match in told if match), None)
    return MODELS.get(model or "", model), accelerator
