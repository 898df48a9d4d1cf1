"""What staff can do next about a rejected record stands beside it (way 5.7)."""

import pytest

from profiles.reference_data import example_data, load_reference_data
from tests.batches.asking import correct_url, record_of, record_page
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    load_reference_data(example_data())
    make_profile(email="ann@example.com", first_name="Ann", identities=[{"handle": "pos", "identifier": "7"}])
    make_profile(email="bob@example.com", first_name="Bob", mobile_phone="+61404000001")
    make_profile(email="dan@example.com", first_name="Dan")
    process([{"email": "dan@example.com", "profile_type": "deleted"}])


@pytest.mark.parametrize(
    ("sent", "criteria", "steps"),
    [
        (
            {"email": "new@example.com", "mobile_phone": "+61404000001"},
            "email",
            ["Look at Bob", "Keep the number as the secondary phone"],
        ),
        ({"email": "dan@example.com"}, "email", ["Restore the profile with this record"]),
        ({"email": "new@example.com", "region": "victorai"}, "email", ["much like it: victoria", "Add a region"]),
        ({"first_name": "Ann"}, "email", ["Add the missing value", "Look for Ann"]),
        ({"email": "no"}, "email", ["Correct the record"]),
        (
            {"email": "bob@example.com", "identities": [{"handle": "pos", "identifier": "7"}]},
            "email",
            ["Compare", "Look at Ann"],
        ),
    ],
)
def test_steps_fit_the_error(staff_client, people, sent, criteria, steps):
    page = record_page(staff_client, record_of(process([sent], criteria)))

    assert "What to do next" in page
    for step in steps:
        assert step in page


@pytest.mark.parametrize(
    ("sent", "wish", "told"),
    [
        ({"email": "dan@example.com"}, "restore", ("profile_type", "active")),
        (
            {"email": "new@example.com", "mobile_phone": "+61404000001"},
            "secondary",
            ("secondary_phone", "+61404000001"),
        ),
    ],
)
def test_step_fills_the_form(staff_client, people, sent, wish, told):
    record = record_of(process([sent]))

    page = staff_client.get(correct_url(record), {"try": wish})

    assert told in [(line.title, line.text) for line in page.context["form_lines"]]
    assert not page.context["is_rejected"]
