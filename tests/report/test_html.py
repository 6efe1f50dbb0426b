"""Small parts of the page."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from storagebench.report import digest, page, remedies
from storagebench.report.html import lean


class Attributes(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, attrs))

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, attrs))

    def handle_data(self, data):
        self.seen.append(data)


def parsed(text):
    parser = Attributes()
    parser.feed(text)
    return parser.seen


def test_a_lean_block_means_the_same(golden):
    block = page.block(digest.slim(golden("invalid")))
    assert parsed(lean(block)) == parsed(block)
    assert len(lean(block)) < len(block)


@given(st.text(st.characters(blacklist_characters="\"<>&'", blacklist_categories=("Cs", "Cc")), max_size=20))
def test_any_attribute_keeps_its_value(value):
    whole = f'<circle class="{value}"/><p title="{value}">x</p>'
    assert parsed(lean(whole)) == parsed(whole)


def test_what_it_takes_is_said_once_a_rule_with_the_runs_that_break_it(golden):
    invalid, again = golden("invalid"), golden("invalid") | {"id": "another"}
    text = remedies.remedies([invalid, again, golden("quick"), golden("closed")])
    assert text.count("<li>") == len({finding["rule_name"] for finding in digest.reasons(invalid)})
    assert f"({invalid['id']}, another)" in text
    assert remedies.remedies([golden("closed"), golden("quick")]) == ""


def test_every_link_to_a_rule_leads_to_its_page(golden):
    records = [golden(name) for name in ("closed", "open", "invalid", "quick")]
    blocks = "".join(map(page.block, records)) + remedies.remedies(records)
    linked, there = (
        set(re.findall(pattern, text))
        for pattern, text in (('href="#([^"]+)"', blocks), ('<details id="([^"]+)"', remedies.rule_pages(records)))
    )
    assert linked
    assert linked <= there


def test_a_rule_that_this_checkout_lacks_is_shown_in_the_words_of_its_finding():
    finding = {
        "rule_id": "9.9",
        "rule_name": "fromElsewhere",
        "lands": "OPEN",
        "saw": "",
        "needs": "",
        "text": "A <b> rule.",
    }
    text = remedies.rule_pages([{"findings": [finding], "judged_as": "9.9"}])
    assert "A &lt;b&gt; rule." in text
