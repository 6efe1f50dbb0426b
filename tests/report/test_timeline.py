"""Hosts over time: plots of a sampled run, nothing for a run that was not sampled, a line for one that stood still."""

from storagebench.report import timeline


def test_a_run_that_was_not_sampled_shows_nothing(golden):
    record = golden("closed")
    assert timeline.figures(record) == timeline.hosts(record) == timeline.stalls(record) == ""


def test_storage_processors_and_network_are_drawn_once_for_all_hosts_and_once_for_each(golden):
    record = golden("sampled")
    assert timeline.figures(record).count("<svg") == 3
    assert timeline.hosts(record).count("<svg") == 6


def test_a_description_says_in_words_what_the_lines_show(golden):
    assert "read: from 2,7" in timeline.figures(golden("sampled"))
    assert "counted is what" in timeline.figures(golden("sampled")).lower()


def test_clocks_and_missed_samples_are_in_the_table(golden):
    table = timeline.hosts(golden("sampled"))
    assert "-1,206.0 ± 0.1 ms" in table
    assert "<td>2</td>" in table


def test_a_network_without_traffic_is_left_out(golden):
    record = golden("sampled")
    for name in ("received_mib_per_s", "sent_mib_per_s"):
        record["time_series"]["curves"][name] = [[1.0, 0.001], [2.0, 0.002]]
    assert "Network" not in timeline.figures(record)


def test_one_sample_makes_no_line(golden):
    record = golden("sampled")
    record["time_series"]["curves"] = {"read_mib_per_s": [[1.0, 5.0]]}
    assert timeline.figures(record) == ""


def test_a_run_that_stood_still_says_so_and_escapes_what_it_quotes(golden):
    record = golden("sampled")
    record["stalls"][0]["text"] = "rank 0 on <b>"
    assert "rank 0 on &lt;b&gt;" in timeline.stalls(record)
