"""Patterns: what they match, and that nothing else is taken (rules 1.14)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.keys import InvalidValueError
from profiles.patterns import PATTERN_LENGTH, compiled
from tests.properties.strategies import examples


@pytest.mark.parametrize(
    ("pattern", "matched", "not_matched"),
    [
        ("noreply@*", ["noreply@a.example", "noreply@"], ["xnoreply@a.example", "noreply"]),
        ("*@mail.example", ["a@mail.example", "@mail.example"], ["a@mailxexample", "a@mail.example.com"]),
        ("a*b*c", ["abc", "a--b--c", "abbcc"], ["acb", "abcd", "a"]),
        ("*ab", ["ab", "aab", "abab"], ["aba", "b"]),
        ("?7", ["a7", "77", "\n7"], ["7", "aa7"]),
        ("?*?x", ["abx", "abcx"], ["ax", "x"]),
        ("[a-c7]x", ["ax", "cx", "7x"], ["dx", "-x", "x"]),
        ("[!a-c]x", ["dx", "!x"], ["ax", "x"]),
        (r"\*\[\?x", ["*[?x"], ["a[?x"]),
        (r"[\]\-\\]x", ["]x", "-x", "\\x"], ["ax"]),
        ("+61*", ["+61", "+614"], ["61", "+1"]),
        (r"[&&~~\|]x", ["&x", "~x", "|x"], ["ax"]),
        ("jos\u00e9*", ["jos\u00e9", "jos\u00e9x"], ["jose"]),
    ],
)
def test_pattern_matches_whole_texts(pattern, matched, not_matched):
    found = compiled(pattern)

    assert [text for text in matched if not found.fullmatch(text)] == []
    assert [text for text in not_matched if found.fullmatch(text)] == []


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(a+)+$", r"A pattern has no (: there are only *, ? and [a-z]. Write \( if you mean the sign."),
        ("(?=x)y", r"A pattern has no (: there are only *, ? and [a-z]. Write \( if you mean the sign."),
        ("a|b", r"A pattern has no |: there are only *, ? and [a-z]. Write \| if you mean the sign."),
        ("a{1,9}", r"A pattern has no {: there are only *, ? and [a-z]. Write \{ if you mean the sign."),
        ("^a", r"A pattern has no ^: there are only *, ? and [a-z]. Write \^ if you mean the sign."),
        ("a$", r"A pattern has no $: there are only *, ? and [a-z]. Write \$ if you mean the sign."),
        ("a]", r"A pattern has no ]: there are only *, ? and [a-z]. Write \] if you mean the sign."),
        ("a**", "The pattern has two * in a row; one stands for any characters already."),
        ("*", "The pattern must hold something beside * and ?, else it stands for everything."),
        ("?*?", "The pattern must hold something beside * and ?, else it stands for everything."),
        ("  ", "The pattern must hold something beside * and ?, else it stands for everything."),
        (r"\d*", r"A backslash in a pattern stands before a sign that is meant itself, such as \*."),
        ("a\\", r"A backslash in a pattern stands before a sign that is meant itself, such as \*."),
        ("[a", r"The pattern has a [ without a ] behind it; a bracket that is meant itself is written \[."),
        ("[", r"The pattern has a [ without a ] behind it; a bracket that is meant itself is written \[."),
        ("[a\\", r"The pattern has a [ without a ] behind it; a bracket that is meant itself is written \[."),
        ("[]", "The pattern has an empty class, []."),
        ("[!]", "The pattern has an empty class, []."),
        ("[z-a]", "The pattern has a class whose range runs backwards, such as [z-a]."),
        ("[a-]", r"The pattern has a ] where a class needs a character; one that is meant is written \]."),
        ("[[:alpha:]]", r"The pattern has a [ where a class needs a character; one that is meant is written \[."),
        ("x" * (PATTERN_LENGTH + 1), "The text must not be longer than 100 characters."),
        ("x" * 1_000_000, "The text must not be longer than 100 characters."),
        ("a\x00", "The text must not hold a NUL character (U+0000)."),
        ("\ud800", "The text must not hold half of a surrogate pair (U+D800)."),
    ],
)
def test_what_is_no_pattern_is_refused_by_its_form(pattern, sentence):
    with pytest.raises(InvalidValueError, match=f"^{re.escape(sentence)}$"):
        compiled(pattern)


def test_signs_that_do_not_count_are_passed_over():
    assert compiled("+61 4*", passed_over=" ").fullmatch("+614")
    assert compiled("04-04 *", passed_over=" -").fullmatch("0404123")
    with pytest.raises(InvalidValueError):
        compiled("- *", passed_over=" -")


@examples(300, torture=20_000)
@given(
    pattern=st.text("ab*?", min_size=1, max_size=8).filter(lambda one: "**" not in one and one.strip("*?")),
    text=st.text("abc", max_size=10),
)
def test_stars_match_what_trying_every_length_would(pattern, text):
    assert bool(compiled(pattern).fullmatch(text)) == matches(pattern, text)


def matches(pattern, text):
    """Try every length for every star."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(matches(pattern[1:], text[length:]) for length in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and matches(pattern[1:], text[1:])


@pytest.mark.parametrize("pattern", ["a*a*a*a*a*a*a*a*a*a*b", "?*?*?*?*?*?*?*x", "*[a-b]*[a-b]*[a-b]*[a-b]*c"])
def test_no_part_between_stars_is_looked_for_twice(pattern):
    # Anything that goes back would take years over this one; each part is atomic, so that nothing does.
    assert compiled(pattern).fullmatch("a" * 255) is None
    assert compiled(pattern).pattern.count("(?>") == pattern.count("*") - 1
