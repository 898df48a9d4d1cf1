"""What few rows of the ledger and of collections need, and no others pay for."""

import datetime as dt
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles import models
from profiles.db import sets
from profiles.directory import load_snapshots
from profiles.models import Profile
from profiles.values import Cause, CauseKind, Change, ChangeAction, Plan, ProfileResult, TakenBack
from profiles.writing import write_plan
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ID = UUID(int=7)
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff", request_id="r")
TAKEN_BACK = TakenBack((1,), ("/comms/email_promo",), {"/company": "kept_newer"})


def write(*, results=(), changes=()):
    with transaction.atomic():
        write_plan(Plan(outcomes=[], results=results, changes=changes, duplicates=[]), now=NOW)


def snapshot_of(profile, *collections):
    return load_snapshots([profile.id], collections=collections)[profile.id]


def test_what_few_rows_of_the_ledger_have_is_kept_with_those():
    one, other = make_profile(), make_profile()

    write(
        changes=[
            Change(one.id, 2, ChangeAction.REVERTED, {}, CAUSE, ID, reverts=TAKEN_BACK, note="Sent twice"),
            Change(other.id, 2, ChangeAction.UPDATED, {}, Cause(CauseKind.API)),
        ]
    )

    rows = models.ProfileChange.objects.filter(version=2).order_by("profile_id")
    assert list(rows.values_list("reverts", "note", "operation_id", "request_id", "times")) == [
        (
            {"versions": [1], "except": ["/comms/email_promo"], "kept": {"/company": "kept_newer"}},
            "Sent twice",
            ID,
            "r",
            None,
        ),
        (None, "", None, "", None),
    ]
    assert list(models.ProfileChange.objects.filter(reverts__isnull=False).values_list("profile_id", flat=True)) == [
        one.id
    ]


def test_what_no_row_of_the_ledger_has_is_not_sent():
    profile = make_profile()

    with CaptureQueriesContext(connection) as queries:
        write(changes=[Change(profile.id, 2, ChangeAction.UPDATED, {}, Cause(CauseKind.API))])

    [sql] = [query["sql"] for query in queries if "profiles_profilechange" in query["sql"]]
    assert [name for name in ("reverts", "note", "operation_id", "request_id", "times") if f'"{name}"' in sql] == []


def test_field_that_is_not_named_any_more_is_cleared():
    profile = make_profile(company="Acme", attributes={"appearance": {"size_hat": "7"}}, occupation="Nurse")
    before = snapshot_of(profile)
    cleared = {"company", "appearance/size_hat"}
    fields = {name: value for name, value in before.fields.items() if name not in cleared}

    write(results=[ProfileResult(before.id, before.version + 1, fields, {}, before.email_key, before)])

    stored = Profile.objects.get(id=profile.id)
    assert (stored.company, stored.appearance, stored.occupation) == (None, {}, "Nurse")


def test_removed_row_leaves_its_id_to_nobody_and_can_come_back_with_it():
    make_profile(email="ann@example.com", tags=["vip"])
    process([{"email": "ann@example.com", "tags": ["other"]}])
    removed = models.ProfileChange.objects.get(version=2)
    row_id = removed.changes["/tags/vip/id"]["from"]
    process([{"email": "ann@example.com", "tags": ["other", "third"]}])

    sets.insert_rows(models.ProfileTag, [{"id": row_id, "profile_id": removed.profile_id, "tag_id": "vip"}])
    process([{"email": "bob@example.com", "tags": ["vip"]}])

    tags = models.ProfileTag.objects.filter(profile=removed.profile_id).order_by("id")
    assert list(tags.values_list("tag_id", flat=True)) == ["vip", "other", "third"]
    assert models.ProfileTag.objects.count() == 4
