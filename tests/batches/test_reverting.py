"""What later records have said and no ledger tells: they are read again (rules 10.11)."""

import json

import pytest

from batches.models import BatchBody, BatchRecord
from batches.undoing import parts_of, submit_undos
from profiles.models import Address, Profile, ProfileChange, ProfileTag
from profiles.undoing import UndoOptions
from tests.builders import process, process_waiting

pytestmark = pytest.mark.django_db
ANN = {"email": "ann@example.com"}


def take_back(batch, **options):
    """Take the batch back, and return the batch that did it."""
    (receipt,) = submit_undos(parts_of([batch]), options=UndoOptions(**options), submitted_by=None)
    process_waiting()
    return BatchRecord.objects.filter(batch=receipt.batch_id).order_by("position")


def codes(records):
    return [warning["code"] for record in records for warning in record.warnings]


def ann():
    return Profile.objects.get(email_key="ann@example.com")


def causes(profile):
    """Return who made each version of the profile, and how."""
    rows = ProfileChange.objects.filter(profile=profile).order_by("version")
    return list(rows.values_list("action", "batch_id"))


@pytest.fixture
def known():
    """Have Ann be known, with a company."""
    return process([{**ANN, "company": "Old", "tags": ["first"]}])


# --- A profile that was there before -----------------------------------------------------------------------------


def test_value_that_a_later_record_repeats_is_that_ones_then(known):
    batch = process([{**ANN, "company": "Acme", "occupation": "Cook"}])
    later = process([{**ANN, "company": "Acme"}])
    assert later.unchanged_count == 1

    undone = take_back(batch)

    assert (ann().company, ann().occupation) == ("Acme", None)
    assert codes(undone) == []
    assert causes(ann())[2:] == [("reverted", undone[0].batch_id), ("updated", later.id)]


def test_by_the_ledger_alone_it_goes_back_and_that_is_told(known):
    batch = process([{**ANN, "company": "Acme"}])
    process([{**ANN, "company": "Acme"}])

    undone = take_back(batch, by_ledger_alone=True)

    assert ann().company == "Old"
    assert codes(undone) == ["later_records"]


def test_record_whose_body_is_gone_is_told(known):
    batch = process([{**ANN, "company": "Acme"}])
    later = process([{**ANN, "company": "Acme"}])
    BatchBody.objects.filter(batch=later).delete()

    undone = take_back(batch)

    assert ann().company == "Old"
    assert codes(undone) == ["later_records"]


def test_what_a_later_record_changed_otherwise_stays_its_own(known):
    batch = process([{**ANN, "company": "Acme", "occupation": "Cook"}])
    process([{**ANN, "company": "Third", "occupation": "Cook"}])

    take_back(batch)

    assert (ann().company, ann().occupation) == ("Third", "Cook")


def test_tags_that_a_later_record_replaced_with_the_same_stay(known):
    batch = process([{**ANN, "tags": ["vip", "gold"]}])
    process([{**ANN, "tags": ["vip", "gold"]}])

    take_back(batch)

    assert sorted(ProfileTag.objects.filter(profile=ann()).values_list("tag__handle", flat=True)) == ["gold", "vip"]


def test_address_that_a_later_record_named_is_its_own(known):
    home = {
        "external_id": "h",
        "address_line_1": "1 High Street",
        "city": "Sydney",
        "postcode": "2000",
        "country": "AUS",
    }
    batch = process([{**ANN, "addresses": [home]}])
    process([{**ANN, "addresses": [home]}])

    take_back(batch)

    (address,) = Address.objects.filter(profile=ann())
    assert (address.external_id, address.city, address.is_default) == ("h", "Sydney", True)


def test_birthday_is_one_value(known):
    day = {"birth_day": 1, "birth_month": 2, "birth_year": 1980}
    batch = process([{**ANN, **day}])
    process([{**ANN, **day, "company": "Acme"}])

    take_back(batch)

    assert (ann().birth_day, ann().birth_month, ann().birth_year, ann().company) == (1, 2, 1980, "Acme")


def test_permission_that_a_later_record_repeats_stays(known):
    batch = process([{**ANN, "comms_attributes": {"email_promo": True}}])
    process([{**ANN, "comms_attributes": {"email_promo": True}}])

    take_back(batch)

    assert ann().email_promo is True


def test_what_a_record_says_after_it_was_taken_back_too_does_not_count(known):
    batch = process([{**ANN, "company": "Acme"}])
    later = process([{**ANN, "company": "Acme"}])
    take_back(later)

    take_back(batch)

    assert ann().company == "Old"


def test_undo_of_the_undo_is_what_was_there_before(known):
    batch = process([{**ANN, "company": "Acme", "occupation": "Cook"}])
    later = process([{**ANN, "company": "Acme"}])
    undone = take_back(batch)

    take_back(undone[0].batch)

    assert (ann().company, ann().occupation) == ("Acme", "Cook")
    take_back(later)
    assert ann().company == "Acme"


def test_what_the_later_record_said_can_be_taken_back_afterwards(known):
    batch = process([{**ANN, "company": "Acme"}])
    later = process([{**ANN, "company": "Acme"}])
    take_back(batch)

    take_back(later)

    assert ann().company == "Old"


# --- A profile that was made by it -------------------------------------------------------------------------------


def test_profile_is_made_anew_of_what_later_records_say():
    batch = process([{**ANN, "first_name": "Ann", "company": "Acme"}])
    later = process([{**ANN, "first_name": "Ann"}], label="crm")
    profile = ann()

    undone = take_back(batch)

    assert ann() == profile
    assert (ann().first_name, ann().company, ann().ended) == ("Ann", None, None)
    assert causes(profile)[1:] == [("reverted", undone[0].batch_id), ("created", later.id)]
    assert codes(undone) == []


def test_profile_that_nobody_followed_ends_as_ever():
    batch = process([ANN])

    take_back(batch)

    assert Profile.objects.get().ended == "undone"


def test_later_changes_are_part_of_it():
    batch = process([{**ANN, "company": "Acme", "title": "Dr"}])
    process([{**ANN, "title": "Dr"}])
    process([{**ANN, "company": "Third", "occupation": "Cook"}])

    take_back(batch)

    assert (ann().title, ann().company, ann().occupation) == ("Dr", "Third", "Cook")


def test_profile_that_staff_spoke_of_first_stays_whole(staff_client):
    batch = process([{**ANN, "company": "Acme"}])
    ProfileChange.objects.filter(batch_id=batch.id).update(batch_id=None, cause_kind="admin", position=None)
    process([{**ANN, "occupation": "Cook"}])
    change = ProfileChange.objects.get(version=1)
    ProfileChange.objects.filter(pk=change.pk).update(batch_id=batch.id, cause_kind="batch", position=0)

    take_back(batch)

    assert ann().ended is None


def test_without_their_bodies_it_stays_as_it_is():
    batch = process([{**ANN, "company": "Acme"}])
    later = process([ANN])
    BatchBody.objects.filter(batch=later).delete()

    undone = take_back(batch)

    assert ann().company == "Acme"
    assert codes(undone) == ["kept_in_use"]


def test_opt_out_is_not_lost_with_the_creation():
    batch = process([{**ANN, "comms_attributes": {"sms_optout": True}}])
    process([ANN])

    undone = take_back(batch)

    assert ann().sms_optout is True
    assert codes(undone) == ["kept_in_use"]


def test_by_force_it_ends_all_the_same():
    batch = process([ANN])
    process([{**ANN, "company": "Mine"}])

    take_back(batch, force=frozenset([ann().id]))

    assert Profile.objects.get().ended == "undone"


# --- Told beforehand ---------------------------------------------------------------------------------------------


def test_preview_counts_what_later_records_say(api_client, known):
    batch = process([{**ANN, "company": "Acme", "occupation": "Cook"}], label="file")
    process([{**ANN, "company": "Acme"}])

    answer = api_client.post(
        "/api/v3/batches/undo?dry_run=1", json.dumps({"label": "file"}), content_type="application/json"
    )

    assert answer.json()["data"]["message"] == (
        "0 profiles end, 1 changes back (1 value), 0 stay as they are. 1 value is as later records say. "
        "Nobody else is touched."
    )
    assert batch.updated_count == 1


@pytest.mark.parametrize(("later", "company"), [("records", "Acme"), ("ledger", "Old")])
def test_request_says_whether_they_are_read_again(api_client, known, later, company):
    batch = process([{**ANN, "company": "Acme"}])
    process([{**ANN, "company": "Acme"}])

    api_client.post(f"/api/v3/batches/{batch.id}/undo", json.dumps({"later": later}), content_type="application/json")
    process_waiting()

    assert ann().company == company


def test_one_change_is_taken_back_in_the_same_way(api_client, known):
    process([{**ANN, "company": "Acme", "occupation": "Cook"}])
    process([{**ANN, "company": "Acme"}])

    answer = api_client.post(
        f"/api/v3/profiles/{ann().id}/changes/2/undo",
        "{}",
        content_type="application/json",
        headers={"If-Match": '"2"'},
    )

    assert answer.json()["data"]["changes"] == {"/occupation": {"from": "Cook", "to": None}}
    assert ann().company == "Acme"
