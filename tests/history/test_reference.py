"""Short names of saved runs."""

import pytest

from storagebench.errors import ConfigError
from storagebench.history.reference import resolve
from tests.history.shelves import record, save, shelf


@pytest.fixture
def found(tmp_path):
    """Two results of unet3d on two accelerators of two runs each, then one on four."""
    two = [record(run=run, series=series, tag=tag) for series, tag in (("s1", "base"), ("s2", "")) for run in "12"]
    return shelf(tmp_path, *two, record(accelerators=4, series="s3", tag="base"))


def meant(name, found, item=0):
    run = resolve(name, found, found.root).run_for(found.runs[item].item)
    return run and run.name


def test_a_number_is_one_certain_run(found):
    assert meant("0002", found) == meant("2", found) == meant("0002", found, item=4) == "0002"


def test_latest_is_the_newest_result_of_the_same_item(found):
    assert meant("latest", found) == "0004"
    assert meant("latest~1", found) == "0002"
    assert meant("latest~2", found) is None
    assert meant("latest", found, item=4) == "0005"


def test_a_tag_is_the_newest_result_of_the_same_item_with_it(found):
    assert meant("base", found) == "0002"
    assert meant("base", found, item=4) == "0005"


def test_a_path_is_a_run_its_record_or_a_whole_tree(found, tmp_path_factory):
    folder = found.runs[1].folder
    assert meant(str(folder), found) == meant(str(folder / "record.json"), found) == "0002"
    other = tmp_path_factory.mktemp("other")
    saved = save(other, record(accelerators=2), 9)
    assert resolve(str(other), found, found.root).run_for(found.runs[0].item).folder == saved
    assert resolve(str(saved), found, found.root).run_for(found.runs[0].item).folder == saved


@pytest.mark.parametrize("name", ["0", "0006", "nightly", "no/such/path"])
def test_what_names_no_run_is_answered_with_what_there_is(found, name):
    with pytest.raises(ConfigError, match="are 0001 to 0005, tags are base, and there is no such path"):
        resolve(name, found, found.root)


def test_without_any_run_the_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=f"there is none in {tmp_path}"):
        resolve("7", shelf(tmp_path), tmp_path)
