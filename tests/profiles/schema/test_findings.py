"""What is wrong with a record, and what of it is ignored, is told at its place and within bounds."""

import pytest

from profiles.schema.findings import MAX_ERRORS_TOLD, MAX_UNKNOWN_FIELDS_TOLD, Findings, pointer_to
from profiles.values import ErrorCode, WarningCode

KNOWN = frozenset({"email", "company"})


def told(findings):
    return [(one.code, one.pointer) for one in findings.warnings]


def test_errors_are_told_and_very_many_counted():
    findings = Findings([])
    for number in range(MAX_ERRORS_TOLD + 5):
        findings.refuse(f"/{number}", "No.")

    errors = findings.told_errors()
    assert len(errors) == MAX_ERRORS_TOLD + 1
    assert (errors[-1].code, errors[-1].message) == (ErrorCode.INVALID, "5 more errors were found.")


def test_unknown_fields_are_told_and_very_many_counted():
    findings = Findings([])
    findings.warn_of_fields([f"x{number}" for number in range(MAX_UNKNOWN_FIELDS_TOLD + 2)], KNOWN)

    assert len(findings.warnings) == MAX_UNKNOWN_FIELDS_TOLD + 1
    assert findings.warnings[-1].message == "2 more unknown fields were ignored."


def test_slip_is_guessed_and_what_is_only_read_is_told_so():
    findings = Findings([])
    findings.warn_of_fields(["emial", "full_name", "email"], KNOWN)

    assert told(findings) == [(WarningCode.UNKNOWN_FIELD, "/emial"), (WarningCode.READ_ONLY, "/full_name")]
    assert "email" in findings.warnings[0].message


def test_members_are_told_at_their_place():
    findings = Findings([])
    findings.warn_of_members("/addresses/0", {"city": 1, "latitude": None, "email_raw": 1}, frozenset({"city"}))
    findings.warn_of_members("/addresses/1", "no object", frozenset())

    assert told(findings) == [
        (WarningCode.READ_ONLY, "/addresses/0/email_raw"),
        (WarningCode.READ_ONLY, "/addresses/0/latitude"),
    ]


def test_looks_that_are_none_are_refused():
    findings = Findings([])
    findings.refuse_looks("/attributes/appearance", {"eye_color": "blue", "id": 1}, frozenset({"eye_colour"}))

    assert [error.pointer for error in findings.errors] == ["/attributes/appearance/eye_color"]
    assert "eye_colour" in findings.errors[0].message
    assert told(findings) == [(WarningCode.READ_ONLY, "/attributes/appearance/id")]


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        (("a", 0, "b"), "/a/0/b"),
        (("a/b~c",), "/a~1b~0c"),
        (("\x00",), "/\\x00"),
        (("x" * 200,), "/" + "x" * 100),
        ((), ""),
    ],
)
def test_place_is_named_by_a_pointer(parts, pointer):
    assert pointer_to(*parts) == pointer
