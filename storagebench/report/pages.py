"""What a session says of itself: the header, the facts for page and junit, and the answers that run nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storagebench import __version__
from storagebench.edition import load_edition
from storagebench.errors import StorageBenchError
from storagebench.model import Host
from storagebench.plan import Wishes

CHECKOUT = Path(__file__).parent.parent.parent
NOT_VALID = "quick: the figures are not valid"


def facts(asked: Wishes) -> dict[str, str]:
    """Name what holds for every run of the session: version, edition, division, hosts, folders."""
    return {
        "storagebench": f"{__version__} from {CHECKOUT}",
        "edition": asked.edition,
        "division": asked.division + (f" ({NOT_VALID})" if asked.quick else ""),
        "hosts": hosts(asked.hosts),
        "data dir": asked.data_dir or "none given",
        "results dir": asked.results_dir,
    }


def header(asked: Wishes) -> Iterator[str]:
    """Yield the lines for the top of the terminal; the path says which checkout judges."""
    known = facts(asked)
    yield f"storagebench: {known['storagebench']}"
    yield f"edition {asked.edition}, division {known['division']}, hosts {known['hosts']}"


def hosts(named: tuple[Host, ...]) -> str:
    """Write hosts as the user would: ``h1,h2:8``."""
    return ",".join(host.name if host.slots is None else f"{host.name}:{host.slots}" for host in named)


@contextmanager
def usage_errors() -> Iterator[None]:
    """Let pytest say a wrong option in one line and end with its exit code 4.

    Raises:
        pytest.UsageError: whatever error of ours stopped the block, in the same words.
    """
    try:
        yield
    except StorageBenchError as error:
        raise pytest.UsageError(str(error)) from None


def answer(edition: str, rules: bool, name: str) -> int | None:
    """Print what `--rules` or `--explain NAME` ask for and return pytest's exit code; None when neither was given.

    Raises:
        ConfigError: there is no such rule.
    """
    if not rules and not name:
        return None
    from storagebench.report import rulebook

    asked = load_edition(edition)
    print(*(rulebook.listing(asked) if rules else rulebook.page(name, asked)), sep="\n")
    return 0
