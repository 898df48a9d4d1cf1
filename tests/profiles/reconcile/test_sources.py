"""Late records: what a source has spoken about later keeps its value (rules 3.7)."""

import datetime as dt
import itertools
from uuid import UUID

import pytest

from profiles.matching import plan
from profiles.reconcile.sources import loaded_sources, stored_sources, unite_sources
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, Directory, SourceWord

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
NEW = 100
BATCH = UUID(int=7)
SHOP = {"identities": [{"handle": "shop", "identifier": "1"}]}
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z"
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK = {"address_line_1": "9 Quay St", "city": "Perth", "postcode": "6000", "country": "AU"}
BIRTHDAY = {"handle": "birthday", "name": "B", "date": "2000-01-01"}


def decide(*records, actors=()):
    """Decide the records, each with its own source if there are some, for one hub that knows nobody."""
    ids = itertools.count(NEW)
    actors = actors or [1] * len(records)
    drafts = [
        parse_record(SHOP | record, cause=Cause(CauseKind.BATCH, batch_id=BATCH, position=n, actor_id=actor))
        for n, (record, actor) in enumerate(zip(records, actors, strict=True))
    ]
    return plan(
        drafts, Directory({}, {}, {}), criteria=("shop",), now=NOW, new_ids=lambda _: lambda _: UUID(int=next(ids))
    )


def said(record, time):
    return record if time is None else record | {"source_updated_at": time}


CASES = {
    "an older time leaves the value": (LATE, EARLY, "A", 1),
    "an equal time sets": (LATE, LATE, "B", 0),
    "a later time sets": (EARLY, LATE, "B", 0),
    "a record without a time sets": (LATE, None, "B", 0),
    "nothing was said with a time": (None, EARLY, "B", 0),
    "times in other zones are compared": ("2026-05-01T00:00:00+10:00", "2026-04-30T13:59:59Z", "A", 1),
    "parts of a second count": ("2026-05-01T00:00:00.5Z", "2026-05-01T00:00:00Z", "A", 1),
}


@pytest.mark.parametrize(("first", "second", "stays", "warned"), CASES.values(), ids=CASES)
def test_time_of_the_source_decides(first, second, stays, warned):
    decided = decide(said({"company": "A"}, first), said({"company": "B"}, second))

    (result,) = decided.results
    assert result.fields["company"] == stays
    assert [(one.code.value, one.pointer) for one in decided.outcomes[1].warnings] == [
        ("older_than_stored", "/company")
    ] * warned


def test_warning_names_the_later_record():
    decided = decide(said({"company": "A"}, LATE), said({"company": "B"}, EARLY))

    (warning,) = decided.outcomes[1].warnings
    assert warning.message == (
        f"The same source has spoken about it later ({LATE}, batch {BATCH}, record 0); it stays as it is."
    )


def test_record_without_a_time_takes_the_times_of_its_fields_away():
    decided = decide(
        said({"company": "A", "occupation": "A"}, LATE),
        {"company": "B"},
        said({"company": "C", "occupation": "C"}, EARLY),
    )

    (result,) = decided.results
    assert (result.fields["company"], result.fields["occupation"]) == ("C", "A")


def test_each_source_has_its_own_times():
    decided = decide(
        said({"company": "A"}, LATE), said({"company": "B"}, EARLY), said({"company": "C"}, EARLY), actors=[1, 2, 1]
    )

    (result,) = decided.results
    assert result.fields["company"] == "B"
    assert {
        source: {path: word.time for path, word in words.items()} for source, words in result.source_times.items()
    } == {
        "1": dict.fromkeys(("/company", "/identities/shop/1"), LATE),
        "2": dict.fromkeys(("/company", "/identities/shop/1"), EARLY),
    }


def test_nobody_is_a_source_too():
    decided = decide(said({"company": "A"}, LATE), said({"company": "B"}, EARLY), actors=[None, None])

    assert decided.results[0].fields["company"] == "A"


@pytest.mark.parametrize(
    ("time", "pointers"),
    [
        ("2026-06-01T00:05:00Z", []),
        ("2026-06-01T00:05:01Z", ["/source_updated_at"]),
        ("yesterday", ["/source_updated_at"]),
    ],
)
def test_time_ahead_is_an_error(time, pointers):
    (outcome,) = decide(said({"company": "A"}, time)).outcomes

    assert [one.pointer for one in outcome.errors] == pointers


@pytest.mark.parametrize("time", ["", " ", None])
def test_blank_time_is_none(time):
    decided = decide(said({"company": "A"}, LATE), {"company": "B", "source_updated_at": time})

    assert decided.results[0].fields["company"] == "B"


def test_moving_a_time_alone_is_no_change():
    decided = decide(said({"company": "A"}, EARLY), said({"company": "A"}, LATE), said({"company": "B"}, EARLY))

    assert [one.kind.value for one in decided.outcomes] == ["created", "unchanged", "unchanged"]
    assert len(decided.changes) == 1


def test_ledger_bears_the_times_beside_the_changes():
    decided = decide(said({"company": "A"}, EARLY), said({"company": "B"}, LATE))

    _, change = decided.changes
    assert set(change.changes) == {"/company"}
    assert change.times["/source/1/company"] == {"from": [EARLY, str(BATCH), 0], "to": LATE}


KEPT = {
    "a field": ({"company": "A"}, {"company": "B"}, ["/company"]),
    "a cleared field": ({"company": None}, {"company": "B"}, ["/company"]),
    "parts of a birthday": (
        {"birth_day": 28, "birth_month": 2, "birth_year": 2001},
        {"birth_day": 29, "birth_month": 2},
        ["/birth_day"],
    ),
    "appearance": (
        {"attributes": {"appearance": {"eye_colour": "blue"}}},
        {"attributes": {"appearance": {"eye_colour": "red"}}},
        ["/attributes/appearance/eye_colour"],
    ),
    "what is no decision of consent": (
        {"comms_attributes": {"email_discover": True}},
        {"comms_attributes": {"email_discover": False}},
        ["/comms_attributes/email_discover"],
    ),
    "tags as a set": ({"tags": ["a"]}, {"tags": ["b"]}, ["/tags"]),
    "an emptied set of tags": ({"tags": []}, {"tags": ["b"]}, ["/tags"]),
    "a member of an identity": (
        {"identities": [{"handle": "shop", "identifier": "1", "is_active": False}]},
        {"identities": [{"handle": "shop", "identifier": "1", "is_active": True}]},
        ["/identities/0"],
    ),
    "an address by its external_id": (
        {"addresses": [HOME | {"external_id": "h"}]},
        {"addresses": [WORK | {"external_id": "h"}]},
        ["/addresses/0"],
    ),
    "an address by its text": (
        {"addresses": [HOME | {"notes": "ring"}]},
        {"addresses": [HOME | {"city": "PERTH", "notes": "knock"}]},
        ["/addresses/0"],
    ),
    "which address is the default": (
        {"addresses": [HOME | {"external_id": "h", "is_default": True}, WORK | {"external_id": "w"}]},
        {"addresses": [{"external_id": "w", "is_default": True}]},
        ["/addresses/0"],
    ),
    "a custom attribute as a whole": (
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "integer", "value": 1}]},
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "string", "value": "x"}]},
        ["/custom_attributes/0"],
    ),
    "a date": (
        {"dates_attributes": [BIRTHDAY]},
        {"dates_attributes": [BIRTHDAY | {"date": "1999-01-01"}]},
        ["/dates_attributes/0"],
    ),
}


@pytest.mark.parametrize(("later", "earlier", "pointers"), KEPT.values(), ids=KEPT)
def test_what_was_spoken_about_later_stays(later, earlier, pointers):
    before = decide(said(later, LATE))

    decided = decide(said(later, LATE), said(earlier, EARLY))

    (expected,), (result,) = before.results, decided.results
    assert decided.outcomes[1].errors == ()
    assert (result.fields, result.collections) == (expected.fields, expected.collections)
    warned = [one.pointer for one in decided.outcomes[1].warnings if one.code.value == "older_than_stored"]
    assert warned == pointers


def test_other_members_of_a_row_are_set():
    decided = decide(
        said({"addresses": [HOME | {"external_id": "h"}]}, LATE),
        said({"addresses": [{"external_id": "h", "notes": "ring"}]}, EARLY),
    )

    (row,) = decided.results[0].collections["addresses"].values()
    assert (row["notes"], row["city"]) == ("ring", "Perth")


def test_what_nobody_spoke_about_is_filled():
    decided = decide(said({"company": "A"}, LATE), said({"company": "B", "occupation": "B"}, EARLY))

    (result,) = decided.results
    assert (result.fields["company"], result.fields["occupation"]) == ("A", "B")


def test_later_deletion_is_not_taken_back_by_a_late_record():
    decided = decide(said({"profile_type": "deleted"}, LATE), said({"profile_type": "active"}, EARLY))

    assert [one.code.value for one in decided.outcomes[1].errors] == ["deleted_profile"]


def test_late_record_that_knows_of_the_deletion_is_applied():
    deleted = {"profile_type": "deleted"}

    decided = decide(said(deleted, LATE), said(deleted | {"company": "B"}, EARLY))

    assert decided.outcomes[1].warnings == ()
    assert decided.results[0].fields["company"] == "B"


def test_consent_goes_by_its_own_time():
    promo = {"email_promo": True, "email_consent_updated_at": LATE}
    decided = decide(
        said({"comms_attributes": {"email_promo": False}}, LATE), said({"comms_attributes": promo}, EARLY)
    )

    _, outcome = decided.outcomes
    assert [one.code.value for one in outcome.warnings] == ["consent_not_loosened", "consent_older"]


def test_stored_words_are_those_that_were_kept():
    words = {
        "0": {"/company": SourceWord(EARLY, None, None)},
        "7": {"/a": SourceWord(LATE, BATCH, 3), "/b": SourceWord(LATE, BATCH, 3), "/c": SourceWord(EARLY, BATCH, 0)},
    }

    assert loaded_sources(stored_sources(words)) == words
    assert len(stored_sources(words)["7"]) == 2
    assert (stored_sources({}), loaded_sources(None)) == (None, {})


def test_of_two_profiles_the_later_words_are_kept():
    early, late = SourceWord(EARLY, BATCH, 0), SourceWord(LATE, BATCH, 1)

    united = unite_sources({"1": {"/a": late, "/b": early}, "2": {"/a": early}}, {"1": {"/a": early, "/b": late}})

    assert united == {"1": {"/a": late, "/b": late}, "2": {"/a": early}}
