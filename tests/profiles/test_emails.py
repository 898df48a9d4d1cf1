"""What is wrong with an email that is none is told in a sentence that never repeats it (rules 1)."""

import pytest

from profiles.emails import fault_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The email must not be empty."),
        ("a\u200b@example.com", "must not hold"),
        ("a@example.com, b@example.com", "one address; this looks like two"),
        ("a@example.com or b@example.com", "one address; this looks like two"),
        ("mailto:a@example.com", "without mailto:"),
        ("Ann <a@example.com>", "without a name, quotes or angle brackets"),
        ("example.com", "must have one @; this has none"),
        ("a@b@example.com", "must have one @; this has more"),
        ("@example.com", "nothing before its @"),
        ("a@", "nothing after its @"),
        ("a@example.com.", "must not end with a dot"),
        ("a@example.com;", "must not end with"),
        (".a@example.com", "must not begin with a dot"),
        ("a..b@example.com", "two dots in a row"),
        ("a.@example.com", "a dot beside its @"),
        ("a b@example.com", "must not hold a space"),
        ("a@exa_mple.com", "after its @"),
        ("a@example", "must have a dot"),
        ("a@-example-.com", "is no domain name"),
        ("a(b@example.com", "before its @"),
    ],
)
def test_fault_is_told(text, told):
    sentence = fault_of(text)

    assert told in sentence
    assert not text or text not in sentence


def test_text_in_which_nothing_is_found_has_a_sentence_too():
    assert fault_of("a" * 100 + "@example.com").startswith("The email must be a valid email address")
