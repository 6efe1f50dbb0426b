"""The hooks: what pytest asks, and which plain function answers. No logic lives here."""

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures import assembly, climbing, contributed, results, saved, submitted, watching
from fixtures.lockfile import generate_lockfile
from fixtures.options import add_options, flagged, value
from fixtures.points import parametrize
from fixtures.wishes import HOMES, wishes
from storagebench import hookspec
from storagebench.report import html, junit, outcome, pages, progress, scheduling, signals, terminal

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling
    from xdist.workermanage import WorkerController

pytest_plugins = (
    "fixtures.cluster",
    "fixtures.climb",
    "fixtures.comparing",
    "fixtures.preparation",
    "fixtures.repeats",
    "fixtures.run",
    "fixtures.storage",
    "fixtures.submission",
)

MARKERS = (
    "training: reads of training samples at the pace of emulated accelerators",
    "checkpointing: writing and reading the checkpoints of large models",
    "kvcache: offloading the key-value cache of inference",
    "vectordb: vector search",
    "closed: the run meets the rules of the CLOSED division (set by the verdict)",
    "open: the run meets the rules of the OPEN division only (set by the verdict)",
    "invalid: the rules reject the run (set by the verdict)",
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let other plugins add families of benchmarks."""
    pluginmanager.add_hookspecs(hookspec)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of the benchmarks."""
    try:
        add_options(parser)
    except (ValueError, argparse.ArgumentError) as clash:
        raise pytest.UsageError(
            f"{clash}; pytest-testinfra has a --hosts too: switch it off with -p no:testinfra"
        ) from None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options, then set up what lasts as long as the session."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    with pages.usage_errors():
        wishes(config)
        watching.check(config)
        results.check(config)
        saved.check(config)
        climbing.check(config)
    html.prepare(config)
    progress.open_progress(config)
    signals.end_on_sigterm(config)
    config.pluginmanager.register(Listener(config), "storagebench-listener")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer what runs nothing (`--rules`, `--explain`, `--history` and their like); `--plan` needs no workers."""
    terminal.respect_quiet(config)
    if flagged(config, "--plan"):
        config.option.numprocesses = 0
    with pages.usage_errors():
        contributed.enrol(config)
        if flagged(config, "--lockfile-generate"):
            return generate_lockfile()
        told = pages.answer(wishes(config).edition, flagged(config, "--rules"), value(config, "--explain"))
        if told is not None:
            return told
        answers = (ask(config) for ask in (saved.history, saved.comparison, assembly.answer))
        return next((code for code in answers if code is not None), None)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is asserted or judged, by which rules, on which hosts, and from which checkout."""
    return submitted.header(config) or list(pages.header(wishes(config)))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Fill the Environment table of the page."""
    html.describe(session.config, pages.facts(wishes(session.config)) | submitted.facts(session.config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn the configurations, or the runs of a submission, into items."""
    parametrize(metafunc)
    submitted.parametrize(metafunc)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite of submissions out where none was given, and climbs where none was asked for."""
    return submitted.left_out(collection_path, config) or climbing.left_out(collection_path, config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Answer `--plan`: print every item's plan instead of running it."""
    if not flagged(session.config, "--plan"):
        return None
    from fixtures.plans import show_plans

    return show_plans(session)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the run's record on the report, in the process that ran it."""
    report = yield
    outcome.attach(item, call, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> outcome.Status | None:
    """Say CLOSED, OPEN, INVALID or QUICK instead of PASSED and FAILED."""
    return outcome.status(report)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was asked for, complete junit before it is written, and leave the terminal to pytest."""
    progress.open_progress(session.config).end()
    results.publish(session)
    junit.add_suite_properties(session.config, pages.facts(wishes(session.config)) | submitted.facts(session.config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of verdicts and what the rules found."""
    if records := outcome.records(config):
        terminalreporter.section("verdicts")
        width, verbose = config.get_terminal_writer().fullwidth, config.get_verbosity() > 0
        for line, markup in terminal.summary(records, width, verbose=verbose):
            terminalreporter.line(line, **markup)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling | None":
    """Run one benchmark at a time, whatever `-n` says."""
    return scheduling.make_scheduler(config, log, HOMES.values())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "WorkerController") -> None:
    """Tell a worker where progress goes, and look there for it."""
    channel = progress.open_progress(node.config)
    channel.draw()
    node.workerinput[progress.WORKERINPUT] = channel.path


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:
    """Title the page, and warn where its figures will not be valid."""
    html.start(report, quick=wishes(report.config).quick)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_summary(prefix: list[str], postfix: list[str], session: pytest.Session) -> None:
    """Count the verdicts at the top of the page, and explain rules below it."""
    html.summarise(prefix, postfix, session.config, session.testscollected)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    """Add the columns Verdict and Headline."""
    html.head(cells)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: object, cells: list[str]) -> None:
    """Fill our columns."""
    html.row(report, cells)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_html(data: list[str]) -> None:
    """Leave out empty logs."""
    html.tidy(data)


class Listener:
    """The hooks that pytest calls without a config; registered once there is one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Keep what the tables at the end need, and the live line out of pytest's way."""
        outcome.remember(self._config, report)
        html.extras(report)
        html.pace(self._config)
        with progress.open_progress(self._config).hidden(**outcome.printing(report)):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None]:
        """Keep the live line out of pytest's way."""
        with progress.open_progress(self._config).hidden():
            yield

    pytest_runtest_logfinish = pytest_runtest_logstart
