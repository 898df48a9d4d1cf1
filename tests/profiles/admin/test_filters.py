"""Marketing's questions at the desk: combined, told in words, each taken away again."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from profiles.models import DuplicateCandidate, ProfileStatus
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
PATH = reverse("admin:profiles_profile_changelist")
VIP = {"tags": ["vip", "news"], "region": "victoria", "statuses": ["gold"]}


@pytest.fixture
def hub():
    """Return four people, of whom Ann is all that marketing asks for."""
    load_reference_data(example_data())
    may = {"email_promo": True, "sms_promo": True}
    return {
        "Ann": make_profile(
            first_name="Ann",
            email="ann@example.com",
            mobile_phone="+61404000001",
            identities=[{"handle": "shop", "identifier": "1"}],
            comms_attributes=may,
            **VIP,
        ),
        "Ben": make_profile(first_name="Ben", email="ben@example.com", comms_attributes=may, tags=["vip"]),
        "Cleo": make_profile(
            first_name="Cleo",
            email="cleo@example.com",
            mobile_phone="+61404000003",
            comms_attributes={**may, "sms_optout": True, "email_bounced": True},
            **VIP,
        ),
        "Dan": make_profile(first_name="Dan", email="dan@example.com", region="new-south-wales"),
    }


def found(client, **asked):
    """Return the first names that the list shows, and its chips."""
    answer = client.get(PATH, asked)
    assert answer.status_code == 200, answer.content[:500]
    names = sorted(profile.first_name for profile in answer.context_data["cl"].result_list)
    return names, [chip["words"] for chip in answer.context_data["chips"]]


@pytest.mark.parametrize(
    ("asked", "names", "chips"),
    [
        ({}, ["Ann", "Ben", "Cleo", "Dan"], []),
        ({"tag": "vip"}, ["Ann", "Ben", "Cleo"], ["tag: vip"]),
        ({"tag": "vip, news"}, ["Ann", "Cleo"], ["tag: vip, news"]),
        ({"status": "gold"}, ["Ann", "Cleo"], ["status: Gold"]),
        ({"region": "victoria"}, ["Ann", "Cleo"], ["region: Victoria"]),
        ({"sms_consent": "may"}, ["Ann"], ["SMS: may be sent to"]),
        ({"sms_consent": "refused"}, ["Cleo"], ["SMS: refused"]),
        ({"sms_consent": "unasked"}, ["Dan"], ["SMS: never decided"]),
        ({"email_consent": "may"}, ["Ann", "Ben"], ["email: may be sent to"]),
        ({"email_consent": "bounced"}, ["Cleo"], ["email: bounced"]),
        ({"system": "shop"}, ["Ann"], ["known to system: shop"]),
        ({"organisation": "nobody"}, [], ["organisation: nobody"]),
        ({"duplicates": "yes"}, ["Ben", "Dan"], ["possible duplicates: has some"]),
        ({"profile_type__exact": "active"}, ["Ann", "Ben", "Cleo", "Dan"], ["profile type: active"]),
        ({"q": "ann"}, ["Ann"], ["found by “ann”"]),
        (
            {"tag": "vip", "region": "victoria", "sms_consent": "may", "q": "a"},
            ["Ann"],
            ["tag: vip", "region: Victoria", "SMS: may be sent to", "found by “a”"],
        ),
    ],
)
def test_people_are_found_by_what_marketing_asks(staff_client, hub, asked, names, chips):
    low, high = sorted([hub["Ben"].pk, hub["Dan"].pk])
    DuplicateCandidate.objects.create(low_id=low, high_id=high, reason="mobile", created_at=timezone.now())

    assert found(staff_client, **asked) == (names, chips)


def test_status_that_has_expired_is_not_held(staff_client, hub):
    ProfileStatus.objects.filter(profile=hub["Ann"]).update(expires_at=timezone.now())

    assert found(staff_client, status="gold")[0] == ["Cleo"]


def test_each_chip_takes_its_own_part_away(staff_client, hub):
    page = staff_client.get(PATH, {"tag": "vip", "sms_consent": "may", "p": "1"}).content.decode()

    links = re.findall(r'<li><a class="[^"]*" href="(\?[^"]*)" aria-label="[^"]*, take away"', page)
    assert [parse_qs(urlsplit(link).query) for link in links] == [{"sms_consent": ["may"]}, {"tag": ["vip"]}]
    assert '<a class="flex items-center px-3 py-1.5 underline" href="?">All of them</a>' in page


@pytest.mark.parametrize(
    "asked", [{"sms_consent": "perhaps"}, {"region": "nowhere"}, {"status": "x"}, {"tag": "\0"}, {"duplicates": "no"}]
)
def test_what_cannot_be_asked_is_an_error_and_never_everybody(staff_client, hub, asked):
    answer = staff_client.get(PATH, asked)

    assert answer.status_code == 400
    assert "Ann" not in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3, 60])
def test_combined_questions_take_the_same_statements(staff_client, count, django_assert_max_num_queries):
    load_reference_data(example_data())
    for number in range(count):
        make_profile(email=f"p{number}@example.com", tags=["vip"], region="victoria")
    staff_client.get(PATH)

    with django_assert_max_num_queries(9):
        staff_client.get(PATH, {"tag": "vip", "region": "victoria", "email_consent": "unasked"})
