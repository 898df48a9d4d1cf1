"""When consent was decided: kept beside the profile, in no change of the ledger, and never lost."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from batches.models import Batch
from profiles import conducting
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL
from profiles.history import fold
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process, process_waiting, raw_record, submit

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, WEDNESDAY = (dt.datetime(2026, 6, day, tzinfo=dt.UTC) for day in (1, 2, 3))
REFUSAL = {"email_optout": True, "sms_promo": False}


def send(records, *, now):
    """Apply the records as one batch received now; return their outcomes."""
    drafts = [parse_record(record, cause=Cause(CauseKind.BATCH, position=at)) for at, record in enumerate(records)]
    with transaction.atomic():
        outcomes = apply_drafts(drafts, criteria=(EMAIL,), now=now)
    assert [one.errors for one in outcomes] == [()] * len(records)
    return [one.kind.value for one in outcomes]


def updates(queries):
    """Return the statements that change rows."""
    return [query["sql"] for query in queries if "UPDATE" in query["sql"]]


def unmoved(profile):
    """Return what a time alone must not move."""
    stored = Profile.objects.get(id=profile.id)
    return stored.version, stored.updated_at, ProfileChange.objects.filter(profile=profile).count()


def test_refusal_said_again_moves_its_time_and_nothing_else():
    record = {"email": "ann@example.com", "comms_attributes": REFUSAL}
    send([record], now=MONDAY)
    profile = Profile.objects.get()
    before = unmoved(profile)

    kinds = send([record], now=TUESDAY)

    assert kinds == ["unchanged"]
    assert unmoved(profile) == before
    profile.refresh_from_db()
    assert profile.effective_times == {
        "comms/email_optout": "2026-06-02T00:00:00Z",
        "comms/sms_promo": "2026-06-02T00:00:00Z",
    }


def test_record_that_moves_no_time_writes_no_profile():
    record = {
        "email": "ann@example.com",
        "comms_attributes": {
            "email_promo": False,
            "email_consent_updated_at": "2026-01-01T00:00:00Z",
            "sms_promo": True,
        },
    }
    send([record], now=MONDAY)

    with CaptureQueriesContext(connection) as queries:
        kinds = send([record], now=TUESDAY)

    assert kinds == ["unchanged"]
    assert updates(queries) == []


def test_statements_are_the_same_for_any_number_of_times():
    records = [{"email": f"p{number}@example.com", "comms_attributes": REFUSAL} for number in range(100)]
    send(records, now=MONDAY)

    counts = []
    for number in (1, 3, 100):
        with CaptureQueriesContext(connection) as queries:
            assert send(records[:number], now=TUESDAY + dt.timedelta(hours=number)) == ["unchanged"] * number
        counts.append(len(queries))
        assert len(updates(queries)) == 1

    assert len(set(counts)) == 1


def test_ledger_row_bears_the_times_it_set():
    send([{"email": "ann@example.com", "comms_attributes": {"email_promo": False}}], now=MONDAY)
    send([{"email": "ann@example.com", "company": "Acme", "comms_attributes": {"email_promo": False}}], now=TUESDAY)
    send([{"email": "ann@example.com", "company": "Other"}], now=WEDNESDAY)

    profile = Profile.objects.get()
    rows = ProfileChange.objects.order_by("version")
    assert [row.times for row in rows] == [
        {"/effective/comms/email_promo": {"to": "2026-06-01T00:00:00Z"}},
        {"/effective/comms/email_promo": {"from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}},
        None,
    ]
    assert [set(row.changes) for row in rows[1:]] == [{"/company"}, {"/company"}]
    assert fold(row.changes for row in rows).fields["comms/email_promo"] is False
    assert profile.version == 3


def test_new_address_forgets_the_time_with_the_flag():
    identity = [{"handle": "pos", "identifier": "7"}]
    send(
        [{"email": "ann@example.com", "identities": identity, "comms_attributes": {"email_bounced": True}}], now=MONDAY
    )
    profile = Profile.objects.get()

    batch = process([{"email": "anna@example.com", "identities": identity}], "pos")

    profile.refresh_from_db()
    assert batch.updated_count == 1
    assert (profile.email, profile.email_bounced, profile.effective_times) == ("anna@example.com", None, None)
    assert ProfileChange.objects.get(profile=profile, version=2).times == {
        "/effective/comms/email_bounced": {"from": "2026-06-01T00:00:00Z"}
    }


@pytest.mark.parametrize("others", [(), ({"company": "Acme"},), ({"comms_attributes": {"email_promo": False}},)])
def test_records_of_one_batch_see_each_others_decisions(others):
    refused = {"comms_attributes": {"email_promo": False}}
    consented = {"comms_attributes": {"email_promo": True, "email_consent_updated_at": "2026-05-31T00:00:00Z"}}

    for records in ([refused, *others, consented], [consented, *others, refused]):
        Profile.objects.all().update(email=None, email_key=None)

        send([raw_record(email="ann@example.com", **record) for record in records], now=MONDAY)

        profile = Profile.objects.get(email="ann@example.com")
        assert (profile.email_promo, profile.effective_times) == (
            False,
            {"comms/email_promo": "2026-06-01T00:00:00Z"},
        )


def test_refusal_is_of_the_time_its_batch_was_received():
    profile = make_profile(comms_attributes={"sms_promo": True})
    batch = submit([{"email": profile.email, "comms_attributes": REFUSAL}])
    Batch.objects.filter(id=batch.id).update(received_at=MONDAY)

    process_waiting()

    profile.refresh_from_db()
    assert profile.effective_times == {
        "comms/email_optout": "2026-06-01T00:00:00Z",
        "comms/sms_promo": "2026-06-01T00:00:00Z",
    }


def test_profile_changed_by_somebody_else_is_decided_anew(monkeypatch):
    profile = make_profile(comms_attributes=REFUSAL)
    plans = []

    def change_first(plan, **options):
        plans.append(plan)
        if len(plans) == 1:
            Profile.objects.filter(id=profile.id).update(version=F("version") + 1)
        write_plan(plan, **options)

    write_plan = conducting.write_plan
    monkeypatch.setattr(conducting, "write_plan", change_first)

    batch = process([{"email": profile.email, "comms_attributes": REFUSAL}])

    assert len(plans) == 2
    assert batch.unchanged_count == 1


def test_ledger_tells_every_time_that_moved_with_a_change_through_a_merge_too():
    said = [
        {"email_promo": False, "email_consent_updated_at": "2026-05-01T00:00:00Z"},
        {"email_promo": True, "email_consent_updated_at": "2026-05-03T00:00:00Z", "sms_optout": True},
        {"email_bounced": True},
    ]
    for number, comms in enumerate(said):
        people = [("ann@example.com", comms), ("bob@example.com", {**comms, "sms_promo": False})]
        records = [{"email": email, "company": f"{number}", "comms_attributes": one} for email, one in people]
        send(records, now=MONDAY + dt.timedelta(days=number))
    send([{"email": "bob@example.com", "company": "3", "mobile_phone": "+61404123123"}], now=WEDNESDAY)
    ann, bob = Profile.objects.order_by("email")
    merge_profiles(Merge(bob.id, ann.id), cause=Cause(CauseKind.ADMIN), now=WEDNESDAY)

    for profile in Profile.objects.all():
        times: dict[str, str] = {}
        for change in ProfileChange.objects.filter(profile=profile).order_by("version"):
            for pointer, moved in (change.times or {}).items():
                name = pointer.removeprefix("/effective/")
                assert times.get(name) == moved.get("from")
                times[name] = moved.get("to")
        told = {name: time for name, time in times.items() if time is not None}
        assert told == profile.effective_times
        assert len(told) >= 3
