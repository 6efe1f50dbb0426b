"""Breaches add up: a verdict is never better for one more, whatever the family, the scope and the edition."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules import RULES
from storagebench.edition import load_edition
from storagebench.examples import examples, subject
from storagebench.judge import judge
from storagebench.model import Judgement

WITH_EXAMPLES = [rule for rule in RULES.values() if rule.name in examples(rule.family)]
KINDS = sorted({(rule.family, rule.scope, edition) for rule in WITH_EXAMPLES for edition in rule.editions})


def judged(kind: tuple[str, str, str], names: list[str]) -> Judgement:
    family, scope, edition = kind
    changes = {fact: value for name in names for fact, value in examples(family)[name].fails.items()}
    return judge(subject(family, scope, edition, changes), load_edition(edition), family)


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@given(data=st.data())
def test_adding_a_breach_never_improves_the_verdict(kind, data):
    """Changes to the same facts may undo one another: then there is no breach more, but another one."""
    family, scope, edition = kind
    kin = [rule for rule in WITH_EXAMPLES if (rule.family, rule.scope) == (family, scope) and edition in rule.editions]
    names = st.sampled_from([rule.name for rule in kin])
    breaches, more = data.draw(st.lists(names, max_size=5, unique=True)), data.draw(names)
    before, after = judged(kind, breaches), judged(kind, [*breaches, more])
    broken, still = ({finding.rule_name for finding in one.reasons} for one in (before, after))
    assume(broken <= still)
    assert after.verdict >= before.verdict
    if more in still:
        assert after.verdict >= examples(family)[more].lands
