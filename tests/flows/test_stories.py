"""Everyday stories of how records of one person meet, as they are told in the README."""

import pytest

from profiles.models import DuplicateCandidate, Profile
from tests.builders import process

pytestmark = pytest.mark.django_db

MOBILE = "+61404123123"


def outcomes(batch):
    return list(batch.records.order_by("position").values_list("outcome", flat=True))


def warnings(batch):
    return [[one["code"] for one in row.warnings] for row in batch.records.order_by("position")]


def identity(identifier, handle="shop"):
    return {"identities": [{"handle": handle, "identifier": identifier}]}


def test_newsletter_reader_orders_for_the_first_time():
    process([{"email": "ada@example.com", "comms_attributes": {"email_promo": True}}])
    order = {**identity("S-1815"), "email": "Ada@Example.com", "first_name": "Ada"}

    by_number = process([order], "shop")
    by_either = process([order], "shop,email")
    again = process([order], "shop,email")

    assert [outcomes(batch) for batch in (by_number, by_either, again)] == [["rejected"], ["updated"], ["unchanged"]]
    profile = Profile.objects.get()
    assert (profile.first_name, profile.identities.get().identifier) == ("Ada", "S-1815")
    record = by_either.records.get()
    assert record.key == {"email": "ada@example.com"}
    assert [(one["criterion"], one["profile_id"]) for one in record.considered] == [("shop", None)]


def test_family_shares_a_mobile():
    family = [{"email": f"{name}@example.com", "mobile_phone": MOBILE} for name in ("mum", "dad", "kid")]

    strict = process(family)
    shared = process(family, mobile_clash="secondary")
    again = process(family, mobile_clash="secondary")

    assert outcomes(strict) == ["created", "rejected", "rejected"]
    assert outcomes(shared) == ["unchanged", "created", "created"]
    assert warnings(shared) == [[], ["mobile_as_secondary"], ["mobile_as_secondary"]]
    assert outcomes(again) == ["unchanged"] * 3
    phones = Profile.objects.order_by("created_at", "id").values_list("mobile_phone", "secondary_phone")
    assert sorted(phones, key=str) == sorted([(MOBILE, None), (None, MOBILE), (None, MOBILE)], key=str)
    assert not DuplicateCandidate.objects.exists()


@pytest.mark.parametrize("zeros", ["0000000000", "000-000-0000", "(00) 0000 0000"])
def test_till_writes_zeros_where_it_has_no_phone(zeros):
    strangers = [{**identity(number, "till"), "mobile_phone": zeros} for number in ("1", "2", "3")]

    first = process(strangers, "till")
    again = process(strangers, "till")

    assert [outcomes(batch) for batch in (first, again)] == [["created"] * 3, ["unchanged"] * 3]
    assert warnings(first) == [["blocked_value"]] * 3
    assert set(Profile.objects.values_list("mobile_phone", flat=True)) == {None}
    assert not DuplicateCandidate.objects.exists()


def test_export_of_last_year_arrives_after_this_week(machine_user):
    crm = {"submitted_by": machine_user}
    this_week = {**identity("C-1", "crm"), "company": "Engines", "tags": ["vip"], "source_updated_at": "2026-05-01"}
    last_year = {
        **identity("C-1", "crm"),
        "company": "Looms",
        "occupation": "Weaver",
        "tags": [],
        "source_updated_at": "2025-05-01",
    }
    first = process([this_week], "crm", **crm)
    version = Profile.objects.get().version

    late = process([last_year], "crm", **crm)
    again = process([last_year], "crm", **crm)

    assert [outcomes(batch) for batch in (first, late, again)] == [["created"], ["updated"], ["unchanged"]]
    assert warnings(late) == [["older_than_stored"] * 2]
    assert all(str(first.id) in one["message"] for one in late.records.get().warnings)
    profile = Profile.objects.get()
    assert (profile.company, profile.occupation, profile.version) == ("Engines", "Weaver", version + 1)
    assert list(profile.profile_tags.values_list("tag_id", flat=True)) == ["vip"]


def test_time_that_moves_alone_leaves_no_trace(machine_user):
    crm = {"submitted_by": machine_user}
    record = {**identity("C-1", "crm"), "company": "Engines"}
    process([record | {"source_updated_at": "2025-05-01"}], "crm", **crm)
    before = Profile.objects.values_list("version", "updated_at").get()

    moved = process([record | {"source_updated_at": "2026-05-01"}], "crm", **crm)
    older = process([record | {"company": "Looms", "source_updated_at": "2025-12-01"}], "crm", **crm)

    assert [outcomes(batch) for batch in (moved, older)] == [["unchanged"], ["unchanged"]]
    assert Profile.objects.values_list("version", "updated_at").get() == before
    assert str(moved.id) in older.records.get().warnings[0]["message"]
