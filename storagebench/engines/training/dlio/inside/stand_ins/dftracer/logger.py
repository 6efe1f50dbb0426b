"""A tracer that traces nothing: functions stay as they are, iterators too."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

DFTRACER_ENABLE = False
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class dft_fn:  # noqa: N801 - DLIO imports it by this name
    """What DLIO decorates its functions with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def log(self, function: F) -> F:
        """Return the function."""
        return function

    log_init = log_static = log

    def iter(self, items: Iterable[T], *args: Any, **kwargs: Any) -> Iterable[T]:
        """Return the iterator."""
        return items

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Note nothing."""

    def flush(self) -> None:
        """Write nothing."""

    def reset(self) -> None:
        """Forget nothing."""


class dftracer:  # noqa: N801 - DLIO imports it by this name
    """What DLIO would write its trace with."""

    @staticmethod
    def initialize_log(*args: Any, **kwargs: Any) -> None:
        """Open no trace."""
