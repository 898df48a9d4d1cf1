"""Two profiles become one, and the ledger suffices to take them apart again."""

import datetime as dt
from contextlib import nullcontext
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from profiles import shape
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.merging import Merge, MergeError, StaleMergeError, merge_profiles, plan_merge
from profiles.models import DuplicateCandidate, Identity, IdentityLimit, Profile, ProfileChange, User
from profiles.undoing import take_back, targets_of_batch
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
NOBODY = UUID(int=7)
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK = {"address_line_1": "2 Side St", "city": "Perth", "postcode": "6000", "country": "AU"}


def merge(merged, survivor, **options):
    return merge_profiles(Merge(merged.id, survivor.id, **options), cause=CAUSE, now=NOW)


def state(profile):
    """Return a stored profile's known fields and its rows."""
    snapshot = load_snapshots([profile.id], collections=tuple(shape.COLLECTIONS))[profile.id]
    fields = {name: value for name, value in snapshot.fields.items() if value is not None}
    return fields, {name: rows for name, rows in snapshot.collections.items() if rows}


def folded(profile, *, before=None):
    """Return what the ledger adds up to, up to a version."""
    rows = ProfileChange.objects.filter(profile=profile).order_by("version")
    done = fold(row.changes for row in rows if before is None or row.version < before)
    fields = {name: value for name, value in done.fields.items() if value is not None}
    return fields, {name: rows for name, rows in done.collections.items() if rows}


def test_survivor_keeps_what_it_has_and_takes_what_it_lacks():
    survivor = make_profile(first_name="Ann", email="ann@example.com", company="Acme")
    merged = make_profile(
        first_name="Anna", email="anna@example.com", company="Other", occupation="Nurse", mobile_phone="+61404123123"
    )

    merge(merged, survivor)

    fields, _ = state(survivor)
    names = ("first_name", "email", "company", "occupation", "mobile_phone")
    assert {name: fields[name] for name in names} == {
        "first_name": "Ann",
        "email": "ann@example.com",
        "company": "Acme",
        "occupation": "Nurse",
        "mobile_phone": "+61404123123",
    }
    merged.refresh_from_db()
    assert (merged.merged_into_id, merged.email, merged.mobile_phone) == (survivor.id, "anna@example.com", None)


@pytest.mark.parametrize(
    ("survivors", "expected"),
    [
        ("ann@example.com", [("ann@example.com", "ann@example.com"), ("Anna@Example.com", "anna@example.com")]),
        (None, [("Anna@Example.com", "anna@example.com"), (None, None)]),
    ],
)
def test_email_goes_over_with_its_key(survivors, expected):
    survivor, merged = make_profile(email="ann@example.com"), make_profile(email="Anna@Example.com")
    Profile.objects.filter(id=survivor.id).update(email=survivors, email_key=survivors)

    merge(merged, survivor)

    emails = {one.id: (one.email, one.email_key) for one in Profile.objects.all()}
    assert [emails[survivor.id], emails[merged.id]] == expected


def test_children_are_united_without_losing_any():
    identity = {"handle": "pos", "identifier": "7"}
    survivor = make_profile(tags=["a", "b"], addresses=[HOME], identities=[{"handle": "shop", "identifier": "1"}])
    merged = make_profile(
        tags=["b", "c"],
        identities=[identity],
        addresses=[{**HOME, "address_line_1": "1  main st", "notes": "ring"}, {**WORK, "external_id": "w"}],
        custom_attributes=[{"namespace": "n", "handle": "h", "type": "string", "value": "x"}],
    )

    merge(merged, survivor)

    _, rows = state(survivor)
    assert sorted(rows["tags"]) == [("a",), ("b",), ("c",)]
    assert rows["identities"]["pos", "7"]["merged_from"] == str(merged.id)
    assert rows["identities"]["shop", "1"]["merged_from"] is None
    united = sorted((row["address_line_1"], row["notes"], row["is_default"]) for row in rows["addresses"].values())
    assert united == [("1 Main St", "ring", True), ("2 Side St", None, False)]
    assert rows["custom_attributes"] == {("n", "h"): {"type": "string", "value": "x"}}
    assert state(merged)[1] == {}


def test_consent_ends_the_tighter_with_the_newest_time():
    older, newer = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
    survivor = make_profile(
        comms_attributes={"email_promo": True, "sms_optout": True, "email_consent_updated_at": newer}
    )
    merged = make_profile(
        comms_attributes={"email_promo": False, "sms_optout": False, "email_consent_updated_at": older}
    )

    merge(merged, survivor)

    fields, _ = state(survivor)
    assert (fields["comms/email_promo"], fields["comms/sms_optout"]) == (False, True)
    assert fields["comms/email_consent_updated_at"] == newer


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param((False, "2025-01"), (False, "2024-01"), (False, "2025-01"), id="both refused"),
        pytest.param((False, "2024-01"), (True, "2025-01"), (False, "2025-01"), id="refused before a consent"),
        pytest.param((True, "2025-01"), (False, "2024-01"), (False, "2025-01"), id="likewise by the merged one"),
        pytest.param((True, None), (False, "2024-01"), (False, "2024-01"), id="untimed consent"),
        pytest.param((True, None), (True, "2024-01"), (True, "2024-01"), id="consent with and without a time"),
        pytest.param((None, None), (True, "2024-01"), (True, "2024-01"), id="only the merged one decided"),
        pytest.param((False, "2024-01"), (None, None), (False, "2024-01"), id="only the survivor decided"),
    ],
)
def test_effective_time_of_a_merge_is_the_newest(ours, theirs, expected):
    def comms(word):
        value, month = word
        time = {} if month is None else {"email_consent_updated_at": f"{month}-01T00:00:00Z"}
        return {"email_promo": value} | time

    survivor, merged = make_profile(comms_attributes=comms(ours)), make_profile(comms_attributes=comms(theirs))

    operation_id = merge(merged, survivor)

    survivor.refresh_from_db()
    value, month = expected
    assert (survivor.email_promo, survivor.effective_times) == (value, {"comms/email_promo": f"{month}-01T00:00:00Z"})
    row = ProfileChange.objects.get(profile=survivor, operation_id=operation_id)
    assert bool(row.times) is (ours[1] != month)
    # What either of them said before is no newer word.
    process([{"email": survivor.email, "comms_attributes": comms(word)} for word in (ours, theirs)])
    survivor.refresh_from_db()
    assert survivor.email_promo is value


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param("+61404123121", "+61404123122", (None, None), id="the survivor has a number of its own"),
        pytest.param(None, "+61404123122", (True, "failed"), id="it takes the merged one's"),
        pytest.param("+61404123121", None, (True, "failed"), id="told of no number"),
    ],
)
def test_bounced_goes_with_the_address(ours, theirs, expected):
    told = {"sms_bounced": True, "sms_verification": "failed"}
    survivor, merged = make_profile(mobile_phone=ours), make_profile(mobile_phone=theirs, comms_attributes=told)

    merge(merged, survivor)

    survivor.refresh_from_db()
    assert (survivor.sms_bounced, survivor.sms_verification) == expected
    assert bool(survivor.effective_times) is (expected[0] is True)


def test_what_was_told_of_no_address_goes_when_the_merged_one_brings_one():
    survivor = make_profile(comms_attributes={"sms_bounced": True})
    merged = make_profile(mobile_phone="+61404123122", comms_attributes={"sms_verification": "verified"})

    merge(merged, survivor)

    survivor.refresh_from_db()
    assert (survivor.mobile_phone, survivor.sms_bounced, survivor.sms_verification) == (
        "+61404123122",
        None,
        "verified",
    )


def test_merged_before_means_the_last_survivor():
    first, second, third = make_profile(email="a@example.com"), make_profile(), make_profile()

    merge(first, second)
    merge(second, third)

    first.refresh_from_db()
    assert first.merged_into_id == third.id
    batch = process([{"email": "a@example.com", "company": "Acme"}])
    assert batch.records.get().profile_id == third.id
    assert [one["code"] for one in batch.records.get().warnings] == ["alias_key"]
    assert folded(first) == state(first)


def test_why_is_told_in_each_row_of_the_merge():
    earlier, merged, survivor = make_profile(), make_profile(), make_profile()
    merge(earlier, merged)

    operation_id = merge(merged, survivor, note="Ann said so")

    rows = ProfileChange.objects.filter(operation_id=operation_id).order_by("profile_id")
    assert list(rows.values_list("profile_id", "note")) == [
        (profile.id, "Ann said so") for profile in (earlier, merged, survivor)
    ]
    assert set(ProfileChange.objects.exclude(operation_id=operation_id).values_list("note", flat=True)) == {""}


@pytest.mark.parametrize("which", ["itself", "unknown", "merged already", "into a merged one"])
def test_what_cannot_be_merged(which):
    one, other, third = make_profile(), make_profile(), make_profile()
    merge(other, third)
    pairs = {
        "itself": (one, one),
        "unknown": (Profile(), one),
        "merged already": (other, one),
        "into a merged one": (one, other),
    }

    with pytest.raises(MergeError):
        merge(*pairs[which])


def test_profiles_that_have_too_much_for_one_cannot_be_merged():
    one, other = make_profile(), make_profile()
    for profile, first in ((one, 0), (other, 600)):
        identities = [Identity(profile=profile, handle="pos", identifier=str(first + number)) for number in range(600)]
        for identity in identities:
            identity.created_at = identity.updated_at = NOW
        Identity.objects.bulk_create(identities)

    with pytest.raises(MergeError, match="more than 1,000 identities"):
        merge(one, other)


records = st.fixed_dictionaries(
    {},
    optional={
        "company": st.sampled_from(["Acme", "Other", None]),
        "tags": st.lists(st.sampled_from(["a", "b", "c/d~e"])),
        "addresses": st.lists(
            st.sampled_from(
                [HOME, WORK, {**HOME, "external_id": "h"}, {**WORK, "external_id": "h", "is_default": True}]
            ),
            max_size=2,
        ),
        "custom_attributes": st.lists(
            st.sampled_from(
                [
                    {"namespace": "n", "handle": "h", "type": "string", "value": None},
                    {"namespace": "n", "handle": "h", "type": "integer", "value": 7},
                    {"namespace": "n", "handle": "i", "type": "json", "value": {"a": [1]}},
                ]
            ),
            max_size=2,
        ),
        "dates_attributes": st.just([{"handle": "b", "name": "B", "date": "2000-02-29"}]),
        "comms_attributes": st.sampled_from([{"email_promo": True}, {"email_promo": False}, {"sms_optout": True}]),
        "birth": st.none(),
    },
)


@given(st.lists(records, min_size=3, max_size=3))
def test_ledger_of_a_merge_suffices_to_take_it_apart(three):
    with transaction.atomic():
        one, other, third = (
            make_profile(identities=[{"handle": "n", "identifier": number}], **record)
            for number, record in enumerate(three)
        )
        merge(other, third)
        before = {profile.id: state(profile) for profile in (one, other, third)}

        operation_id = merge(third, one)

        for profile in (one, other, third):
            assert folded(profile) == state(profile)
            row = ProfileChange.objects.get(profile=profile, operation_id=operation_id)
            assert row.action == "merged"
            assert folded(profile, before=row.version) == before[profile.id]
        transaction.set_rollback(True)


@pytest.mark.parametrize("merged_is_older", [True, False])
def test_rows_taken_over_are_the_same_rows(api_client, merged_is_older):
    def rows(profile):
        shown = api_client.get(f"/api/v3/profiles/{profile.id}").json()["data"]
        found = {("identity", row["identifier"]): row for row in shown["identities"]}
        found |= {("address", row["address_line_1"]): row for row in shown["addresses"]}
        return {name: (row["id"], row["created_at"]) for name, row in found.items()}

    def person(number, **fields):
        return make_profile(identities=[{"handle": "pos", "identifier": str(number)}], **fields)

    if merged_is_older:
        merged, survivor = person(1, addresses=[HOME, WORK]), person(2, addresses=[HOME])
    else:
        survivor, merged = person(2, addresses=[HOME]), person(1, addresses=[HOME, WORK])
    theirs, ours = rows(merged), rows(survivor)

    operation_id = merge(merged, survivor)

    assert rows(survivor) == {**theirs, **ours}
    assert state(merged)[1] == {}
    told = ProfileChange.objects.get(profile=merged, operation_id=operation_id).changes
    assert told["/identities/pos/1/id"] == {"from": theirs["identity", "1"][0]}
    gone = {
        change["from"]
        for pointer, change in told.items()
        if pointer.startswith("/addresses/") and pointer.endswith("/id")
    }
    assert gone == {theirs["address", line][0] for line in ("1 Main St", "2 Side St")}


def test_statements_of_a_merge_do_not_depend_on_the_rows(django_assert_num_queries):
    def pair(count):
        return [
            make_profile(
                identities=[{"handle": side, "identifier": f"{count}/{number}"} for number in range(count)],
                tags=[f"{side}{number}" for number in range(count)],
            )
            for side in ("a", "b")
        ]

    pairs = [pair(1), pair(3), pair(100)]
    with CaptureQueriesContext(connection) as queries:
        merge(*pairs[0])
    for one, other in pairs[1:]:
        with django_assert_num_queries(len(queries)):
            merge(one, other)


def test_rows_taken_over_stand_in_the_order_they_were_made(api_client):
    ours, theirs = ["m", "a"], ["z", "c", "x", "b"]

    def lists(letters):
        return {
            "identities": [{"handle": "pos", "identifier": letter} for letter in letters],
            "addresses": [{**HOME, "address_line_1": f"{letter} Street", "external_id": letter} for letter in letters],
            "custom_attributes": [
                {"namespace": "n", "handle": letter, "type": "string", "value": letter} for letter in letters
            ],
            "dates_attributes": [{"handle": letter, "name": "n", "date": "2020-01-01"} for letter in letters],
        }

    survivor, merged = make_profile(**lists(ours)), make_profile(**lists(theirs))
    # A database that writes a row anew when it changes gives the changed one last.
    process([{"identities": [{"handle": "pos", "identifier": "z", "is_active": False}]}], "pos")
    process(
        [
            {
                "identities": [{"handle": "pos", "identifier": "c"}],
                "addresses": [{"external_id": "z", "notes": "ring"}],
                "dates_attributes": [{"handle": "c", "name": "n", "date": "2021-01-01"}],
                "custom_attributes": [{"namespace": "n", "handle": "z", "type": "string", "value": "new"}],
            }
        ],
        "pos",
    )

    merge(merged, survivor)

    shown = api_client.get(f"/api/v3/profiles/{survivor.id}").json()["data"]
    assert {
        "identities": [row["identifier"] for row in shown["identities"]],
        "addresses": [row["external_id"] for row in shown["addresses"]],
        "attributes": list(shown["custom_attributes"]["n"]),
        "dates": [row["handle"] for row in shown["attributes"]["dates"]],
    } == {name: [*ours, *theirs] for name in ("identities", "addresses", "attributes", "dates")}


def test_merge_keeps_to_the_limits_of_identities():
    IdentityLimit.objects.create(handle="pos", most=2)
    survivor = make_profile(identities=[{"handle": "pos", "identifier": one} for one in "12"])
    others = [make_profile(identities=[{"handle": handle, "identifier": "3"}]) for handle in ("pos", "shop")]

    with pytest.raises(MergeError, match="more than 2 identities with the handle pos, which is the most for one"):
        merge(others[0], survivor)
    merge(others[1], survivor)

    assert Identity.objects.filter(profile=survivor).count() == 3


# --- Terms -------------------------------------------------------------------------------------------------------


def test_chosen_values_are_a_change_of_their_own():
    survivor = make_profile(first_name="Unknown", company="Acme", birth_day=1, birth_month=2)
    merged = make_profile(first_name="Ann", company="Other", birth_day=3, birth_month=4, birth_year=1980)

    operation_id = merge(merged, survivor, choices=["first_name", "birth_day"])

    survivor.refresh_from_db()
    assert (survivor.first_name, survivor.company, survivor.version) == ("Ann", "Acme", 3)
    assert (survivor.birth_day, survivor.birth_month, survivor.birth_year) == (3, 4, 1980)
    assert survivor.search_name == "annunknown"
    row = ProfileChange.objects.get(profile=survivor, version=3)
    assert (row.action, row.operation_id) == ("updated", operation_id)
    assert row.changes == {
        "/first_name": {"from": "Unknown", "to": "Ann"},
        "/birth_day": {"from": 1, "to": 3},
        "/birth_month": {"from": 2, "to": 4},
        "/birth_year": {"from": None, "to": 1980},
    }
    assert folded(survivor) == state(survivor)


def test_choice_that_changes_nothing_leaves_no_row():
    survivor, merged = make_profile(company="Acme"), make_profile(company="Acme")

    merge(merged, survivor, choices=["company"])

    assert ProfileChange.objects.filter(profile=survivor).count() == 2


@pytest.mark.parametrize("stale", ["merged", "survivor"])
def test_merge_decided_by_older_versions_is_stale(stale):
    survivor, merged = make_profile(), make_profile()
    versions = {survivor.id: 1, merged.id: 1}
    versions[{"merged": merged, "survivor": survivor}[stale].id] = 0

    with pytest.raises(StaleMergeError, match="was changed by somebody else"):
        merge(merged, survivor, expected_versions=versions)

    assert not ProfileChange.objects.filter(action="merged").exists()


def pair(one, other, verdict):
    low, high = sorted((one, other), key=lambda profile: profile.id)
    return DuplicateCandidate.objects.create(
        low=low,
        high=high,
        reason="ambiguous",
        position=3,
        verdict=verdict,
        later_until=NOW.date() if verdict == "later" else None,
        created_at=NOW,
    )


def verdicts(profile):
    """Return the verdict of each pair the profile is in, by the other one's id."""
    return {
        found.high_id if found.low_id == profile.id else found.low_id: found.verdict
        for found in DuplicateCandidate.objects.filter(Q(low=profile) | Q(high=profile))
    }


@pytest.mark.parametrize(
    ("theirs", "own", "expected"),
    [
        pytest.param("open", None, "open", id="open ones are carried"),
        pytest.param("different", None, "different", id="different ones are carried"),
        pytest.param("same", None, None, id="settled ones are not"),
        pytest.param("later", None, "later", id="those put off are carried"),
        pytest.param("different", "open", "different", id="different outweighs open"),
        pytest.param("different", "later", "different", id="and what is put off"),
        pytest.param("open", "different", "different", id="and is not outweighed"),
        pytest.param("open", "same", "same", id="what staff said of the survivor stays"),
    ],
)
def test_survivor_is_in_the_pairs_of_the_merged(theirs, own, expected):
    survivor, merged, other = make_profile(), make_profile(), make_profile()
    pair(merged, other, theirs)
    if own is not None:
        pair(survivor, other, own)

    merge(merged, survivor)

    assert verdicts(survivor).get(other.id) == expected
    assert verdicts(merged) == {other.id: theirs}


def test_pair_within_the_family_is_not_carried():
    survivor, merged, earlier = make_profile(), make_profile(), make_profile()
    merge(earlier, survivor)
    pair(merged, earlier, "open")

    merge(merged, survivor)

    assert verdicts(survivor) == {}


def test_plan_of_a_merge_writes_nothing():
    survivor, merged = make_profile(), make_profile(company="Acme")

    with transaction.atomic():
        plan = plan_merge(Merge(merged.id, survivor.id), cause=CAUSE, now=NOW)

    assert plan.changes[1].changes == {"/company": {"from": None, "to": "Acme"}}
    assert not ProfileChange.objects.filter(action="merged").exists()


# --- The command -------------------------------------------------------------------------------------------------


def test_command_merges_once_it_is_told_to(capsys, monkeypatch):
    survivor, merged = make_profile(), make_profile(company="Acme")
    monkeypatch.setattr("builtins.input", lambda _: "y")

    call_command("merge_profiles", str(merged.id), str(survivor.id), note="one card")

    merged.refresh_from_db()
    assert merged.merged_into_id == survivor.id
    out = capsys.readouterr().out
    assert f"Unknown Unknown ({survivor.id}), 1 changes:\n  /company\n" in out
    assert f"{merged.id} means {survivor.id} from now on" in out
    assert set(ProfileChange.objects.filter(action="merged").values_list("cause_kind", "note")) == {
        ("command", "one card")
    }


@pytest.mark.parametrize(
    ("options", "answer", "told"),
    [({"dry_run": True}, "", None), ({}, "n", "Nothing was merged."), ({"user": "nobody"}, "", "There is no user")],
)
def test_command_that_is_not_confirmed_merges_nothing(monkeypatch, options, answer, told):
    survivor, merged = make_profile(), make_profile()
    monkeypatch.setattr("builtins.input", lambda _: answer)

    with pytest.raises(CommandError, match=told) if told else nullcontext():
        call_command("merge_profiles", str(merged.id), str(survivor.id), **options)

    assert not Profile.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize(("source", "told"), [("x", "x is not an id."), (str(NOBODY), "There is no")])
def test_command_names_what_it_cannot_merge(source, told):
    with pytest.raises(CommandError, match=told):
        call_command("merge_profiles", source, str(make_profile().id), yes=True)


# --- The desk ----------------------------------------------------------------------------------------------------


def merge_url(survivor, **asked):
    return reverse("admin:profiles_profile_merge", args=[survivor.id], query=asked)


def test_desk_finds_shows_and_merges(staff_client, staff_user):
    survivor = make_profile(email="ann@example.com", first_name="Unknown", last_name="Lee", company="Acme")
    merged = make_profile(email="anna@example.com", first_name="Anna", last_name="Lee", company="Other", tags=["vip"])

    page = staff_client.get(merge_url(survivor, **{"with": "anna@example.com"}))
    text = page.content.decode()
    assert [(one.name, one.takes_merged) for one in page.context["choices"]] == [
        ("first_name", True),
        ("company", False),
    ]
    assert "It takes or changes: 1 tag." in text
    versions = {f"version-{one.id}": 1 for one in (survivor, merged)}
    done = staff_client.post(
        merge_url(survivor, **{"with": str(merged.id)}),
        {**versions, "first_name": "merged", "company": "survivor", "note": "one card"},
    )

    assert done.headers["Location"] == reverse("admin:profiles_profile_change", args=[survivor.id])
    survivor.refresh_from_db()
    assert (survivor.first_name, survivor.company) == ("Anna", "Acme")
    row = ProfileChange.objects.get(profile=survivor, action="merged")
    assert (row.actor_id, row.actor_label, row.note) == (staff_user.id, "staff", "one card")


def test_desk_that_was_overtaken_shows_the_new_state(staff_client):
    survivor, merged = make_profile(company="Acme"), make_profile(company="Other")
    versions = {f"version-{one.id}": 0 for one in (survivor, merged)}

    page = staff_client.post(merge_url(survivor, **{"with": str(merged.id)}), {**versions, "company": "merged"})

    assert page.context["errors"] == ["One of the profiles was changed by somebody else after it was looked at."]
    assert [(one.name, one.takes_merged) for one in page.context["choices"]] == [("company", True)]
    assert not ProfileChange.objects.filter(action="merged").exists()


def test_desk_asks_once_more_where_staff_said_they_differ(staff_client):
    survivor, merged = make_profile(), make_profile()
    pair(survivor, merged, "different")
    url = merge_url(survivor, **{"with": str(merged.id)})
    versions = {f"version-{one.id}": 1 for one in (survivor, merged)}

    assert staff_client.get(url).context["is_different"]
    assert staff_client.post(url, versions).context["errors"] == ["Staff have said that the two are different people."]
    assert staff_client.post(url, {**versions, "despite_verdict": "on"}).status_code == 302


@pytest.mark.parametrize(
    ("asked", "told"),
    [("nobody@example.com", "Nobody else was found"), ("", "Which profile is the same person"), ("Lee", "Compare")],
)
def test_desk_that_has_not_found_one_asks(staff_client, asked, told):
    survivor = make_profile(last_name="Lee")
    make_profile(last_name="Lee", first_name="A")
    make_profile(last_name="Lee", first_name="B")

    assert told in staff_client.get(merge_url(survivor, **{"with": asked})).content.decode()


def test_merged_profile_leads_to_its_survivor(staff_client):
    survivor, merged = make_profile(), make_profile()
    merge(merged, survivor)

    answer = staff_client.get(merge_url(merged))

    assert answer.headers["Location"] == reverse("admin:profiles_profile_change", args=[survivor.id])


def test_merging_takes_a_permission_of_its_own(client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_profile", "change_profile"]))
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    profile = make_profile()

    assert client.get(merge_url(profile)).status_code == 403
    assert (
        "Merge another" not in client.get(reverse("admin:profiles_profile_change", args=[profile.id])).content.decode()
    )
    clerk.user_permissions.add(Permission.objects.get(codename="merge_profile"))
    assert client.get(merge_url(profile)).status_code == 200


def test_pair_leads_to_where_it_is_merged(staff_client):
    found = pair(make_profile(), make_profile(), "open")

    page = staff_client.get(reverse("admin:profiles_duplicatecandidate_change", args=[found.pk])).content.decode()

    assert f"{merge_url(found.low)}?with={found.high_id}" in page


@pytest.mark.parametrize("ended", ["merged", "survivor"])
def test_profile_that_has_ended_is_not_merged(ended):
    batch = process([{"email": "a@example.com"}])
    gone, other = Profile.objects.get(), make_profile()
    with transaction.atomic():
        take_back(targets_of_batch(batch.id), cause=CAUSE, now=NOW)

    with pytest.raises(MergeError, match="has ended"):
        merge(*((gone, other) if ended == "merged" else (other, gone)))
