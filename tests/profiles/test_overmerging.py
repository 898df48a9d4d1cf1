"""Which records put a profile on the staff's list (rules 2.11)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Batch
from profiles import history
from profiles.merging import Merge, merge_profiles
from profiles.models import OvermergeAlarm, Profile
from profiles.overmerging import MANY
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process, raw_record

pytestmark = pytest.mark.django_db
ANN = {"email": "ann@example.com"}


def pos(first, count):
    """Return so many identities."""
    return {"identities": [{"handle": "pos", "identifier": f"A{first + number}"} for number in range(count)]}


def alarms():
    return [
        (one.growth, one.count, one.position)
        for one in OvermergeAlarm.objects.order_by("batch_id", "position", "growth")
    ]


@pytest.fixture(autouse=True)
def _few(settings):
    settings.OVERMERGE_ALARM = 3


def test_record_that_adds_an_identity_too_many_raises_the_alarm():
    batch = process([ANN | pos(0, 3), ANN | pos(0, 3), ANN | pos(2, 2), ANN | pos(4, 1), ANN | {"company": "Acme"}])

    alarm = OvermergeAlarm.objects.get()
    assert (alarm.profile.email, alarm.growth, alarm.count) == ("ann@example.com", "identities", 4)
    assert (alarm.batch_id, alarm.position, alarm.seen_at) == (batch.id, 2, None)
    assert alarm.created_at == Profile.objects.get().updated_at
    assert (batch.created_count, batch.updated_count, batch.unchanged_count) == (1, 3, 1)


def test_new_profile_may_have_too_many_at_once():
    process([ANN | pos(0, 4)])

    assert alarms() == [("identities", 4, 0)]


def test_profile_is_listed_once_until_staff_have_seen_it():
    process([ANN | pos(0, 4)])
    process([ANN | pos(4, 1)])
    process([ANN | {"company": "Acme"}])
    OvermergeAlarm.objects.update(seen_at=timezone.now())
    process([ANN | pos(0, 5)])  # nothing grows by it
    process([ANN | pos(5, 1)])

    assert sorted(alarms()) == [("identities", 4, 0), ("identities", 6, 0)]


@pytest.mark.parametrize(
    ("field", "values", "growth"),
    [
        ("email", [f"a{number}@example.com" for number in range(7)], "emails"),
        ("mobile_phone", [f"+6140400000{number}" for number in range(7)], "mobiles"),
    ],
)
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_fifth_different_contact_of_a_life_raises_the_alarm(field, values, growth, is_one_batch):
    records = [{**pos(0, 1), field: value} for value in [values[0], *values[:4], values[1], *values[4:6]]]

    for part in [records] if is_one_batch else [[record] for record in records]:
        process(part, criteria="pos")

    (alarm,) = OvermergeAlarm.objects.all()
    batches = list(Batch.objects.order_by("id").values_list("id", flat=True))
    assert (alarm.growth, alarm.count) == (growth, MANY)
    assert (alarm.batch_id, alarm.position) == ((batches[0], 6) if is_one_batch else (batches[6], 0))


def test_another_spelling_or_an_empty_field_is_no_other_contact():
    mobiles = ["+61404000001", None, "+61404000002", None, "+61404000001", "+61 404 000 002"]
    emails = ["a@example.com", "A@example.com", "b@EXAMPLE.com", "b@example.com", "B@example.com", "a@example.com"]

    for mobile, email in zip(mobiles, emails, strict=True):
        process([{**pos(0, 1), "mobile_phone": mobile, "email": email}], criteria="pos")

    assert Profile.objects.get().version >= MANY
    assert alarms() == []


def test_number_that_was_taken_away_is_none_of_four():
    for mobile in ("+61404000001", None, "+61404000002", "+61404000003", "+61404000004"):
        process([{**pos(0, 1), "mobile_phone": mobile}], criteria="pos")

    assert alarms() == []


def test_what_a_refused_record_would_add_raises_none():
    process([ANN | pos(0, 3)])

    batch = process([ANN | pos(0, 5) | {"title": "\x00"}])

    assert batch.rejected_count == 1
    assert alarms() == []


def test_merge_by_hand_raises_none():
    one, other = make_profile(**pos(0, 3)), make_profile(**pos(10, 3))

    merge_profiles(Merge(one.id, other.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())

    assert alarms() == []


def statements_of(records):
    with CaptureQueriesContext(connection) as queries:
        process(records, criteria="pos")
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


def test_ledger_is_asked_once_and_only_where_an_old_profile_gets_another_contact():
    people = [{"identities": [{"handle": "pos", "identifier": f"A{number}"}]} for number in range(100)]
    for company in range(MANY - 1):
        process([{**one, "company": str(company)} for one in people], criteria="pos")

    same = statements_of([{**one, "company": "x"} for one in people])
    one_more = statements_of([{**people[0], "email": "p0@example.com"}])
    many_more = statements_of([{**one, "email": f"q{place}@example.com"} for place, one in enumerate(people)])
    new = statements_of([raw_record(**pos(1_000, 1))])

    def asked(statements):
        return [one for one in statements if "profilechange" in one and "SELECT" in one and "INSERT" not in one]

    assert [len(asked(one)) for one in (same, one_more, many_more, new)] == [0, 1, 1, 0]
    assert len(one_more) == len(many_more)
    assert alarms() == []


def test_only_the_newest_rows_of_a_ledger_are_looked_at(monkeypatch):
    monkeypatch.setattr(history, "ROWS_LOOKED_AT", 3)
    for number in range(8):
        process([{**pos(0, 1), "email": f"a{number}@example.com"}], criteria="pos")

    assert alarms() == []
