"""Hosts are read from every way to write them, and every mistake is one sentence with its place."""

import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.errors import ConfigError
from storagebench.hosts import is_local, parse_hosts, unknown_hosts
from storagebench.model import Host

names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z][a-z0-9]{0,5})?", fullmatch=True)
addresses = st.ip_addresses().map(str)
hosts = st.builds(Host, names | addresses, st.none() | st.integers(1, 999_999))
clusters = st.lists(hosts, min_size=1, max_size=20, unique_by=lambda host: host.name.lower())


def hosts_text(hosts):
    """Write hosts as a person does: ``h1,h2:8,[::1]:4``."""
    names = ((f"[{host.name}]" if ":" in host.name else host.name, host.slots) for host in hosts)
    return ",".join(name if slots is None else f"{name}:{slots}" for name, slots in names)


@given(clusters)
def test_what_is_written_is_read_back(cluster):
    assert parse_hosts(hosts_text(cluster)) == tuple(cluster)


@given(clusters, st.data())
def test_blanks_do_as_well_as_commas(cluster, data):
    separators = st.sampled_from([",", " ", ", ", " ,", "\t", "\n", "  ,  "])
    text = "".join(hosts_text([host]) + data.draw(separators) for host in cluster[:-1]) + hosts_text(cluster[-1:])
    assert parse_hosts(f" {text} ") == tuple(cluster)


@given(st.integers(0, 9000), st.integers(0, 50), st.integers(1, 6))
def test_a_range_counts_up_and_keeps_its_zeros(first, more, width):
    last = first + more
    start = f"{first:0{width}d}"
    padded = len(start) if start.startswith("0") else 0
    text = f"node[{start}-{last:0{padded}d}]"
    if padded and len(f"{last:0{padded}d}") != len(start):
        return  # the numbers outgrow their zeros: not a range anybody writes
    assert [host.name for host in parse_hosts(text)] == [
        f"node{number:0{padded}d}" for number in range(first, last + 1)
    ]


@given(st.text())
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        assert parse_hosts(text)
    except ConfigError as error:
        assert str(error).startswith("--hosts: ")
        assert "\n" not in str(error)


@given(st.text(alphabet="abn019[]-,:. @#="))
def test_text_of_the_right_characters_is_read_or_refused(text):
    try:
        assert parse_hosts(text)
    except ConfigError as error:
        assert str(error).startswith("--hosts: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h1,h2:8", "h1,h2:8"),
        ("node[1,3-5]-ib:4", "node1-ib:4,node3-ib:4,node4-ib:4,node5-ib:4"),
        ("n[1, 2]x[08-10]", "n1x08,n1x09,n1x10,n2x08,n2x09,n2x10"),
        ("[::1]:4 10.0.0.7:2", "[::1]:4,10.0.0.7:2"),
        ("[fe80::1%eth0]", "[fe80::1%eth0]"),
        ("h1:2,h2,H1:3", "h1:5,h2"),
    ],
)
def test_each_form_is_understood(text, expected):
    assert hosts_text(parse_hosts(text)) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no host"),
        ("h1,", "'h1,' has a comma without a host on both its sides"),
        ("h1,,h2", "comma without a host"),
        ("h1,h1", "h1 is named twice: give both a number of slots, or name it once"),
        ("h1:2,h1", "h1 is named twice"),
        ("::1", "'::1' looks like an IPv6 address: put it in brackets, as in [::1]:4"),
        ("999.1.1.1", "'999.1.1.1' is no host name or address"),
        ("h:0", "'h:0': the slots must be a whole number of 1 or more, not '0'"),
        ("h:x", "not 'x'"),
        ("h:", "not ''"),
        ("n[3-1]", "'n[3-1]': 3-1 must rise"),
        ("n[1-999999]", "must rise, by less than 10,000"),
        ("n[1-010]", "1 and 010 differ in their zeros"),
        ("n[a]", "'a' is no range: write [1-4], [01-16] or [1,3-5]"),
        ("n[1", "bracket without its partner"),
        ("a[1-200]b[1-200]", "more than 10,000 hosts: check the ranges"),
        ("root@h1", "'root@h1' is no host name or address: put the user into ~/.ssh/config"),
        ("-oProxyCommand=x", "is no host name or address"),
        ("h1;reboot", "'h1;reboot' is no host name or address"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(text, sentence):
    with pytest.raises(ConfigError, match=rf"^--hosts: .*{re.escape(sentence)}"):
        parse_hosts(text)


def test_a_hostfile_is_read_as_open_mpi_writes_it(tmp_path):
    file = tmp_path / "cluster"
    file.write_text("# the cluster\nh1 slots=8\n\nh2:4 h3,h4   # three\nnode[01-02] slots = 2\n")
    assert hosts_text(parse_hosts(f"@{file}")) == "h1:8,h2:4,h3,h4,node01:2,node02:2"
    assert hosts_text(parse_hosts(f"h0 @{file},h9")) == "h0,h1:8,h2:4,h3,h4,node01:2,node02:2,h9"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("h1\nh2:x\n", "2: 'h2:x': the slots must be"),
        ("h1 max_slots=4\n", "1: 'max_slots=4' is not understood: only slots=N may follow a host"),
        ("slots=4\n", "1: 'slots=4' must follow a host that has no slots yet"),
        ("h1:2 slots=4\n", "1: 'slots=4' must follow a host that has no slots yet"),
        ("h1 slots=no\n", "1: 'slots=no': the slots must be"),
        ("h1\n\nh1\n", "3: h1 is named twice"),
        ("@other\n", "1: '@other' is no host name or address"),
    ],
)
def test_a_mistake_in_a_hostfile_has_its_line(tmp_path, content, sentence):
    file = tmp_path / "cluster"
    file.write_text(content)
    with pytest.raises(ConfigError, match=rf"^--hosts: {re.escape(str(file))}:{re.escape(sentence)}"):
        parse_hosts(f"@{file}")


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_a_hostfile_that_cannot_be_read_is_named(tmp_path, path):
    with pytest.raises(ConfigError, match="^--hosts: the hostfile '.*' cannot be read: "):
        parse_hosts(f"@{tmp_path / path}")


def test_this_machine_is_known_by_its_names():
    assert all(is_local(Host(name)) for name in ("localhost", "127.0.0.1", "::1", socket.gethostname()))
    assert not is_local(Host("elsewhere"))


def test_names_without_an_address_are_found():
    assert unknown_hosts([Host("127.0.0.1"), Host("nohost.invalid"), Host("::1")]) == ["nohost.invalid"]
