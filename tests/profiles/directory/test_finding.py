"""Whose row holds which key, and who lives on in whom: one query, whatever is asked."""

import pytest
from django.db import transaction
from django.utils import timezone

from profiles.directory.finding import find_holders, find_merged
from profiles.directory.snapshots import load_snapshots
from profiles.keys import email_match_key, identity_match_key, mobile_match_key
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile
from profiles.values import Cause, CauseKind
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
ODD = ["", 'say "hi"', "back\\slash", "{a,b}", "NULL", "%s", "Zo\u2028ë"]


def merged_into(survivor, **fields):
    """Return somebody who was merged into the survivor."""
    merged = make_profile(**fields)
    with transaction.atomic():
        merge_profiles(Merge(merged.id, survivor.id), cause=Cause(CauseKind.COMMAND), now=timezone.now())
    return merged


def test_each_kind_of_key_leads_to_whoever_holds_it():
    ada = make_profile(email="ada@example.com", mobile_phone="+61404123123")
    bob = make_profile(email="bob@example.com", identities=[{"handle": "pos", "identifier": "7"}])
    keys = {
        email_match_key("ada@example.com"): ada.id,
        mobile_match_key("+61404123123"): ada.id,
        email_match_key("bob@example.com"): bob.id,
        identity_match_key("pos", "7"): bob.id,
    }
    nobodys = [email_match_key("c@example.com"), identity_match_key("shop", "7"), identity_match_key("pos", "70")]

    found = find_holders([*keys, *nobodys], [])

    assert found.holders == keys
    assert (found.survivors, found.versions) == ({}, {ada.id: 1, bob.id: 1})
    assert found.behind == {ada.id, bob.id}


@pytest.mark.parametrize("part", [one for one in ODD if one])
def test_odd_identifiers_are_found_as_they_are(part):
    profile = make_profile(identities=[{"handle": part, "identifier": part}])

    found = find_holders([identity_match_key(part, part), *(identity_match_key(part, one) for one in ODD)], [])

    assert found.holders == {identity_match_key(part, part): profile.id}


def test_merged_profile_still_holds_its_keys_and_means_its_survivor():
    survivor = make_profile(email="ada@example.com")
    merged = merged_into(survivor, email="old@example.com", identities=[{"handle": "pos", "identifier": "7"}])

    found = find_holders([email_match_key("old@example.com"), identity_match_key("pos", "7")], [merged.id])

    assert found.holders == {
        email_match_key("old@example.com"): merged.id,
        identity_match_key("pos", "7"): survivor.id,
    }
    assert found.survivors == {merged.id: survivor.id}
    assert found.behind == {merged.id, survivor.id}
    assert find_merged([survivor.id]) == {merged.id}


def test_ids_are_found_without_a_key():
    profile = make_profile()

    found = find_holders([], [profile.id])

    assert (found.holders, found.versions) == ({}, {profile.id: 1})


def test_what_was_read_later_is_of_the_same_moment_only_at_the_same_version():
    profile = make_profile()
    found = find_holders([email_match_key(profile.email_key)], [])
    before = load_snapshots([profile.id], collections=())

    Profile.objects.filter(id=profile.id).update(version=2)

    assert found.still_holds(before)
    assert not found.still_holds(load_snapshots([profile.id], collections=()))
    assert not found.still_holds({})


@pytest.mark.parametrize("count", [1, 3, 100])
def test_one_query_however_many_keys(django_assert_num_queries, count):
    profile = make_profile()
    keys = [email_match_key(f"nobody{number}@example.com") for number in range(count)]

    with django_assert_num_queries(1):
        found = find_holders([*keys, email_match_key(profile.email_key)], [profile.id])

    assert found.behind == {profile.id}
