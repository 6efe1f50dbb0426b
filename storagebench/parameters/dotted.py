"""The parameter tree of a workload: dotted keys, overlays and overrides (`--param reader.read_threads=8`)."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from storagebench.credentials import holds_password
from storagebench.errors import ConfigError, UnknownParameterError
from storagebench.parameters.schema import Rule, contrast, described, fits, nearest, schema_of
from storagebench.parameters.yaml_lines import read_scalar

OLD_NAMES = {
    "dataset.record_length": "dataset.record_length_bytes",
    "dataset.record_length_stdev": "dataset.record_length_bytes_stdev",
    "dataset.record_length_resize": "dataset.record_length_bytes_resize",
    "checkpoint.model_size": "model.model_size",
}
"""Keys as edition 1.0 (DLIO 2.0.0) spells them, and what they have been called since edition 2.0."""

FOR_OBJECTS = {
    f"{group}.{word}": f"storage.storage_options.{word}"
    for group in ("storage", "storage.storage_options")
    for word in ("storage_library", "uri_scheme", "prefetch_window")
}
"""Keys of object storage, both as edition 3.0 has them and as submitters misspelt them, and their right name."""


def parse_param(text: str) -> tuple[str, Any]:
    """Split an override into key and typed value: ``parse_param("reader.read_threads=8") == ("reader.read_threads", 8)``.

    A value in quotes stays a text: ``dataset.data_folder="8"``.

    Raises:
        ConfigError: there is no key or no value, or a password in it.
    """
    if holds_password(text):
        key = text.partition("=")[0].strip()
        raise ConfigError(
            f"--param {key}: leave the password out, records keep parameters; the environment may hold it, such as REDIS_PASSWORD"
        )
    key, equals, value = (part.strip() for part in text.partition("="))
    if not key or not equals or not value:
        raise ConfigError(f"--param {text}: write it as key=value, for example reader.read_threads=8")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return key, value[1:-1]
    return key, read_scalar(value)


def check_param(key: str, value: Any, suite: str = "training") -> tuple[str, Any]:
    """Hold one override against the schema of a suite and return it under its present name.

    Raises:
        UnknownParameterError: no such parameter, with a suggestion.
        ConfigError: it cannot take the value.
    """
    known = schema_of(suite).leaves("parameters")
    name = OLD_NAMES.get(key, key)
    said = f"--param {key}={'null' if value is None else value}"
    if name not in known:
        raise UnknownParameterError(f"{said}: {_no_such(name, known)}")
    if not fits(value, known[name]) or value is None:
        raise ConfigError(f"{said}: must be {described(known[name])}, {contrast(value)}")
    return name, value


def merge(tree: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new tree with the overlay laid over it, as JSON merge patch (RFC 7396) has it.

    Mappings merge key by key, anything else (lists too) replaces, and None removes. Shares nothing with its arguments.
    """
    merged = {key: deepcopy(value) for key, value in tree.items() if key not in overlay}
    for key, value in overlay.items():
        if isinstance(value, Mapping):
            below = tree.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        elif value is not None:
            merged[key] = deepcopy(value)
    order = [*tree, *(key for key in overlay if key not in tree)]
    return {key: merged[key] for key in order if key in merged}


def with_values(tree: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a new tree with several values set, by dotted key; None removes one."""
    for name, value in values.items():
        tree = set_dotted(tree, name, value)
    return tree


def set_dotted(tree: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a new tree in which one dotted key has the value; None removes it."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return merge(tree, value)


def flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return every value that is no mapping under its dotted key: ``{"reader.batch_size": 7}``."""
    return dict(_walk(tree, ""))


def _walk(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _no_such(name: str, known: Mapping[str, Rule]) -> str:
    below = [key for key in known if key.startswith(f"{name}.")]
    if below:
        return f"is a group of parameters; name one of them, such as {below[0]}"
    if name in FOR_OBJECTS:
        return f"{FOR_OBJECTS[name]} is for object storage, which is not read here; leave it out"
    same_word = [key for key in known if key.rpartition(".")[2] == name.rpartition(".")[2]]
    meant = next(iter(same_word), None) or nearest(name, known)
    return f"no such parameter; did you mean '{meant}'?" if meant else "no such parameter"
