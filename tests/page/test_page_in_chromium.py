"""The html page in a real Chromium without a network: what a colleague sees who was sent the file."""

import functools
import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
)

# Measures what is on the page once its own script has built the table, and tells the frame around it.
LOOK = r"""
<script>
// The ratio of WCAG 2: of a text to what lies below it, 1 for none and 21 for black on white.
const light = (rgb) => {
  const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
const below = (element) => {
  for (; element; element = element.parentElement) {
    const colour = parts(getComputedStyle(element).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
  }
  return [255, 255, 255];
};
const contrast = (element) => {
  const style = getComputedStyle(element);
  const ink = parts(element.matches("svg text") ? style.fill : style.color).slice(0, 3);
  const [high, low] = [light(ink), light(below(element))].sort((a, b) => b - a);
  return {text: element.textContent.trim().slice(0, 40), ratio: (high + 0.05) / (low + 0.05)};
};
const press = (element) => element.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
const printed = () => {
  for (const sheet of document.styleSheets) for (const rule of sheet.cssRules) {
    if (rule instanceof CSSMediaRule && rule.media.mediaText === "print") rule.media.mediaText = "all";
  }
};

addEventListener("load", () => {
  const seen = (element) => { const box = element.getBoundingClientRect(); return box.width > 0 && box.height > 0 };
  const boxes = (selector) => [...document.querySelectorAll(selector)].map((element) => {
    const box = element.getBoundingClientRect();
    return {text: element.textContent.trim(), seen: seen(element), left: box.left, right: box.right, top: box.top,
            height: box.height, size: parseFloat(getComputedStyle(element).fontSize)};
  });
  const first = document.querySelector("section.run");
  const answer = {
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    verdicts: boxes("td.col-verdict .verdict"),
    plots: boxes("svg.plot:not(details svg)"),
    of_one_run: [...first.querySelectorAll("svg.plot")].map((plot) => Math.round(plot.getBoundingClientRect().top)),
    labels: boxes("svg.plot:not(details svg) text"),
    crowded: [...document.querySelectorAll("svg.plot:not(details svg)")].flatMap((plot) => {
      const frame = plot.getBoundingClientRect();
      const above = [...plot.querySelectorAll("text, rect")].filter((one) => ["14", "4"].includes(one.getAttribute("y")));
      const ends = above.map((one) => [one, one.getBoundingClientRect()]).sort((a, b) => a[1].left - b[1].left);
      return ends.filter(([one, box], place) => {
        const [before, near] = place > 0 ? ends[place - 1] : [one, {right: box.left}];
        const gap = box.left - near.right;
        return box.right > frame.right || gap < 0 || (before.tagName === "rect" && gap > 0.03 * frame.width);
      })
        .map(([one]) => one.textContent || plot.textContent);
    }),
    scales: [...document.querySelectorAll("svg.plot:not(details svg)")].map((plot) => plot.getBoundingClientRect().width / 400),
    texts: boxes("#results-table td, .headline dd, .findings td, p"),
    logs: boxes(".logwrapper").map((box) => box.height),
    background: getComputedStyle(document.body).backgroundColor,
    requests: performance.getEntriesByType("resource").length,
    contrasts: [...document.querySelectorAll("body *")]
      .filter((one) => seen(one) && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
      .map(contrast),
    links: [...document.querySelectorAll(".findings a")].map((link) => document.getElementById(link.hash.slice(1)) !== null),
  };
  const open = () => [...document.querySelectorAll("td.col-result")].map((cell) => cell.getAttribute("aria-expanded"));
  answer.before = open();
  document.querySelector("td.col-result").focus();
  answer.focused = document.activeElement.className;
  press(document.activeElement);
  setTimeout(() => {
    answer.after = open();
    answer.refocused = document.activeElement.className;
    document.querySelector(".findings a").click();
    setTimeout(() => {
      answer.opened = document.querySelectorAll(".rules details[open]").length;
      printed();
      answer.paper = {
        background: getComputedStyle(document.body).backgroundColor,
        rows: boxes(".extras-row").filter((box) => box.height > 0).length,
        controls: boxes(".controls, .logwrapper").filter((box) => box.height > 0).length,
      };
      parent.postMessage(JSON.stringify(answer), "*");
    }, 100);
  }, 100);
});
</script>
"""

# Chromium's windows are never narrower than 500 px; a frame may be.
FRAME = """
<iframe src="{page}" style="width: {width}px; height: 1200px; border: 0"></iframe>
<script>
addEventListener("message", (event) => {{
  const pre = document.createElement("pre");
  pre.id = "seen";
  pre.textContent = event.data;
  document.body.append(pre);
}});
</script>
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Find the browser; without one these tests fail, for nobody would have looked at the page."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "no Chromium on PATH: install the package chromium"
    return found


SUITE = """
import json
import pytest
from pathlib import Path
from storagebench.errors import EngineError
from storagebench.model import Verdict
from storagebench.report import RECORD

@pytest.mark.parametrize("name", ["closed", "open", "invalid", "quick", "sampled"])
def test_run(name, request):
    print("a line of the log " * 20)
    record = json.loads((Path("GOLDEN") / f"{name}.json").read_text())
    request.node.stash[RECORD] = record
    assert Verdict[record["verdict"]].satisfies(record["division"])

def test_crash():
    raise EngineError("rank 3 died with signal 9; its log is results/x/stderr.log")
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a CLOSED, an OPEN, an INVALID, a quick and a sampled run, and of an engine that crashed."""
    folder = tmp_path_factory.mktemp("page")
    ini = (ROOT / "pytest.ini").read_text(encoding="utf-8").replace("pythonpath = .", f"pythonpath = {ROOT}")
    (folder / "pytest.ini").write_text(ini, encoding="utf-8")
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "test_page.py").write_text(SUITE.replace("GOLDEN", str(ROOT / "tests" / "golden")), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "test_page.py", "--html=report.html"]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return folder / "report.html"


@pytest.fixture(scope="module")
def look(chromium: str, report: Path) -> Callable[..., dict[str, Any]]:
    """Open the page so many pixels wide and return what LOOK measured: ``look(400)``."""
    page = report.with_name("looked-at.html")
    page.write_text(report.read_text(encoding="utf-8").replace("<footer>", LOOK + "<footer>"), encoding="utf-8")

    @functools.cache
    def measure(width: int, *options: str) -> dict[str, Any]:
        frame = report.with_name("frame.html")
        frame.write_text(FRAME.format(page=page.name, width=width), encoding="utf-8")
        profile = f"--user-data-dir={report.with_name('profile')}"
        command = [chromium, *FLAGS, *options, profile, "--window-size=1400,1300", "--dump-dom", frame.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found, done.stderr[-2000:]
        return dict(json.loads(html.unescape(found.group(1))))

    return measure


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_shows_every_verdict_and_plot_without_overflowing(look, width):
    seen = look(width)
    assert seen["width"] == width
    assert seen["scroll"] <= width
    assert sorted(box["text"] for box in seen["verdicts"]) == ["CLOSED", "CLOSED", "INVALID", "OPEN", "QUICK"]
    assert len(seen["plots"]) == 18
    for box in [*seen["verdicts"], *seen["plots"]]:
        assert box["seen"]
        assert box["left"] >= 0
        assert box["right"] <= width
    assert seen["requests"] == 0


@pytest.mark.parametrize(("width", "rows"), [(400, 3), (1280, 1)])
def test_plots_stand_side_by_side_on_a_desk_and_below_each_other_on_a_phone(look, width, rows):
    assert len(set(look(width)["of_one_run"])) == rows


@pytest.mark.parametrize("width", [400, 1280])
def test_text_is_large_enough_to_read(look, width):
    seen = look(width)
    assert min(box["size"] for box in seen["texts"] if box["text"]) >= 13
    label = min(box["size"] for box in seen["labels"])
    assert label * min(seen["scales"]) >= 10


@pytest.mark.parametrize("width", [400, 1280])
def test_names_in_a_legend_stand_apart_and_inside_their_plot(look, width):
    assert look(width)["crowded"] == []


def test_logs_are_folded(look):
    assert max(look(1280)["logs"]) < 40


def test_a_reader_who_works_in_the_dark_gets_a_dark_page(look):
    light = look(1280)["background"]
    dark = look(1280, "--blink-settings=preferredColorScheme=0")["background"]
    assert light == "rgb(255, 255, 255)"
    assert max(map(int, re.findall(r"\d+", dark))) < 50


def test_why_an_engine_crashed_is_readable_without_opening_a_log(look):
    texts = [box["text"] for box in look(400)["texts"]]
    assert "rank 3 died with signal 9; its log is results/x/stderr.log" in texts


@pytest.mark.parametrize("options", [(), ("--blink-settings=preferredColorScheme=0",)], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_every_text_stands_out_from_its_ground(look, width, options):
    assert len(look(width, *options)["contrasts"]) > 100
    faint = {box["text"]: round(box["ratio"], 2) for box in look(width, *options)["contrasts"] if box["ratio"] < 4.5}
    assert faint == {}  # WCAG 2.1 AA


def test_rows_fold_by_the_keyboard_and_keep_the_focus(look):
    seen = look(1280)
    assert seen["focused"].startswith("col-result")
    assert seen["refocused"].startswith("col-result")
    assert seen["before"].count("true") == len(seen["before"])
    assert seen["after"] == ["false", *seen["before"][1:]]


def test_a_finding_leads_to_the_page_of_its_rule_and_opens_it(look):
    seen = look(1280)
    assert seen["links"]
    assert all(seen["links"])
    assert seen["opened"] == 1


def test_paper_is_white_shows_every_run_and_nothing_to_press(look):
    seen = look(1280, "--blink-settings=preferredColorScheme=0")
    assert seen["paper"]["background"] == "rgb(255, 255, 255)"
    assert seen["paper"]["rows"] == len(seen["before"])
    assert seen["paper"]["controls"] == 0
