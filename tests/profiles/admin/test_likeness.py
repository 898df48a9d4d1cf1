"""What two profiles share and in what they differ, as far as either is known."""

import pytest

from profiles.admin.likeness import MOST_OF_EACH, Fact, compare_fields, compare_rows, titles
from profiles.models import Profile
from tests.builders import make_profile


@pytest.mark.parametrize(
    ("low", "high", "is_shared", "differs"),
    [
        (("Ann",), ("ann",), True, False),
        (("Straße",), ("STRASSE",), True, False),
        (("1", "2"), ("2", "3"), True, False),
        (("Ann",), ("Bob",), False, True),
        (("1", "2"), ("3",), False, True),
        (("Ann",), (), False, False),
        ((), (), False, False),
    ],
)
def test_values_are_shared_or_differ_where_both_are_known(low, high, is_shared, differs):
    there, back = Fact("x", low, high), Fact("x", high, low)

    assert (there.is_shared, there.differs) == (back.is_shared, back.differs) == (is_shared, differs)


@pytest.mark.parametrize(
    ("low", "high", "facts"),
    [
        ({}, {}, []),
        ({"first_name": "Unknown", "last_name": ""}, {"first_name": "", "company": None}, []),
        ({"birth_day": 3, "birth_month": 2, "birth_year": 985}, {}, [Fact("birthday", ("0985-02-03",), ())]),
        ({"birth_year": 1985}, {"birth_day": 3}, []),
        ({"secondary_phone": "+1"}, {"mobile_phone": "+1"}, [Fact("phone", ("+1",), ("+1",))]),
        ({"email": "A@x.com", "email_key": "a@x.com"}, {"email": "b@x.com"}, [Fact("email", ("a@x.com",), ())]),
        ({"company": "Acme"}, {"company": "ACME"}, [Fact("company", ("Acme",), ("ACME",))]),
    ],
)
def test_fields_of_which_nothing_is_known_tell_nothing(low, high, facts):
    assert compare_fields(Profile(**low), Profile(**high)) == facts


@pytest.mark.django_db
def test_newest_identities_and_the_default_address_come_first(django_assert_num_queries):
    many = [{"handle": "pos", "identifier": f"{number}"} for number in range(MOST_OF_EACH + 2)]
    places = [
        {"address_line_1": "1 Nathan Rd", "city": "Kowloon", "country": "HK"},
        {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"},
    ]
    low = make_profile(identities=[*many, {"handle": "shop", "identifier": "a"}], addresses=places)
    high = make_profile(identities=[{"handle": "app", "identifier": "z"}])
    low.addresses.update(is_default=False)
    low.addresses.filter(city="Perth").update(is_default=True)

    with django_assert_num_queries(4):
        facts = compare_rows(low, high)

    assert facts == [
        Fact("identity app", (), ("z",)),
        Fact("identity pos", ("6", "5", "4", "3", "2"), ()),
        Fact("identity shop", ("a",), ()),
        Fact("address", ("1 Main St, Perth, 6000", "1 Nathan Rd, Kowloon"), ()),
    ]


@pytest.mark.django_db
def test_profiles_without_rows_have_nothing_to_compare():
    assert compare_rows(make_profile(), make_profile()) == []


@pytest.mark.parametrize(
    ("shared", "told"), [(True, "email, phone"), (False, "company")], ids=["what they share", "what they differ in"]
)
def test_facts_are_named_in_their_order(shared, told):
    facts = [Fact("email", ("a",), ("A",)), Fact("company", ("x",), ("y",)), Fact("birthday", ("1",), ())]

    assert titles([*facts, Fact("phone", ("1", "2"), ("2",))], shared=shared) == told
    assert titles(facts[2:], shared=shared) == "-"


@pytest.mark.django_db
def test_many_identities_of_one_system_hide_no_other():
    many = [{"handle": "app", "identifier": str(number)} for number in range(60)]
    low = make_profile(email="a@example.com", identities=[*many, {"handle": "shop", "identifier": "S"}])
    high = make_profile(email="b@example.com", identities=[{"handle": "shop", "identifier": "T"}])

    facts = {fact.title: (fact.low, fact.high) for fact in compare_rows(low, high)}

    assert facts["identity shop"] == (("S",), ("T",))
    assert len(facts["identity app"][0]) == MOST_OF_EACH
