"""Profiles and their ledgers in the contract's read shape: what is picked, worked out and told as numbers."""

import datetime as dt
from uuid import UUID

import pytest
from django.db import transaction

from profiles.api.shapes import change_documents, profile_documents
from profiles.history import timeline
from profiles.models import Profile
from profiles.undoing import take_back, target_of_change
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
CLERK = Cause(CauseKind.ADMIN, actor_id=7, actor_label="clerk", request_id="r-9")


def shown(profile):
    (document,) = profile_documents(Profile.objects.filter(id=profile.id), now=NOW)
    return document


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"first_name": "Ann"}, {"full_name": "Ann Unknown"}),
        ({"profile_type": "incomplete"}, {"is_completed": False}),
        ({"profile_type": "pending"}, {"is_completed": True}),
        (
            {"mobile_phone": "+6496271234"},
            {"mobile_phone_country": 64, "mobile_phone_national": "96271234"}
            | {"mobile_phone_national_prefix": "096271234", "mobile_phone_e164": "+6496271234"},
        ),
        ({}, {"mobile_phone_country": None, "mobile_phone_national_prefix": None, "mobile_phone_e164": None}),
        ({"birth_day": 2, "birth_month": 6}, {"birth_date": None, "birth_days": 1, "next_birthday": "2026-06-02"}),
        ({}, {"birth_date": None, "birth_days": None, "birth_days_past": None, "next_birthday": None}),
    ],
)
def test_what_is_worked_out_of_its_fields(record, expected):
    document = shown(make_profile(**record))

    assert {name: document[name] for name in expected} == expected


@pytest.mark.parametrize("primary", [None, "7", "8"])
def test_external_id_is_that_of_the_primary_identity(primary):
    profile = make_profile(identities=[{"handle": "pos", "identifier": number} for number in ("7", "8")])
    profile.identities.filter(identifier=primary).update(is_primary=True)

    document = shown(profile)

    assert document["external_id"] == primary
    assert [(one["identifier"], one["is_primary"]) for one in document["identities"]] == [
        ("7", primary == "7"),
        ("8", primary == "8"),
    ]


@pytest.mark.parametrize(("sent", "raw"), [(True, 1), (False, 0)])
def test_flags_are_told_as_numbers_too_and_those_never_decided_as_null(sent, raw):
    comms = shown(make_profile(attributes={"comms": {"sms_promo": sent}}))["attributes"]["comms"]

    assert (comms["sms_promo"], comms["sms_promo_raw"]) == (sent, raw)
    assert (comms["push_promo"], comms["push_promo_raw"]) == (None, None)
    assert not any(name.endswith("verification_raw") for name in comms)


def test_date_has_the_links_that_concern_it_alone():
    child = make_profile()
    dates = [
        {"handle": "birthday", "relationship": one, "name": "Birthday", "date": "2015-02-01", "links": links}
        for one, links in (("child", [{"profile_id": str(child.id), "relationship": "child"}]), ("niece", []))
    ]

    told = shown(make_profile(dates_attributes=dates))["attributes"]["dates"]

    assert [(one["relationship"], [link["profile_id"] for link in one["links"]]) for one in told] == [
        ("child", [str(child.id)]),
        ("niece", []),
    ]
    assert told[0]["links"][0]["attributes_date_id"] == told[0]["id"]


def test_change_that_was_taken_back_is_told_of_with_what_took_it():
    ann = make_profile(email="ann@example.com")
    batch = process([{"email": "ann@example.com", "company": "Acme", "tags": ["vip"]}])
    with transaction.atomic():
        take_back([target_of_change(ann.id, 2)], cause=CLERK, now=NOW, note="Sent twice")

    third, second, first = change_documents(list(timeline(ann.id)))

    told = ("version", "action", "live", "taken_back_by", "takes_back", "note")
    assert [tuple(one[name] for name in told) for one in (third, second, first)] == [
        (3, "reverted", True, None, [2], "Sent twice"),
        (2, "updated", False, 3, [], None),
        (1, "created", True, None, [], None),
    ]
    assert third["changes"] == {"/company": {"from": "Acme", "to": None}, "/tags/vip": {"from": True}}
    assert (third["at"], UUID(third["operation_id"]).version) == ("2026-06-01 00:00:00", 7)
    assert third["cause"] == {"kind": "admin", "batch_id": None, "position": None, "actor_id": 7} | {
        "actor_label": "clerk",
        "request_id": "r-9",
    }
    assert (second["cause"]["batch_id"], second["cause"]["position"]) == (str(batch.id), 0)
