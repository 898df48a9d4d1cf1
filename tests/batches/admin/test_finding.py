"""Anything is found from one box, by whoever may see it."""

import re

import pytest

from batches.models import Import
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


def find(client, term):
    """Return what is shown: each group's heading with its titles."""
    answer = client.get("/admin/search/", {"extended": "1", "s": term})
    assert answer.status_code == 200
    page = answer.content.decode()
    groups = re.findall(r'<section aria-label="([^"]+)">(.*?)</section>', page, re.DOTALL)
    return {name: re.findall(r'data-title="([^"]*)"', part) for name, part in groups}


@pytest.fixture
def hub():
    """Return Ann, of a batch and an import that are called spring."""
    ann = make_profile(
        email="ann@example.com", first_name="Ann", last_name="Lee", identities=[{"handle": "pos", "identifier": "77"}]
    )
    process([{"email": "ann@example.com", "reference": "order-9", "tags": ["spring-sale"]}], label="spring")
    Import.objects.create(name="Spring.csv", terms={"match": "email"}, queue_key="import-1")
    return ann


@pytest.mark.parametrize(
    ("term", "found"),
    [
        # The beginning of an email that a record was matched by.
        ("Ann", {"People": ["Ann Lee"], "Records": ["order-9"]}),
        ("lee ann", {"People": ["Ann Lee"]}),
        ("77", {"People": ["Ann Lee"]}),
        ("ANN@example.com", {"People": ["Ann Lee"], "Records": ["order-9"]}),
        ("order-9", {"Records": ["order-9"]}),
        ("spring", {"Batches": ["spring"], "Imports": ["Spring.csv"], "Reference data": ["spring-sale"]}),
        ("nobody", {}),
        ("", {}),
        ("a\0b", {}),
        ("x" * 10_000, {}),
        ("%", {}),
    ],
)
def test_anything_is_found(staff_client, hub, term, found):
    assert find(staff_client, term) == found


def test_profile_is_found_by_its_id(staff_client, hub):
    assert find(staff_client, str(hub.pk)) == {"People": ["Ann Lee"]}


def test_region_is_found_by_the_beginning_of_its_name(staff_client):
    load_reference_data(example_data())

    assert find(staff_client, "new south")["Reference data"] == ["New South Wales"]


def test_three_of_a_kind_are_shown_and_where_the_others_are(staff_client):
    for number in range(5):
        make_profile(email=f"lee{number}@example.com", first_name=f"A{number}", last_name="Lee")

    page = staff_client.get("/admin/search/", {"s": "Lee"}).content.decode()

    assert page.count("<li") == 3
    assert '<a class="underline" href="/admin/profiles/profile/?q=Lee">More</a>' in page


def test_nothing_is_said_to_be_found(staff_client):
    page = staff_client.get("/admin/search/", {"s": "<b>"}).content.decode()

    assert "Nothing is found by “&lt;b&gt;”" in page


def test_what_somebody_may_not_see_is_not_found(client, hub, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")

    assert find(client, "spring") == {}
    assert find(client, "Ann") == {}


def test_stranger_is_sent_to_sign_in(client):
    assert client.get("/admin/search/", {"s": "Ann"}).status_code == 302


def test_answer_is_kept_nowhere(staff_client, hub):
    assert "no-store" in staff_client.get("/admin/search/", {"s": "Ann"})["Cache-Control"]


@pytest.mark.parametrize("count", [1, 3, 30])
def test_any_number_takes_the_same_statements(staff_client, count, django_assert_max_num_queries):
    for number in range(count):
        make_profile(email=f"lee{number}@example.com", first_name=f"A{number}", last_name="Lee")
    make_profile(tags=[f"lee-{number}" for number in range(count)], email="z@example.com")

    with django_assert_max_num_queries(22):
        find(staff_client, "lee")
