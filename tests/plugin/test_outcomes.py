"""Words, colours, exit codes and properties of each way in which an item can end."""

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest

TESTS = """
@pytest.mark.parametrize("name", ["closed", "open", "invalid", "quick"])
def test_run(name, judged):
    judged(name)
"""
BROKEN = """
from storagebench.errors import ClusterError, EngineError
@pytest.fixture
def host():
    raise ClusterError("client-3: no route to host; check --hosts")
def test_setup(host):
    pass
def test_engine():
    raise EngineError("rank 3 died with signal 9; its log is results/x/stderr.log")
def test_bug():
    raise KeyError("a bug of ours")
"""


WORDS = {"closed": "CLOSED", "open": "OPEN", "invalid": "INVALID", "quick": "QUICK"}


def test_each_verdict_has_its_word(project):
    project.suite()
    project.run("suites").stdout.fnmatch_lines([f"*test_run?{name}? {word} *" for name, word in WORDS.items()])


def test_everything_survives_xdist(project, rows):
    project.suite(TESTS + BROKEN)
    result = project.run("suites", "-n", "2", "--junitxml=report.xml", "--html=report.html")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"?gw*? ?*%? {word} *test_run?{name}?*" for name, word in WORDS.items()])
    result.stdout.fnmatch_lines(["INVALID: 3.1.2 trainingRecalculateDatasetSize: dataset is 29.57 GiB*"])
    result.stdout.fnmatch_lines(["client-3: no route to host; check --hosts"])
    result.stdout.no_fnmatch_line("*ClusterError*")
    result.stdout.fnmatch_lines(["*= verdicts =*", "*record of unet3d-b200-x2-run1: *"])
    suite, cases = junit_of(project)
    assert suite["edition"] == "3.0"
    assert cases["test_run[invalid]"]["verdict"] == "INVALID"
    assert {row[1] for row in rows("report.html")} == {*WORDS.values(), "-"}
    assert "trainingRecalculateDatasetSize" in project.read("report.html")


def junit_of(project):
    """Return the properties of the suite, and those of each testcase by its name."""
    suite = ET.fromstring(project.read("report.xml")).find("testsuite")
    cases = {case.get("name"): properties_of(case) for case in suite.iter("testcase")}
    return properties_of(suite), cases


def properties_of(element):
    return {one.get("name"): one.get("value") for one in element.iterfind("properties/property")}


def test_only_closed_is_green(project):
    project.suite()
    result = project.run("suites", "--color=yes")
    coloured = {
        word: f"\x1b[{code}m{word}" for word, code in {"CLOSED": 32, "OPEN": 33, "INVALID": 31, "QUICK": 33}.items()
    }
    for start in coloured.values():
        assert start in result.stdout.str()


def test_closed_and_open_pass(project):
    project.suite()
    assert project.run("suites", "-k", "closed or open").ret == 0


def test_an_open_run_fails_where_closed_was_asked_for(project):
    project.suite("def test_run(judged):\n    judged('open', division='closed')\n")
    result = project.run("suites")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*test_run OPEN *", "OPEN where CLOSED was asked for: 3.6.3 *", "OPEN *test_run - OPEN*"]
    )


def test_an_invalid_run_passes_under_whatif_and_keeps_its_word(project):
    project.suite("def test_run(judged):\n    judged('invalid', division='whatif')\n")
    result = project.run("suites")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_run INVALID *", "*1 invalid*"])


def test_what_stops_a_run_is_said_in_one_sentence(project):
    project.suite(BROKEN)
    result = project.run("suites", "--junitxml=report.xml")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["client-3: no route to host; check --hosts"])
    result.stdout.fnmatch_lines(["rank 3 died with signal 9; its log is results/x/stderr.log"])
    result.stdout.fnmatch_lines(["FAILED *test_engine - rank 3 *", "*", "ERROR *test_setup - client-3: *"])
    result.stdout.no_fnmatch_line("*ClusterError*")
    cases = {case.get("name"): case for case in ET.fromstring(project.read("report.xml")).iter("testcase")}
    assert "no route to host" in cases["test_setup"].find("error").get("message")
    assert cases["test_engine"].find("failure").get("message").startswith("rank 3 died")


def test_a_mistake_of_ours_keeps_its_traceback(project):
    project.suite(BROKEN)
    project.run("suites", "-k", "bug").stdout.fnmatch_lines(["*raise KeyError*", "E*KeyError: 'a bug of ours'"])


def test_full_trace_brings_every_traceback_back(project):
    project.suite(BROKEN)
    project.run("suites", "-k", "engine", "--full-trace").stdout.fnmatch_lines(["*raise EngineError*"])


def test_a_crash_after_the_record_was_written_is_no_verdict(project):
    project.suite("""
from storagebench.errors import EngineError
def test_run(judged):
    judged("closed")
    raise EngineError("the engine left processes behind")
""")
    result = project.run("suites")
    result.stdout.fnmatch_lines(["*test_run FAILED *", "the engine left processes behind"])


def test_an_assertion_of_an_ordinary_test_is_left_to_pytest(project):
    project.suite("def test_run():\n    assert 1 == 2\n")
    project.run("suites").stdout.fnmatch_lines(["*FAILED*", "E*assert 1 == 2"])


def test_junit_has_the_properties_of_each_run_and_of_the_suite(project):
    project.suite()
    project.run("suites", "--junitxml=report.xml", "--hosts=h1,h2:8")
    suite, cases = junit_of(project)
    assert suite["hosts"] == "h1,h2:8"
    assert cases["test_run[closed]"]["verdict"] == "CLOSED"
    assert cases["test_run[invalid]"]["au_percent"] == "79.92"
    root = ET.fromstring(project.read("report.xml"))
    assert root.find("testsuite").get("name") == "mlperf-storage"
    assert root.find(".//failure").get("message").startswith("INVALID: 3.1.2")


def test_the_verdict_is_a_marker_of_the_item(project):
    (project.path / "conftest.py").write_text(
        project.read("conftest.py") + "\ndef pytest_runtest_logreport(report):\n"
        "    if report.when == 'call':\n"
        "        print('marked', report.nodeid, sorted({'closed', 'open', 'invalid'} & set(report.keywords)))\n"
    )
    project.suite("def test_run(judged):\n    judged('open')\n")
    project.run("suites", "-s").stdout.fnmatch_lines(["*marked *test_run ?'open'?"])


def test_last_failed_runs_what_was_invalid_again(project):
    project.suite()
    project.run("suites")
    result = project.run("suites", "--lf")
    result.stdout.fnmatch_lines(["*test_run?invalid? INVALID*", "*1 failed*"])
    result.stdout.no_fnmatch_line("*CLOSED  *[[]*")


def test_the_header_says_what_is_asserted_and_which_checkout_judges(project):
    project.suite()
    result = project.run("suites", "--division=open", "--edition=2.0", "--hosts=h1,h2:8", "--collect-only")
    result.stdout.fnmatch_lines(["storagebench: 0.1.0 from *", "edition 2.0, division open, hosts h1,h2:8"])


def test_quick_is_called_not_valid_from_the_first_line_on(project):
    project.suite()
    result = project.run("suites", "--quick", "--html=report.html", "-k", "quick")
    result.stdout.fnmatch_lines(
        ["edition 3.0, division whatif (quick: the figures are not valid), *", "*not valid: quick*"]
    )
    assert '<p class="banner">quick: the figures are not valid</p>' in project.read("report.html")


def test_the_page_is_one_file_with_our_style_and_title(project):
    project.suite()
    project.run("suites", "--html=report.html")
    page = project.read("report.html")
    assert '<title id="head-title">Storage benchmark report</title>' in page
    assert "prefers-color-scheme: dark" in page
    assert not (project.path / "assets").exists()
    assert "1 CLOSED</span> · " in page


def test_a_wrong_option_is_one_line(project):
    project.suite()
    result = project.run("suites", "--edition=9.9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --edition=9.9: there is no such edition; *"])
    assert "Traceback" not in result.stderr.str()


def test_a_second_plugin_with_our_option_is_named(project):
    (project.path / "rival.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--hosts', dest='hosts')\n"
    )
    result = project.pytester.run(sys.executable, "-m", "pytest", "-p", "rival", "suites", "--collect-only")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*-p no:testinfra*"])
    assert "Traceback" not in result.stderr.str()


def test_rules_are_listed_and_explained_without_collecting(project):
    project.suite("raise RuntimeError('collected')\n")
    listed = project.run_apart("suites", "--rules")
    assert listed.ret == 0
    listed.stdout.fnmatch_lines(["rules of edition 3.0", "*3.1.2 *trainingRecalculateDatasetSize*"])
    explained = project.run_apart("suites", "--explain", "trainingRecalculateDatasetSize")
    assert explained.ret == 0
    explained.stdout.fnmatch_lines(["3.1.2 trainingRecalculateDatasetSize"])


def test_an_unknown_rule_is_one_line(project):
    result = project.run_apart("--explain", "trainingRecalculateDatasetSise")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --explain trainingRecalculateDatasetSise: *did you mean trainingRecalculateDatasetSize?"]
    )


WAITING = """
import time
def test_first(judged):
    judged("closed")
def test_second():
    try:
        Path("started").touch()
        time.sleep(60)
    finally:
        Path("cleaned").touch()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_session_and_what_was_finished_is_kept(project, number):
    project.suite(WAITING)
    command = [sys.executable, "-m", "pytest", "suites", "--junitxml=report.xml"]
    with subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE, text=True) as process:
        while not (project.path / "started").exists():
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, number)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert (project.path / "cleaned").exists()
    assert "unet3d-b200-x2-run1" in output
    assert 'value="CLOSED"' in project.read("report.xml")


def test_files_of_the_same_name_may_stand_in_different_folders(project):
    for folder in ("tests/a", "tests/b"):
        (project.path / folder).mkdir(parents=True)
        (project.path / folder / "test_same.py").write_text("def test_it():\n    pass\n")
    project.run().assert_outcomes(passed=2)


def test_a_bare_pytest_runs_no_benchmark(project):
    project.suite("def test_run():\n    pass\n")
    (project.path / "tests").mkdir()
    (project.path / "tests" / "test_own.py").write_text("def test_own():\n    pass\n")
    assert project.run().parseoutcomes() == {"passed": 1}
    assert project.run(".").parseoutcomes() == {"passed": 1}
    assert project.run("suites").parseoutcomes() == {"passed": 1}
