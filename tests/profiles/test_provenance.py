"""Where each value came from (rules 6.6)."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange, User
from profiles.provenance import provenance_of
from profiles.undoing import take_back, target_of_change
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
HOME = {"external_id": "home", "address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


def merge(merged, survivor, **options):
    return merge_profiles(Merge(merged.id, survivor.id, **options), cause=STAFF, now=NOW)


def told(profile):
    """Return by path the value, whose row said it, which version, and how many merges it came through."""
    return {
        one.path: (one.value, one.change.profile_id, one.change.version, len(one.via))
        for one in provenance_of(profile.id)
    }


def test_newest_word_on_each_path_put_its_value_there():
    profile = make_profile(email="a@example.com", company="Acme", addresses=[HOME], tags=["vip", "old"])
    process([{"email": "a@example.com", "company": "Other", "addresses": [{**HOME, "city": "Fremantle"}]}])
    process([{"email": "a@example.com", "occupation": "Nurse", "tags": ["vip"]}])

    found = told(profile)

    places = {path.rpartition("/")[2]: path for path in found}
    assert found["/company"] == ("Other", profile.id, 2, 0)
    assert found["/occupation"] == ("Nurse", profile.id, 3, 0)
    assert found["/email"] == ("a@example.com", profile.id, 1, 0)
    assert found[places["city"]] == ("Fremantle", profile.id, 2, 0)
    assert found[places["postcode"]] == ("6000", profile.id, 1, 0)
    assert found["/tags/vip"] == (True, profile.id, 1, 0)
    assert "/tags/old" not in found


def test_what_was_cleared_is_told_and_what_never_was_is_not():
    profile = make_profile(email="a@example.com", company="Acme")
    process([{"email": "a@example.com", "company": None}])

    found = told(profile)

    assert found["/company"] == (None, profile.id, 2, 0)
    assert "/occupation" not in found


def test_value_is_followed_through_merges_to_whoever_said_it():
    survivor = make_profile(email="a@example.com", company="Acme")
    middle = make_profile(email="b@example.com", occupation="Nurse")
    first = make_profile(email="c@example.com", title="Dr", identities=[{"handle": "pos", "identifier": "7"}])
    merge(first, middle)
    merge(middle, survivor)

    found = told(survivor)

    assert found["/company"] == ("Acme", survivor.id, 1, 0)
    assert found["/occupation"] == ("Nurse", middle.id, 1, 1)
    assert found["/title"] == ("Dr", first.id, 1, 2)
    assert found["/identities/pos/7/is_active"] == (True, first.id, 1, 2)
    # The merge says by itself where the identity came from.
    assert found["/identities/pos/7/merged_from"] == (str(first.id), middle.id, 2, 1)


def test_value_that_a_merge_united_of_both_is_the_merges():
    later, earlier = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
    survivor = make_profile(comms_attributes={"email_promo": True, "email_consent_updated_at": later})
    merged = make_profile(comms_attributes={"email_promo": False, "email_consent_updated_at": earlier})
    merge(merged, survivor)

    found = told(survivor)

    assert found["/comms/email_promo"] == (False, merged.id, 1, 1)
    assert found["/comms/email_consent_updated_at"] == (later, survivor.id, 1, 0)


def test_value_that_staff_chose_is_theirs():
    survivor, merged = make_profile(company="Acme"), make_profile(company="Other")
    merge(merged, survivor, choices=["company"])

    (company,) = (one for one in provenance_of(survivor.id) if one.path == "/company")

    assert (company.value, company.change.version, company.change.action) == ("Other", 3, "updated")
    assert (company.change.cause_kind, company.change.actor_label) == ("admin", "staff")


def test_those_merged_earlier_are_not_taken_for_those_merged_now():
    survivor, merged = make_profile(email="a@example.com"), make_profile(email="b@example.com", title="Dr")
    earlier = make_profile(email="c@example.com", title="Dr")
    merge(earlier, merged)
    merge(merged, survivor)

    assert told(survivor)["/title"] == ("Dr", merged.id, 1, 1)


def test_what_an_undo_gave_back_is_whoever_said_it():
    profile = make_profile(email="a@example.com", company="Acme")
    process([{"email": "a@example.com", "company": "Other"}])
    process([{"email": "a@example.com", "occupation": "Nurse"}])
    with transaction.atomic():
        take_back([target_of_change(profile.id, 2)], cause=STAFF, now=NOW)

    found = {one.path: one for one in provenance_of(profile.id)}

    assert told(profile)["/company"] == ("Acme", profile.id, 1, 1)
    assert [row.action for row in found["/company"].via] == ["reverted"]
    assert told(profile)["/occupation"] == ("Nurse", profile.id, 3, 0)


def test_redone_word_is_its_own_again():
    profile = make_profile(email="a@example.com", company="Acme")
    process([{"email": "a@example.com", "company": "Other"}])
    for version in (2, 3):
        with transaction.atomic():
            take_back([target_of_change(profile.id, version)], cause=STAFF, now=NOW)

    assert told(profile)["/company"] == ("Other", profile.id, 2, 1)


@pytest.mark.parametrize("length", [1, 60])
def test_statements_do_not_depend_on_the_length_of_the_history(length):
    profile = make_profile(email="a@example.com")
    for number in range(length):
        process([{"email": "a@example.com", "company": f"c{number}"}])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = provenance_of(profile.id)

    assert len(queries) == 2
    assert {one.path: one.value for one in found}["/company"] == f"c{length - 1}"


def test_whatever_was_never_in_the_ledger_has_no_provenance():
    profile = make_profile()
    with transaction.atomic():
        ProfileChange.objects.filter(profile=profile).delete()

    assert provenance_of(profile.id) == []


# --- The desk ----------------------------------------------------------------------------------------------------


def test_page_of_a_profile_marks_where_each_value_is_from(staff_client, machine_user):
    batch = process(
        [{"email": "a@example.com", "company": "Acme", "addresses": [HOME]}], submitted_by=machine_user, label="crm"
    )
    profile = Profile.objects.get()
    row = profile.changes.get()
    url = reverse("admin:profiles_profile_change", args=[profile.id])

    answer = staff_client.get(url)

    record = reverse("admin:batches_batchrecord_at", args=[batch.id, 0])
    change = reverse("admin:profiles_profilechange_change", args=[row.pk])
    help_text = answer.context["adminform"].form.fields["company"].help_text
    assert record in help_text
    assert f"{row.at:%Y-%m-%d %H:%M}" in help_text
    address = next(one for one in answer.context["collections"] if one["anchor"] == "addresses")
    assert (address["table"]["headers"][-1], f'href="{change}">crm, ' in address["table"]["rows"][0][-1]) == (
        "where from",
        True,
    )


def test_viewer_reads_where_the_fields_are_from(client):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_profile"))
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    profile = make_profile(company="Acme")

    page = client.get(reverse("admin:profiles_profile_change", args=[profile.id]))

    assert "Where the fields come from" in page.content.decode()
    assert ["company", "Acme"] in [row[:2] for row in page.context["own_fields"]["rows"]]
