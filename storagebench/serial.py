"""Frozen nouns to JSON and back: one codec for every dataclass of the model."""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Turn a noun (or anything made of nouns, mappings, sequences and scalars) into plain JSON data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], data: Any) -> T:
    """Rebuild a noun of `kind` from what `to_json` made of it.

    Raises:
        TypeError: the data is no mapping, lacks a field of the noun or has one it does not know.
    """
    return typing.cast("T", _build(kind, data))


def _build(kind: Any, data: Any) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _noun(kind, data)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind[data]
    if typing.get_origin(kind) is not None:
        return _container(typing.get_origin(kind), typing.get_args(kind), data)
    return float(data) if kind is float else data


def _noun(kind: type, data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} is made of a mapping, not of {data!r:.40}")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {unknown[0]!r}")
    return kind(**{name: _build(hints[name], item) for name, item in data.items()})


def _container(origin: Any, arguments: tuple[Any, ...], data: Any) -> Any:
    if origin in {typing.Union, types.UnionType}:
        return None if data is None else _build(next(option for option in arguments if option is not type(None)), data)
    if origin is tuple:
        return tuple(_build(arguments[0], item) for item in data)
    if issubclass(origin, Mapping):
        return {key: _build(arguments[1], item) for key, item in data.items()}
    return [_build(arguments[0], item) for item in data]
