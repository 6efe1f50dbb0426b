"""The three plots of a training run."""

from storagebench.report import epochs


def test_throughput_begins_at_zero(golden):
    svg = epochs.throughput(golden("closed"))
    assert ">0</text>" in svg
    assert svg.count("<circle") == 5
    assert "samples/s: 85.1, 85.1, 85.2, 85.1, 85.0" in svg


def test_au_is_drawn_with_the_threshold_of_its_workload(golden):
    assert ">threshold 85 %<" in epochs.accelerator_utilisation(golden("invalid"))
    assert ">threshold 90 %<" in epochs.accelerator_utilisation(golden("closed"))


def test_an_axis_of_au_never_passes_100_per_cent(golden):
    assert ">105<" not in epochs.accelerator_utilisation(golden("closed"))
    assert ">100<" in epochs.accelerator_utilisation(golden("closed"))


def test_device_bytes_stand_beside_nominal_bytes(golden):
    svg = epochs.bytes_read(golden("invalid"))
    assert ">nominal</text>" in svg
    assert ">from the device</text>" in svg
    assert ">GiB</text>" in svg


def test_a_device_that_cannot_be_asked_is_replaced_by_what_the_processes_fetched(golden):
    svg = epochs.bytes_read(golden("quick"))
    assert ">fetched by processes</text>" in svg
    assert ">MiB</text>" in svg


def test_a_record_without_epochs_has_no_plots(golden):
    record = golden("closed") | {"epochs": []}
    assert [epochs.throughput(record), epochs.accelerator_utilisation(record), epochs.bytes_read(record)] == [
        "",
        "",
        "",
    ]


def test_a_run_without_au_has_no_plot_of_it(golden):
    record = golden("closed")
    record["epochs"] = [epoch | {"au_percent": None} for epoch in record["epochs"]]
    assert epochs.accelerator_utilisation(record) == ""
    assert epochs.throughput(record)
