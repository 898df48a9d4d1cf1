"""The desk's pages about profiles that may be the same person."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from profiles.admin.likeness import Fact, compare_fields, compare_rows, titles
from profiles.models import DuplicateCandidate
from profiles.models.duplicates import waiting_pairs
from tests.builders import make_profile

pytestmark = pytest.mark.django_db

PAIRS = "/admin/profiles/duplicatecandidate/"
TODAY = dt.date(2026, 3, 5)


def note_pair(one, two, **values):
    low, high = sorted([one, two], key=lambda profile: profile.id)
    values = {"reason": "ambiguous", "created_at": timezone.now()} | values
    return DuplicateCandidate.objects.create(low=low, high=high, **values)


@pytest.fixture
def pair():
    return note_pair(make_profile(first_name="Ana"), make_profile(first_name="Anna"))


@pytest.fixture
def page(pair):
    return f"{PAIRS}{pair.pk}/change/"


def said(pair):
    pair.refresh_from_db()
    return pair.verdict, pair.later_until


def errors(response):
    return response.context["adminform"].form.errors


def test_pair_is_judged(staff_client, pair, page):
    staff_client.post(page, {"verdict": "different", "reason": "no", "low": "", "later_until": "2999-01-01"})

    low, high = pair.low_id, pair.high_id
    assert said(pair) == ("different", None)
    assert (pair.reason, pair.low_id, pair.high_id) == ("ambiguous", low, high)


def test_pair_is_put_off(staff_client, pair, page):
    staff_client.post(page, {"verdict": "later", "later_until": "2999-01-01"})

    assert said(pair) == ("later", dt.date(2999, 1, 1))
    assert "put off until 2999-01-01" in staff_client.get(PAIRS).content.decode()


@pytest.mark.parametrize("day", ["", "2020-01-01", f"{timezone.now():%Y-%m-%d}"])
def test_pair_is_put_off_to_a_day_to_come(staff_client, pair, page, day):
    response = staff_client.post(page, {"verdict": "later", "later_until": day})

    assert errors(response) == {"later_until": ["Say until when: a day after today."]}
    assert said(pair) == ("open", None)


def test_pair_is_not_called_one_person_without_being_merged(staff_client, pair, page):
    response = staff_client.post(page, {"verdict": "same"})

    assert list(errors(response)) == ["verdict"]
    assert "/merge/?with=" in staff_client.get(page).content.decode()


def test_verdict_of_a_merged_pair_can_be_seen_and_kept(staff_client, pair, page):
    DuplicateCandidate.objects.update(verdict="same")

    staff_client.post(page, {"verdict": "same"})

    assert said(pair) == ("same", None)


@pytest.mark.parametrize(
    ("action", "verdict", "message"),
    [
        ("say_different", "different", "1 changed to “different people”."),
        ("say_open", "open", "0 changed to “open”."),
    ],
)
def test_pairs_are_judged_together(staff_client, viewing_client, pair, action, verdict, message):
    chosen = {"action": action, "_selected_action": [pair.pk]}

    viewing_client.post(PAIRS, chosen)
    before = said(pair)
    response = staff_client.post(PAIRS, chosen, follow=True)

    assert (before, said(pair)) == (("open", None), (verdict, None))
    assert [str(message) for message in response.context["messages"]] == [message]


def test_pairs_are_put_off_together(staff_client, pair):
    until = timezone.now().date() + dt.timedelta(days=30)

    response = staff_client.post(PAIRS, {"action": "say_later", "_selected_action": [pair.pk]}, follow=True)

    assert said(pair) == ("later", until)
    assert [str(message) for message in response.context["messages"]] == [f"1 changed to “put off until {until}”."]


def test_pairs_wait_until_they_are_judged_and_again_from_the_day_said(staff_client):
    people = [make_profile(first_name=name) for name in ("Ana", "Ben", "Cleo", "Dora", "Eve", "Finn")]
    ana, *others = people
    verdicts = [("open", None), ("later", TODAY), ("later", TODAY + dt.timedelta(days=1)), ("different", None)]
    pairs = [
        note_pair(ana, other, verdict=verdict, later_until=until)
        for other, (verdict, until) in zip(others, verdicts, strict=False)
    ]

    assert set(waiting_pairs(today=TODAY)) == {pairs[0], pairs[1]}
    lists = {
        state: {pair.pk for pair in staff_client.get(PAIRS, {"state": state}).context["cl"].result_list}
        for state in ("waiting", "open", "later", "different", "same")
    }
    assert lists == {
        "waiting": {pairs[0].pk, pairs[1].pk, pairs[2].pk},
        "open": {pairs[0].pk},
        "later": {pairs[1].pk, pairs[2].pk},
        "different": {pairs[3].pk},
        "same": set(),
    }


@pytest.mark.parametrize(("verdict", "until"), [("open", TODAY), ("later", None)])
def test_only_what_is_put_off_has_a_day(verdict, until):
    with pytest.raises(IntegrityError, match="duplicate_candidate_later_until"), transaction.atomic():
        note_pair(make_profile(first_name="Ana"), make_profile(first_name="Anna"), verdict=verdict, later_until=until)


def test_page_shows_the_two_side_by_side_and_their_other_pairs(staff_client):
    ana = make_profile(first_name="Ana", email="ana@example.com", identities=[{"handle": "pos", "identifier": "7"}])
    anna = make_profile(first_name="Anna", email="anna@example.com")
    other = note_pair(anna, make_profile(first_name="Annie"))
    pair = note_pair(ana, anna)

    context = staff_client.get(f"{PAIRS}{pair.pk}/change/").context

    low, high = ("ana", "anna") if pair.low_id == ana.id else ("anna", "ana")
    facts = {row[0]: row[1:3] for row in context["side_by_side"]["rows"]}
    assert facts["email"] == [f"{low}@example.com", f"{high}@example.com"]
    assert sorted(facts["identity pos"]) == ["-", "7"]
    assert [f"#{other.pk}" in row[0] for row in context["other_pairs"]["rows"]] == [True]


# --- Likeness ----------------------------------------------------------------------------------------------------


def test_fields_are_compared():
    one = make_profile(
        first_name="Ana", last_name="Unknown", email="a@example.com", mobile_phone="+61404000001", birth_day=3,
        birth_month=2, birth_year=1990,
    )  # fmt: skip
    other = make_profile(
        first_name="ANA", last_name="Ng", email="b@example.com", mobile_phone="+61404000002",
        secondary_phone="+61404000001", birth_day=3, birth_month=2,
    )  # fmt: skip

    facts = compare_fields(one, other)

    assert facts == [
        Fact("first name", ("Ana",), ("ANA",)),
        Fact("last name", (), ("Ng",)),
        Fact("email", ("a@example.com",), ("b@example.com",)),
        Fact("phone", ("+61404000001",), ("+61404000002", "+61404000001")),
        Fact("birthday", ("1990-02-03",), ("02-03",)),
    ]
    assert titles(facts, shared=True) == "first name, phone"
    assert titles(facts, shared=False) == "email, birthday"
    assert titles([], shared=True) == "-"


def test_rows_are_compared():
    home = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
    one = make_profile(
        identities=[{"handle": "pos", "identifier": "7"}, {"handle": "shop", "identifier": "a"}], addresses=[home]
    )
    other = make_profile(identities=[{"handle": "pos", "identifier": "8"}], addresses=[])

    assert compare_rows(one, other) == [
        Fact("identity pos", ("7",), ("8",)),
        Fact("identity shop", ("a",), ()),
        Fact("address", ("1 Main St, Perth, 6000",), ()),
    ]
