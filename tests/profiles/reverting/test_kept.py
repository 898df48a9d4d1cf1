"""What taking back leaves as it is: keys, references, consent (rules 10.5)."""

from uuid import UUID

import pytest

from profiles.reverting import UndoOptions
from tests.profiles.reverting.memory import REFERENCES, Memory, take_back_creation
from tests.profiles.reverting.records import (
    BOB,
    DEFAULT,
    HOME,
    POS,
    WORK,
    addresses,
    comms,
    company,
    member,
    seen,
)

# --- Keys ----------------------------------------------------------------------------------------------------------


def two(first, second):
    hub = Memory()
    hub.send(POS | first)
    hub.send(BOB | second)
    ann, bob = sorted(hub.people)
    return hub, ann, bob


def test_email_goes_back_only_where_nobody_has_it_by_now():
    hub, ann, bob = two({"email": "ann@example.com"}, {"email": "bob@example.com"})
    hub.send(POS | {"email": "ann@example.org"})
    hub.send(BOB | {"email": "ann@example.com"})

    (reversal,) = hub.undo((ann, 2))

    assert [hub.people[id_].fields["email"] for id_ in (ann, bob)] == ["ann@example.org", "ann@example.com"]
    assert [(one.code, one.pointer, one.holder) for one in reversal.kept] == [("kept_key_taken", "/email", bob)]
    assert reversal.change.reverts.excepted == ("/email",)
    assert hub.undo((bob, 2))[0].outcome.kind == "updated"
    (again,) = hub.undo((ann, 2))
    assert (again.outcome.kind, hub.people[ann].fields["email"]) == ("updated", "ann@example.com")


def test_keys_that_went_from_one_to_the_other_go_back_by_themselves():
    hub, ann, bob = two({"email": "ann@example.com"}, {"email": "bob@example.com"})
    hub.send(
        POS | {"email": "free@example.com"},
        BOB | {"email": "ann@example.com"},
        POS | {"email": "bob@example.com"},
    )

    reversals = hub.undo((ann, 3), (bob, 2), (ann, 2))

    assert [hub.people[id_].fields["email"] for id_ in (ann, bob)] == ["ann@example.com", "bob@example.com"]
    assert [one.kept for one in reversals] == [(), (), ()]


@pytest.mark.parametrize(
    "key", [{"email": "ann@example.com"}, {"mobile_phone": "+61404123121"}, {"identities": POS["identities"]}]
)
def test_ended_profile_does_not_come_back_beside_somebody_with_a_key_of_it(key):
    hub = Memory()
    hub.send(POS | {"email": "ann@example.com", "mobile_phone": "+61404123121"})
    (ann,) = hub.people
    hub.undo((ann, 1))
    hub.send({"identities": [{"handle": "till", "identifier": "1"}], **key}, criteria=("pos", "till"))
    other = max(hub.people)

    (reversal,) = hub.undo((ann, 2))

    assert [error.code for error in reversal.outcome.errors] == ["claimed_elsewhere"]
    assert (hub.people[ann].version, len(hub.rows[ann])) == (2, 2)
    hub.undo((other, 1))
    assert hub.undo((ann, 2))[0].outcome.kind == "updated"
    assert hub.people[ann].fields["email"] == "ann@example.com"


def test_address_does_not_come_back_under_a_name_that_another_one_has():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | addresses(HOME))
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | addresses(WORK | {"external_id": "h"}))

    (reversal,) = hub.undo((id_, 3))

    assert seen(hub)[1] == {"addresses/h": DEFAULT}
    assert [(one.code, one.pointer) for one in reversal.kept] == [
        ("kept_key_taken", f"/addresses/{UUID(int=2_001)}"),
        ("kept_newer", "/addresses"),
    ]


# --- References, and what is unclear -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "gone", "register"),
    [
        ({"statuses": ["gold"]}, {"statuses": []}, "status", "/statuses/gold"),
        ({"joined_location_external_id": "SYD"}, {"joined_location_id": None}, "location", "/joined_location_id"),
        (member(role_definition_id=1), member(role_definition_id=None), "role", "/organisations/acme/role"),
    ],
)
def test_what_refers_to_what_is_gone_stays_as_it_is(first, then, gone, register):
    hub = Memory()
    hub.send(POS | first)
    hub.send(POS | then)
    (id_,) = hub.people
    before = seen(hub)
    hub.references = {name: value for name, value in REFERENCES.items() if name.kind != gone}

    (reversal,) = hub.undo((id_, 2))

    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_reference_gone", register)]
    assert seen(hub) == before
    hub.references = REFERENCES
    assert hub.undo((id_, 2))[0].outcome.kind == "updated"
    assert seen(hub) != before


def test_what_is_not_as_the_ledger_says_stays_as_it_is():
    hub = Memory()
    hub.send(POS | company("A") | {"title": "Dr"})
    hub.send(POS | company("B") | {"title": "Prof"})
    (id_,) = hub.people
    hub.people[id_].fields["company"] = "by hand"

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {"company": "by hand", "title": "Dr"}
    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_unclear", "/company")]


# --- Consent -------------------------------------------------------------------------------------------------------

FLAGS = [
    (f"{channel}_{flag}", tight)
    for channel in ("email", "sms", "push", "phone", "post")
    for flag, tight in (("promo", False), ("optout", True), ("bounced", True))
]


@pytest.mark.parametrize(("flag", "tight"), FLAGS)
def test_flag_of_consent_does_not_loosen_unless_asked(flag, tight):
    hub = Memory()
    hub.send(POS | comms(**{flag: not tight}))
    hub.send(POS | comms(**{flag: tight}) | company("B"))
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {f"comms/{flag}": tight}
    assert reversal.change.reverts.excepted == (f"/comms/{flag}",)
    assert hub.undo((id_, 2))[0].change is None
    hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))
    assert seen(hub)[0] == {f"comms/{flag}": not tight}


@pytest.mark.parametrize(("flag", "tight"), FLAGS)
def test_flag_of_consent_tightens_always(flag, tight):
    hub = Memory()
    hub.send(POS | comms(**{flag: tight}))
    hub.send(POS | comms(**{flag: not tight}), by_staff=True)
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert (seen(hub)[0], reversal.kept) == ({f"comms/{flag}": tight}, ())


def test_consent_time_and_effective_time_stay_with_a_flag_that_stays():
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    hub = Memory()
    hub.send(POS | comms(email_promo=True, email_consent_updated_at=early, sms_consent_updated_at=early))
    hub.send(POS | comms(email_promo=False, email_consent_updated_at=late, sms_consent_updated_at=late))
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {
        "comms/email_promo": False,
        "comms/email_consent_updated_at": late,
        "comms/sms_consent_updated_at": early,
    }
    assert reversal.change.reverts.excepted == ("/comms/email_consent_updated_at", "/comms/email_promo")
    assert hub.people[id_].effective_times == {"comms/email_promo": late}
    hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))
    assert hub.people[id_].effective_times == {"comms/email_promo": early}
    assert seen(hub)[0]["comms/email_consent_updated_at"] == early


def test_profile_does_not_end_for_want_of_the_record_that_brought_the_opt_out():
    hub, id_, _ = take_back_creation(comms(email_optout=True))

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {"company": "A", "comms/email_optout": True}
    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_consent", "/comms/email_optout")]
    assert hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))[0].ends
