"""SIGTERM ends a session as Ctrl-C does, so that the run in progress can write down that it was interrupted."""

import signal
import threading
from types import FrameType

import pytest


def end_on_sigterm(config: pytest.Config) -> None:
    """Turn SIGTERM into KeyboardInterrupt until the session is over.

    Schedulers such as Slurm send it before they kill; by default it would end the process without a word.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.signal(signal.SIGTERM, _interrupt)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(restore)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")
