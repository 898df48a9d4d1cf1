"""Profiles that end and come back, and the undo of an undo (rules 10.1, 10.4, 10.6 and 10.7)."""

from uuid import UUID

import pytest

from profiles.reconcile.keeping import RecordSince
from profiles.reverting import UndoOptions
from profiles.times import utc_text
from profiles.values import ReferenceName
from tests.profiles.reverting.memory import NOW, Memory, take_back_creation
from tests.profiles.reverting.records import (
    BOB,
    DEFAULT,
    HOME,
    POS,
    WORK,
    addresses,
    comms,
    company,
    seen,
    tags,
)

ENDED = {"ended": "undone", "profile_type": "deleted", "first_name": "", "last_name": ""}


CREATIONS = {
    "nobody since": ([], ENDED, []),
    "soft-deleted since": ([{"profile_type": "deleted"}], ENDED, []),
    "used since": ([{"title": "Dr"}], {"company": "A", "title": "Dr"}, [("kept_in_use", "", 2)]),
    "used and deleted since": (
        [{"title": "Dr"}, {"profile_type": "deleted"}],
        {"company": "A", "title": "Dr", "profile_type": "deleted"},
        [("kept_in_use", "", 2)],
    ),
    "deleted with an opt-out since": (
        [{"profile_type": "deleted", **comms(email_optout=True)}],
        {"company": "A", "profile_type": "deleted", "comms/email_optout": True},
        [("kept_in_use", "", 2)],
    ),
}


@pytest.mark.parametrize(("later", "fields", "kept"), CREATIONS.values(), ids=CREATIONS)
def test_created_profile_ends_unless_somebody_has_used_it_since(later, fields, kept):
    hub, id_, reversal = take_back_creation(*later)

    assert seen(hub)[0] == fields
    assert [(one.code.value, one.pointer, one.row.version) for one in reversal.kept] == kept
    assert hub.rows[id_][-1].reverts.versions == (1,)
    assert hub.rows[id_][-1].reverts.kept == {pointer: code for code, pointer, _ in kept}


def test_created_profile_ends_once_its_use_is_taken_back_too():
    hub, id_, _ = take_back_creation({"title": "Dr"})

    (reversal,) = hub.undo((id_, 2))

    assert reversal.ends
    assert seen(hub)[0] == ENDED
    assert hub.send(POS).kind == "created"


def test_batch_that_created_and_changed_a_profile_ends_it_whatever_it_said_of_consent():
    hub = Memory()
    hub.send(POS, POS | comms(email_promo=False))
    (id_,) = hub.people

    reversals = hub.undo((id_, 2), (id_, 1))

    assert [(one.outcome.kind.value, one.kept, one.ends) for one in reversals] == [
        ("updated", (), False),
        ("updated", (), True),
    ]


RECORD = RecordSince(UUID(int=1_000), 1, UUID(int=9), 3, utc_text(NOW), "till")


@pytest.mark.parametrize("options", [{"records": (RECORD,)}, {"links": {UUID(int=1_000): [UUID(int=5)]}}])
def test_profile_that_only_a_silent_record_or_a_date_stands_on_is_not_taken_back(options):
    hub, id_, reversal = take_back_creation(**options)

    assert (reversal.outcome.kind, reversal.change) == ("unchanged", None)
    [kept] = reversal.kept
    assert (kept.code, kept.pointer) == ("kept_in_use", "")
    assert (kept.record, kept.holder) == ((RECORD, None) if "records" in options else (None, UUID(int=5)))
    assert [row.version for row in hub.rows[id_]] == [1]
    assert hub.undo((id_, 1))[0].ends


def test_silent_record_since_is_told_where_a_value_went_all_the_same():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | company("B"))
    (id_,) = hub.people
    silent = RecordSince(id_, 2, UUID(int=9), 3, utc_text(NOW))

    (reversal,) = hub.undo((id_, 2), records=(silent, RecordSince(id_, 1, UUID(int=8), 0, utc_text(NOW))))

    assert [(one.code, one.record) for one in reversal.kept] == [("later_records", silent)]
    assert [warning.code for warning in reversal.outcome.warnings] == ["later_records"]
    assert hub.rows[id_][-1].reverts.kept == {}


def test_record_without_a_row_is_unchanged():
    hub, id_, _ = take_back_creation({"title": "Dr"})

    (reversal,) = hub.undo((id_, None))

    assert (reversal.outcome.kind, reversal.outcome.profile_id, reversal.change) == ("unchanged", id_, None)


# --- Force ---------------------------------------------------------------------------------------------------------


def test_profile_ends_by_force_with_all_that_others_said():
    hub, id_, _ = take_back_creation({"title": "Dr"}, company("B"), options=UndoOptions(force=frozenset()))

    (reversal,) = hub.undo((id_, 1), options=UndoOptions(force=frozenset({id_})))

    assert reversal.ends
    assert reversal.change.reverts.versions == (1, 2, 3)
    hub.undo((id_, 5))
    assert seen(hub)[0] == {"company": "B", "title": "Dr"}


def test_force_loses_no_opt_out_of_somebody_else_unless_asked():
    forced = UndoOptions(force=frozenset({UUID(int=1_000)}))
    hub, id_, refused = take_back_creation(comms(sms_optout=True), options=forced)

    assert [error.code for error in refused.outcome.errors] == ["opt_out"]
    assert hub.undo((id_, 1), options=UndoOptions(forced.force, loosen_consent=True))[0].ends


# --- Undo of an undo -----------------------------------------------------------------------------------------------


def test_undo_of_an_undo_brings_everything_back_and_a_third_takes_it_again():
    hub = Memory()
    hub.send(POS | company("A") | tags("a") | addresses(HOME))
    hub.send(POS | company("B") | tags("b") | addresses(WORK | DEFAULT))
    (id_,) = hub.people
    before = seen(hub)
    hub.undo((id_, 2))
    undone = seen(hub)

    hub.undo((id_, 3))
    assert seen(hub) == before
    hub.undo((id_, 4))
    assert seen(hub) == undone
    assert [reversal.outcome.kind.value for reversal in hub.undo((id_, 2), (id_, 3))] == ["unchanged", "updated"]


def test_later_word_stays_when_an_undo_is_taken_back():
    hub = Memory()
    hub.send(POS | company("A"))
    hub.send(POS | company("B"))
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | company("C"))

    (reversal,) = hub.undo((id_, 3))

    assert seen(hub)[0] == {"company": "C"}
    assert [(one.code.value, one.pointer, one.row.version) for one in reversal.kept] == [("kept_newer", "/company", 4)]


def test_what_was_taken_back_is_unchanged_and_leaves_no_row():
    hub, id_, _ = take_back_creation()

    (reversal,) = hub.undo((id_, 1))

    assert (reversal.outcome.kind, reversal.outcome.profile_version, reversal.change) == ("unchanged", 2, None)
    assert len(hub.rows[id_]) == 2


def test_values_never_come_back_through_the_middle():
    hub = Memory()
    for value in ("A", "B", "C"):
        hub.send(POS | company(value))
    (id_,) = hub.people

    hub.undo((id_, 2))
    hub.undo((id_, 3))

    assert seen(hub)[0] == {"company": "A"}


def test_nothing_of_an_erased_profile_comes_back():
    hub, id_, _ = take_back_creation()
    hub.people[id_].fields["ended"] = "erased"

    (reversal,) = hub.undo((id_, 2))

    assert ([error.code for error in reversal.outcome.errors], reversal.change) == (["erased"], None)


def test_later_silent_record_keeps_a_profile_only_until_it_is_forced():
    hub, id_, _ = take_back_creation(records=(RECORD,))

    (reversal,) = hub.undo((id_, 1), records=(RECORD,), options=UndoOptions(force=frozenset({id_})))

    assert reversal.ends


def test_date_that_went_with_the_same_undo_keeps_nobody():
    hub = Memory()
    hub.send(POS)
    (ann,) = hub.people
    hub.references[ReferenceName("profile", "id", str(ann))] = str(ann)
    date = {"handle": "b", "name": "B", "date": "2000-01-01", "links": [{"profile_id": str(ann)}]}
    hub.send(BOB | {"dates_attributes": [date]})
    bob = max(hub.people)
    links = {ann: [bob]}

    assert [one.ends for one in hub.undo((ann, 1), links=links)] == [False]
    assert [one.ends for one in hub.undo((bob, 1), (ann, 1), links=links)] == [True, True]


def test_date_that_others_linked_since_stays():
    hub = Memory()
    hub.send(POS)
    (ann,) = hub.people
    hub.references[ReferenceName("profile", "id", str(ann))] = str(ann)
    date = {"handle": "b", "name": "B", "date": "2000-01-01"}
    hub.send(POS | {"dates_attributes": [date]})
    hub.send(POS | {"dates_attributes": [date | {"links": [{"profile_id": str(ann)}]}]})

    (reversal,) = hub.undo((ann, 2))

    assert sorted(seen(hub)[1]) == [f"date_links/b//{ann}", "dates/b/"]
    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_in_use", "/dates/b/")]
    hub.undo((ann, 3))
    assert seen(hub)[1] == {}
