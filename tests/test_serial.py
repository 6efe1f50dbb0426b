"""Every noun becomes JSON and comes back the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model import Cluster, Column, Dataset, Finding, Host, HostFacts, Judgement, Lands, Override, Reading
from storagebench.serial import from_json, to_json

st.register_type_strategy(HostFacts, st.builds(HostFacts, mounts=st.lists(st.just({"type": "ext4"})).map(tuple)))
st.register_type_strategy(float, st.floats(allow_nan=False))
NOUNS = [Cluster, Column, Dataset, Finding, Host, HostFacts, Judgement, Reading]


@pytest.mark.parametrize("noun", NOUNS)
def test_nouns_survive_json(noun):
    @given(st.from_type(noun))
    def survives(made):
        assert from_json(noun, json.loads(json.dumps(to_json(made)))) == made

    survives()


def test_mappings_of_nouns_survive_json():
    made = Judgement("3.0", (Finding("1", "a", Lands.OPEN, "saw", "needs", "text"),))
    assert from_json(Judgement, to_json(made)) == made
    assert to_json({"x": Override(1, "user")}) == {"x": {"value": 1, "origin": "user"}}


def test_a_field_that_the_noun_lacks_is_named():
    with pytest.raises(TypeError, match="Host has no field 'slotz'"):
        from_json(Host, {"name": "h1", "slotz": 2})


@pytest.mark.parametrize("data", [None, [], "", 7, ["name"]])
def test_what_is_no_mapping_is_no_noun(data):
    with pytest.raises(TypeError, match="Host is made of a mapping"):
        from_json(Host, data)
