"""A rejected record is put right and sent again, and what staff can do about it stands beside it (way 5.7)."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from batches.correcting import CorrectingError, values_of, with_values
from batches.models import Batch, BatchBody
from profiles.models import Profile, User
from tests.batches.asking import BACKEND, correct_url, record_of, record_page
from tests.builders import process, process_waiting
from tests.properties.strategies import examples

pytestmark = pytest.mark.django_db


# --- Values by their places ------------------------------------------------------------------------------------------


def test_values_are_told_by_their_places():
    record = {"email": "a@example.com", "tags": ["vip"], "a/b": {"c": [1, None, {}]}, "identities": []}

    assert [(value.pointer, value.text, value.is_text) for value in values_of(record)] == [
        ("/email", "a@example.com", True),
        ("/tags/0", "vip", True),
        ("/a~1b/c/0", "1", False),
        ("/a~1b/c/1", "null", False),
        ("/a~1b/c/2", "{}", False),
        ("/identities", "[]", False),
    ]


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ({"/email": "b@example.com"}, {"email": "b@example.com", "year": 1980, "tags": ["vip", "gold"]}),
        ({"/year": "1981"}, {"email": "a", "year": 1981, "tags": ["vip", "gold"]}),
        ({"/year": "old"}, {"email": "a", "year": "old", "tags": ["vip", "gold"]}),
        ({"/year": ""}, {"email": "a", "tags": ["vip", "gold"]}),
        ({"/tags/0": " "}, {"email": "a", "year": 1980, "tags": ["gold"]}),
        ({"/email": "1"}, {"email": "1", "year": 1980, "tags": ["vip", "gold"]}),
        ({"/company": "Acme"}, {"email": "a", "year": 1980, "tags": ["vip", "gold"], "company": "Acme"}),
    ],
)
def test_record_is_what_was_typed(typed, corrected):
    assert with_values({"email": "a", "year": 1980, "tags": ["vip", "gold"]}, typed) == corrected


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("ab/~0", min_size=1, max_size=3))
NAMES = st.text("ab/~", min_size=1, max_size=3)
INNER = st.one_of(LEAVES, st.lists(LEAVES, max_size=3), st.dictionaries(NAMES, LEAVES, max_size=3))
OUTER = st.one_of(INNER, st.lists(INNER, max_size=3), st.dictionaries(NAMES, INNER, max_size=3))
RECORDS = st.dictionaries(NAMES, OUTER, max_size=4)


@examples(200, torture=5_000)
@given(record=RECORDS)
def test_record_of_which_nothing_is_typed_stays_what_it_is(record):
    assert with_values(record, {}) == record


def test_record_of_too_many_values_is_not_put_right_here():
    with pytest.raises(CorrectingError, match="more than 200 values"):
        values_of({"tags": ["a"] * 201})


# --- The page --------------------------------------------------------------------------------------------------------


def test_wrong_value_is_put_right_and_sent_as_a_batch_of_one(staff_client):
    batch = process(
        [{"email": "ann@example.com", "birth_day": 31, "birth_month": 2, "first_name": "Ann"}], label="shop"
    )
    record = record_of(batch)
    page = staff_client.get(correct_url(record))
    first = page.context["form_lines"][0]
    assert (first.title, first.text, len(first.errors)) == ("birth_day", "31", 1)
    assert page.context["is_rejected"]

    still = staff_client.post(correct_url(record), {"at/birth_day": "30", "send": "1"})
    assert "Nothing was sent" in still.content.decode()
    checked = staff_client.post(correct_url(record), {"at/birth_day": "28", "check": "1"})
    assert not checked.context["is_rejected"]
    assert Batch.objects.count() == 1
    staff_client.post(correct_url(record), {"at/birth_day": "28", "send": "1"})
    process_waiting()

    sent = Batch.objects.get(corrects_batch_id=batch.id)
    assert (sent.corrects_position, sent.label, sent.submitted_by, sent.created_count) == (0, "shop", None, 1)
    assert Profile.objects.get().birth_day == 28
    assert "It was sent again as" in record_page(staff_client, record)
    assert json.loads(BatchBody.objects.get(batch=batch).content)["profiles"][0]["birth_day"] == 31


def test_missing_value_has_a_field_with_its_error(staff_client):
    record = record_of(process([{"first_name": "Ann"}]))

    page = staff_client.get(correct_url(record))
    assert page.context["form_lines"][0].pointer == "/email"
    staff_client.post(correct_url(record), {"at/email": "ann@example.com", "send": "1"})
    process_waiting()

    assert Profile.objects.get().email == "ann@example.com"


def test_field_may_be_added(staff_client):
    record = record_of(process([{"email": "no", "first_name": "Ann"}]))

    staff_client.post(
        correct_url(record), {"at/email": "ann@example.com", "add": "company", "added": "Acme", "send": "1"}
    )
    process_waiting()

    assert Profile.objects.get().company == "Acme"


@pytest.mark.parametrize("outcome", ["accepted", "bodiless"])
def test_record_that_cannot_be_put_right_says_so(staff_client, outcome):
    batch = process([{"email": "ann@example.com" if outcome == "accepted" else "no"}])
    if outcome == "bodiless":
        BatchBody.objects.all().delete()

    answer = staff_client.get(correct_url(record_of(batch)), follow=True)

    assert answer.redirect_chain
    assert list(answer.context["messages"])


def test_putting_right_takes_the_permission_of_processing_again(client):
    record = record_of(process([{"email": "no"}]))
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer, backend=BACKEND)

    assert client.get(correct_url(record)).status_code == 403
    assert client.post(reverse("process-again", args=[record.batch_id])).status_code == 403
    assert "What to do next" not in record_page(client, record)
