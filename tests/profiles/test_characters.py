"""Characters that nobody sees."""

import re

import pytest

from profiles import characters, keys
from profiles.keys import InvalidValueError

# Unicode 15.0, DerivedCoreProperties.txt: Default_Ignorable_Code_Point.
DEFAULT_IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Those that shape what stands beside them, or count as a letter.
SHAPING = "\u034f\u115f\u17b4\u180b\u200c\u200d\u3164\ufe0f\uffa0\U000e0061\U000e0100"
EVERY = [chr(code) for first, last in DEFAULT_IGNORABLE for code in range(first, last + 1)]


def test_nothing_is_seen_of_a_text_of_ignorable_characters():
    assert [one for one in EVERY if not characters.is_unseen(one)] == []
    assert characters.is_unseen(" ".join(EVERY))
    assert [one for one in EVERY if characters.trimmed(f" {one} ") != ""] == []


def test_ignorable_characters_are_trimmed_or_shape_a_letter():
    kept = {one for one in EVERY if characters.trimmed(f"{one}Ann{one}") != "Ann"}

    assert {one for one in EVERY if characters.unseen_within(f"A{one}nn")} == set(EVERY) - kept
    assert set(SHAPING) <= kept
    assert not kept & {chr(code) for code in (0xAD, 0x61C, 0x200B, 0x2060, 0x206A, 0xFEFF, 0xFFF0, 0x1D173, 0xE0001)}


def test_marks_of_direction_are_among_them():
    marks = re.findall(f"[{characters.DIRECTION_MARKS}]", "".join(EVERY))

    assert sorted(marks) == sorted("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert [characters.trimmed(f"{one}7é") for one in marks] == ["7é"] * 12
    assert keys.phone("".join(f"{one}+61404123123{one}" for one in marks[:1])) == "+61404123123"


@pytest.mark.parametrize("unseen", ["\u061c", "\u2061", "\u206f", "\ufff0", "\U0001d173", "\U000e0001"])
def test_identifiers_that_look_the_same_are_the_same_or_refused(unseen):
    assert keys.seen(keys.text(f"{unseen}4711{unseen}")) == "4711"
    with pytest.raises(InvalidValueError):
        keys.seen(keys.text(f"47{unseen}11"))


@pytest.mark.parametrize("flag", ["\U0001f3f4\U000e0067\U000e0062\U000e007f", "❤\ufe0f", "\u0645\u06cc\u200c\u062e"])
def test_what_shapes_a_sign_stays(flag):
    assert keys.text(flag) == flag
    assert keys.text(f"{flag} Ann {flag}") == f"{flag} Ann {flag}"
