"""Late records: what a source has spoken about later keeps its value (rules 3.7)."""

import dataclasses
import datetime as dt
import itertools
from uuid import UUID

import pytest

from profiles import shape
from profiles.matching import plan
from profiles.reconcile import State
from profiles.reconcile.sources import hear, loaded_sources, stored_sources, unite_sources
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, Directory, ProfileDraft, ReferenceName, Referral, SourceWord

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
NEW = 100
BATCH = UUID(int=7)
SHOP = {"identities": [{"handle": "shop", "identifier": "1"}]}
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z"
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK = {"address_line_1": "9 Quay St", "city": "Perth", "postcode": "6000", "country": "AU"}
BIRTHDAY = {"handle": "birthday", "name": "B", "date": "2000-01-01"}


def decide(*records, actors=(), batches=()):
    """Decide the records, each with its own source and batch if there are some, for one hub that knows nobody."""
    ids = itertools.count(NEW)
    actors = actors or [1] * len(records)
    batches = batches or [BATCH] * len(records)
    drafts = [
        parse_record(SHOP | record, cause=Cause(CauseKind.BATCH, batch_id=batch, position=n, actor_id=actor))
        for n, (record, actor, batch) in enumerate(zip(records, actors, batches, strict=True))
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


@pytest.mark.parametrize(
    ("later", "named"), [(BATCH, "record 0 of this batch"), (UUID(int=77), f"record 0 of batch {BATCH}")]
)
def test_warning_names_the_later_record(later, named):
    decided = decide(said({"company": "A"}, LATE), said({"company": "B"}, EARLY), batches=[BATCH, later])

    (warning,) = decided.outcomes[1].warnings
    assert warning.message == f"The same source has spoken about it later ({LATE}, {named}); it stays as it is."


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


# --- Found by the slow twin ----------------------------------------------------------------------------------------


def state(collections, spoken, fields=None):
    """Return what is stored of somebody of whom user 1 has spoken late about these paths."""
    words = dict.fromkeys(spoken, SourceWord(LATE, BATCH, 0))
    return State({"first_name": "A"} | (fields or {}), collections, source_times={"1": words} if words else {})


def heard(before, **draft):
    """Return what counts of a draft of user 1 that is early, and where it is told that it is."""
    cause = Cause(CauseKind.BATCH, batch_id=BATCH, position=1, actor_id=1)
    done = hear(ProfileDraft(cause, source_updated_at=EARLY, **draft), before, received_at=NOW)
    return done, [(one.code.value, one.pointer) for one in done.draft.warnings]


@pytest.mark.parametrize(("kind", "warned"), [(CauseKind.BATCH, 0), (CauseKind.ADMIN, 1)])
def test_email_spelled_otherwise_is_told_where_it_would_be_corrected(kind, warned):
    sent = parse_record({"email": "Ann@Example.com", "source_updated_at": EARLY}, cause=Cause(kind, actor_id=1))
    before = dataclasses.replace(state({}, ["/email"], {"email": "ann@example.com"}), email_key="ann@example.com")

    done = hear(sent, before, received_at=NOW)

    assert [one.pointer for one in done.draft.warnings] == ["/email"] * warned
    assert ("email" in done.draft.fields) is (not warned)


def test_late_address_that_was_the_default_is_added_and_is_it_no_more():
    decided = decide(
        said({"addresses": [HOME | {"external_id": "h", "is_default": True}]}, LATE),
        said({"addresses": [WORK | {"external_id": "w", "is_default": True}]}, EARLY),
    )

    (result,) = decided.results
    rows = result.collections["addresses"].values()
    assert [(row["external_id"], row["is_default"]) for row in rows] == [("h", True), ("w", False)]
    assert [(one.code.value, one.pointer) for one in decided.outcomes[1].warnings] == [
        ("older_than_stored", "/addresses/0")
    ]


def test_late_address_that_is_not_the_default_says_nothing_older():
    decided = decide(
        said({"addresses": [HOME | {"external_id": "h", "is_default": True}]}, LATE),
        said({"addresses": [WORK | {"external_id": "w", "is_default": False}]}, EARLY),
    )

    assert len(decided.results[0].collections["addresses"]) == 2
    assert decided.outcomes[1].warnings == ()


NSW, VIC = ("new-south-wales",), ("victoria",)
MEMBER = {"country": None, "state": None, "is_active": True, "is_default": False}
IN_VIC = ((ReferenceName("region", "handle", "victoria"), "/region"),)


def test_what_a_late_record_says_of_its_region_does_not_go_to_the_later_default():
    before = state({"regions": {NSW: MEMBER | {"is_default": True}}}, ["/regions"])

    done, warned = heard(
        before,
        collections={"regions": {VIC: {"is_default": True}}},
        default_region=Referral("/region", IN_VIC, {"country": "NZ"}),
    )

    assert done.draft.collections["regions"] == {VIC: {"country": "NZ"}}
    assert done.draft.default_region.row == {}
    assert warned == [("older_than_stored", "/regions")]


def test_region_that_is_gone_is_not_described():
    before = state({"regions": {NSW: MEMBER | {"is_default": True}}}, ["/regions/victoria"])

    done, warned = heard(
        before,
        collections={"regions": {VIC: {"is_default": True}}},
        default_region=Referral("/region", IN_VIC, {"country": "NZ"}),
    )

    assert done.draft.collections["regions"] == {}
    assert done.draft.default_region.row == {}
    assert warned == [("older_than_stored", "/regions")]


@pytest.mark.parametrize(("country", "warned"), [("AU", 0), ("NZ", 1)])
def test_country_of_the_default_region_is_told_where_it_is_another(country, warned):
    before = state({"regions": {NSW: MEMBER | {"country": "AU", "is_default": True}}}, ["/region_country"])

    done, told = heard(before, collections={"regions": {}}, default_region=Referral("", (), {"country": country}))

    assert done.draft.default_region.row == {}
    assert told == [("older_than_stored", "/region_country")] * warned


@pytest.mark.parametrize(("end", "warned"), [("2026-05-31T00:00:00Z", 1), ("2026-07-01T00:00:00Z", 0)])
def test_late_record_renews_no_status(end, warned):
    before = state({"statuses": {("gold",): {"expires_at": end, "is_active": True}}}, ["/statuses"])

    done, told = heard(
        before, collections={"statuses": {("gold",): {"expires_at": "2027-06-01T00:00:00Z", "is_active": True}}}
    )

    assert done.draft.collections == {}
    assert told == [("older_than_stored", "/statuses")] * warned


def test_date_that_stays_gone_gets_no_links():
    key = ("birthday", "")
    links = {(*key, str(UUID(int=8))): {"link_relationship": None, "link_role": None}}

    done, told = heard(
        state({"dates": {}, "date_links": {}}, ["/dates/birthday/"]),
        collections={"dates": {key: {"name": "B", "date": "2000-01-01"}}, "date_links": links},
        replaced_links=frozenset([key]),
        places={("dates", key): "/dates_attributes/0"},
    )

    assert done.draft.collections == {"dates": {}, "date_links": {}}
    assert done.draft.replaced_links == frozenset()
    assert told == [("older_than_stored", "/dates_attributes/0")]


@pytest.mark.parametrize(("notes", "warned"), [("ring", 0), ("knock", 1)])
def test_of_two_addresses_with_one_text_the_one_without_a_name_is_meant(notes, warned):
    blank = dict.fromkeys(shape.ADDRESSES.fields)
    rows = {
        ("1",): {**blank, **HOME, "external_id": "h", "notes": "knock"},
        ("2",): {**blank, **HOME, "notes": "ring"},
    }
    (path,) = (
        path
        for path in decide(said({"addresses": [HOME | {"notes": "ring"}]}, LATE)).results[0].source_times["1"]
        if path.endswith("/notes")
    )

    _, told = heard(
        state({"addresses": rows}, [path]),
        collections={"addresses": {("0",): HOME | {"notes": notes}}},
        places={("addresses", ("0",)): "/addresses/0"},
    )

    assert told == [("older_than_stored", "/addresses/0")] * warned


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
