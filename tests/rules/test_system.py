"""The description of a system: every key, every cross-field rule, each with one that just passes and one that fails."""

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import RULES
from storagebench.edition import edition_names, load_edition
from storagebench.judge import judge
from storagebench.model import Lands, Submission, Verdict
from storagebench.submission import Source
from tests.rules.golden_submission import POWER, SYSTEM, description, in_cloud, node, submission, switch
from tests.submission.trees import SHARED, write

SCHEMA = "systemsDirectoryFiles.schema"
REMAP = "checkpointRemappingTimeReporting.declared"
WRITES = "checkpointSimultaneousRwSupport.declared"


def changed(changes: dict, base=description) -> dict:
    """Return a description with values replaced by dotted name below system_under_test; None removes one."""
    found = base()
    for dotted, value in changes.items():
        *path, last = (int(part) if part.isdigit() else part for part in dotted.split("."))
        parent = found["system_under_test"]
        for part in path:
            parent = parent[part]
        if value is None:
            del parent[last]
        else:
            parent[last] = copy.deepcopy(value)
    return found


def said(document, *, edition: str = "3.0") -> list[tuple[str, str, str]]:
    findings = judge(submission(documents={SYSTEM: document}), load_edition(edition), "system").findings
    return [(finding.rule_name, finding.saw, finding.needs) for finding in findings]


PADDED = {**POWER, "min_psus_active": 3}
BARE = node()
del BARE["networking"]
CROSS = {  # by the validator's numbers: the base, what just passes, what just fails, and the words of the finding
    "1 node, rack_units": (description, {}, {"product_nodes.0.chassis.rack_units": None, "total_rack_units": 1}, "product_nodes.0.chassis: no rack_units"),
    "2 node, power": (description, {}, {"product_nodes.0.chassis.power": None}, "product_nodes.0.chassis: no power"),
    "3 client, rack_units": (description, {}, {"clients.0.chassis.rack_units": None}, "clients.0.chassis: no rack_units"),
    "4 client, power": (description, {}, {"clients.0.chassis.power": None}, "clients.0.chassis: no power"),
    "5 total": (description, {}, {"total_rack_units": None}, "system_under_test: no total_rack_units"),
    "6 switch, power": (description, {}, {"product_switches.0.power": None}, "product_switches.0: no power"),
    "7 switches": (in_cloud, {"product_switches": []}, {"product_switches": [switch()]}, "product_switches: given"),
    "8 rack power": (in_cloud, {"rack_power_supplies": []}, {"rack_power_supplies": [POWER]}, "rack_power_supplies: given"),
    "9 rack_units": (in_cloud, {}, {"product_nodes.0.chassis.rack_units": 1}, "product_nodes.0.chassis.rack_units: given"),
    "10 power": (in_cloud, {}, {"clients.0.chassis.power": POWER}, "clients.0.chassis.power: given"),
    "11 sum": (
        description,
        {"product_nodes.0.quantity": 3, "total_rack_units": 7},
        {"product_nodes.0.quantity": 3, "total_rack_units": 6},
        "total_rack_units: 6",
    ),
    "12 supplies": (
        description,
        {"rack_power_supplies": [{**POWER, "min_psus_active": 2}]},
        {"rack_power_supplies": [PADDED]},
        "rack_power_supplies.0.min_psus_active: 3 of 2 installed",
    ),
    "13 remap": (
        description,
        {"solution.capabilities.simultaneous_write": False, "solution.capabilities.remap_time_in_seconds": 1},
        {"solution.capabilities.simultaneous_write": False},
        "remap_time_in_seconds: 0",
    ),
    "14 n/a": (
        description,
        {
            "solution.architecture.client_footprint": "open_source",
            "solution.architecture.client_installation": "in_box",
        },
        {"solution.architecture.client_footprint": "open_source"},
        "client_footprint: open_source and n/a",
    ),
    "15 node, network": (
        description,
        {"solution.architecture.storage_location": "local", "product_nodes": [BARE], "product_switches": [], "total_rack_units": 4},
        {"product_nodes": [BARE]},
        "product_nodes.0: no networking",
    ),
    "16 client, network": (
        description,
        {},
        {"solution.architecture.storage_location": "remote_and_local", "clients.0.networking": []},
        "clients.0: no networking",
    ),
    "17 local": (
        description,
        {"solution.architecture.storage_location": "local", "product_switches": None, "total_rack_units": 4},
        {"solution.architecture.storage_location": "local"},
        "product_switches: given",
    ),
    "a port that is up": (
        description,
        {"clients.0.networking.0": {"unit_count": 1, "type": "other", "state": "down"}},
        {"clients.0.networking.0.traffic": []},
        "clients.0.networking.0: no traffic",
    ),
    "a port of a switch": (description, {}, {"product_switches.0.ports.0.speed": None}, "product_switches.0.ports.0: no speed"),
    "remote and itemised": (
        description,
        {"product_nodes": [node()]},
        {"product_nodes": None, "total_rack_units": 1},
        "system_under_test: no product_nodes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CROSS)
def test_a_description_just_keeps_a_cross_rule(name):
    base, passes, _, _ = CROSS[name]
    assert said(changed(passes, base)) == []


@pytest.mark.parametrize("name", CROSS)
def test_a_description_just_breaks_a_cross_rule(name):
    base, _, fails, words = CROSS[name]
    ((rule, saw, _),) = said(changed(fails, base))
    assert saw.endswith(words)
    assert rule == (REMAP if name == "13 remap" else SCHEMA)


@pytest.mark.parametrize(
    ("changes", "rule", "saw", "needs"),
    [
        ({"deployment": "edge"}, SCHEMA, "deployment: 'edge'", "one of onprem, cloud"),
        ({"solution.availability": None}, SCHEMA, "solution: no key availability", "solution.availability"),
        ({"solution.usable_capacity_tib": 0.9}, SCHEMA, "usable_capacity_tib: 0.9", "a number of at least 1"),
        ({"solution.submission_nam": "x"}, SCHEMA, "submission_nam: an unknown key", "one of submission_name"),
        ({"clients.0.quantity": 0}, SCHEMA, "clients.0.quantity: 0", "a whole number of at least 1"),
        ({"clients.0.chassis.cpu_cores": 1.5}, SCHEMA, "cpu_cores: 1.5", "a whole number of at least 1"),
        ({"clients.0.operating_system.version": 22.04}, SCHEMA, "operating_system.version: 22.04", "a text"),
        ({"clients.0.chassis.cpu_model": ""}, SCHEMA, "cpu_model: ''", "a text"),
        ({"clients.0.chassis": 7}, SCHEMA, "clients.0.chassis: 7", "a mapping of model_name"),
        ({"clients": {}}, SCHEMA, "clients: a mapping", "a list"),
        ({"product_switches.0.ports": []}, SCHEMA, "ports: an empty list", "a list of at least one"),
        ({"solution.capabilities.multi_host": "yes"}, WRITES, "multi_host: 'yes'", "true or false"),
        ({"solution.capabilities.simultaneous_read": None}, WRITES, "no key simultaneous_read", "simultaneous_read"),
        ({"solution.capabilities.remap_time_in_seconds": None}, REMAP, "no key remap_time_in_seconds", "remap_time"),
        ({"solution.capabilities.remap_time_in_seconds": -1}, REMAP, "remap_time_in_seconds: -1", "of at least 0"),
    ],
)
def test_a_value_that_the_schema_bars_is_said_under_the_official_number(changes, rule, saw, needs):
    found = next(one for one in said(changed(changes)) if one[0] == rule)
    assert saw in found[1]
    assert needs in found[2]


def test_drives_may_say_more_than_the_schema_asks_and_others_may_not():
    drive = {
        "unit_count": 1,
        "vendor_name": "v",
        "model_name": "m",
        "interface": "nvme",
        "media_type": "TLC",
        "capacity_in_GB": 1,
        "endurance": "high",
    }
    assert said(changed({"clients.0.drives": [drive]})) == []
    assert said(changed({"clients.0.colour": "red"})) != []


def test_null_stands_for_absent_where_a_key_may_be():
    found = description()
    found["system_under_test"]["rack_power_supplies"] = None
    assert said(found) == []
    found["system_under_test"]["clients"][0]["chassis"]["cpu_model"] = None
    assert [saw for _, saw, _ in said(found)] == ["system_under_test.clients.0.chassis.cpu_model: empty"]


def test_the_total_may_stand_below_the_solution():
    assert said(changed({"total_rack_units": None, "solution.total_rack_units": 5})) == []
    assert said(changed({"total_rack_units": None, "solution.total_rack_units": 6})) != []


def test_whole_numbers_may_be_written_with_a_point_and_absurd_ones_are_answered():
    assert said(changed({"product_nodes.0.chassis.rack_units": 2.0, "total_rack_units": 5.0})) == []
    for count in (10**4000, 1e300, -1, True):
        found = said(changed({"product_nodes.0.quantity": count, "product_nodes.0.chassis.rack_units": count}))
        assert SCHEMA in {rule for rule, _, _ in found}


def test_a_switch_that_only_serves_clients_is_asked_about():
    ports = switch()["ports"]
    serving = changed({"product_switches.0.ports": [{**ports[0], "traffic": ["data"]}]})
    ((rule, saw, _),) = said(serving)
    assert (rule, saw) == ("x-client-switches", "system_under_test.product_switches.0: carries data")
    assert judge(submission(documents={SYSTEM: serving}), load_edition("3.0"), "system").verdict is Verdict.CLOSED


def test_a_file_that_is_no_yaml_is_one_finding():
    subject = submission(documents={SYSTEM: None}, problems={SYSTEM: "is not YAML: … on line 3"})
    (finding,) = judge(subject, load_edition("3.0"), "system").findings
    assert (finding.rule_name, finding.where, finding.lands) == (SCHEMA, SYSTEM, Lands.INVALID)


def test_a_finding_names_file_and_line(tmp_path):
    text = "system_under_test:\n  solution:\n    submission_name: one\n    availabilty: preview\n  clients: 7\n"
    write(tmp_path, {"closed/acme/systems/one.yaml": text})
    findings = judge(Source(tmp_path).submission(), load_edition("3.0"), "system").findings
    places = {finding.saw: finding.where.rpartition(":")[2] for finding in findings}
    assert places["system_under_test.solution.availabilty: an unknown key"] == "4"
    assert places["system_under_test.clients: 7"] == "5"
    assert places["system_under_test: no key deployment"] == "1"
    assert places["system_under_test.solution: no key availability"] == "2"


def test_every_rule_of_the_chapter_is_seen_to_fire():
    fired = {SCHEMA, REMAP, WRITES, "x-client-switches", "x-system-description"}
    assert fired == {rule.name for rule in RULES.values() if rule.family == "system"}


def test_descriptions_of_older_editions_are_held_against_what_they_have_in_common():
    first = submission(documents={SYSTEM: {"nodes": [], "benchmark_hosts": [], "more": 1}})
    assert judge(first, load_edition("1.0"), "system").findings == ()
    judged = judge(first, load_edition("2.0"), "system")
    assert [finding.needs for finding in judged.findings] == ["System", "PowerRequirements", "Nodes"]
    assert judged.verdict is Verdict.CLOSED


REAL = [path for path in (SHARED / "v1.0", SHARED / "v3.0") if path.is_dir()]


@pytest.mark.parametrize("root", [*REAL, Path(__file__).parent], ids=lambda path: path.name)
def test_descriptions_that_were_published_are_judged(root):
    """Two of edition 1.0 are no JSON, the one of 3.0 has nothing wrong; this folder has none."""
    edition = root.name.removeprefix("v") if root in REAL else "3.0"
    findings = judge(Source(root).submission(), load_edition(edition), "system").findings
    wrong = {"v1.0": ["JuiceFS-cloud-distributed-cache.json", "Micron_6500_Gen4_High_Capacity_NVMe.json"]}
    assert [finding.where.rpartition("/")[2] for finding in findings] == wrong.get(root.name, [])


def places(found, name=()):
    yield name
    below = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in below:
        yield from places(value, (*name, key))


PLACES = list(places(description()))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(PLACES), JUNK, st.sampled_from(edition_names()))
def test_any_value_in_any_place_is_answered(place, junk, edition):
    found = description()
    if place:
        parent = found
        for part in place[:-1]:
            parent = parent[part]
        parent[place[-1]] = junk
    judge(submission(documents={SYSTEM: found if place else {} if junk is None else junk}), load_edition(edition))


@given(st.sets(st.sampled_from(sorted(CROSS)), max_size=4), st.sampled_from(sorted(CROSS)))
def test_adding_a_breach_never_improves_the_verdict(names, more):
    def verdict(broken: set[str]) -> Verdict:
        files = {
            f"closed/acme/systems/s{i}.yaml": changed(CROSS[name][2], CROSS[name][0]) for i, name in enumerate(broken)
        }
        subject: Submission = submission(documents=files)
        return judge(subject, load_edition("3.0"), "system").verdict

    assert verdict(names | {more}) is Verdict.INVALID
    assert verdict(names) is (Verdict.INVALID if names else Verdict.CLOSED)
