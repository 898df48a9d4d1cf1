"""People are found by what staff and clients have at hand, on both engines alike."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from profiles import keys
from profiles.erasing import erase_profile
from profiles.models import MiddleName, Profile
from profiles.searching import MOST_WORDS, find_profiles
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process, raw_record
from tests.properties.stored import rolled_back
from tests.properties.strategies import examples

pytestmark = pytest.mark.django_db


def found(term):
    """Return the first names of those who are found."""
    return sorted(find_profiles(term).values_list("first_name", flat=True))


# --- Names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "terms"),
    [
        (
            "Mary Jane",
            "Watson",
            ["jane", "jane wat", "watson jane", "janewatson", "mary watson", "wat mar jan"],
        ),
        ("Siobhán", "O\u2019Brien", ["brien", "o brien", "o'brien siobhan", "siob bri"]),
        ("Anna", "van der Berg", ["berg", "der berg", "berg anna", "anna berg van", "derberg", "van anna"]),
        ("Anna", "Müller-Lüdenscheidt", ["luden", "anna luden", "ludenscheidt muller", "lüdenscheidt, anna"]),
        ("Jo", "Mac Donald", ["macdonald", "mac donald jo", "jo donald", "macdonald jo"]),
        ("Jo", "MacDonald", ["mac donald jo", "macd", "jo mac", "mac donald"]),
        ("José María", "García", ["maria", "garcia maria", "maria garcia jose"]),
        ("मीना", "कुमारी", ["मीना", "कुमा", "कुमारी मीना"]),
        ("美玲", "王", ["美玲", "王 美"]),
        ("Ann", "Smith", ["ann smith", "smith ann", "smi an", "annsmith", "a s"]),
    ],
)
def test_names_are_found_by_beginnings_in_any_order(first, last, terms):
    make_profile(first_name=first, last_name=last)
    make_profile(first_name="Someone", last_name="Else")

    assert {term: found(term) for term in terms} == {term: [first] for term in terms}


@pytest.mark.parametrize("term", ["ane", "jane mary x", "atson", "watson watsons", "wat son jane ma x", "-", "'"])
def test_what_begins_no_name_finds_nobody(term):
    make_profile(first_name="Mary Jane", last_name="Watson")

    assert found(term) == []


def test_profile_of_many_names_is_found_by_the_first_of_them():
    names = " ".join(f"n{number}x" for number in range(40))
    make_profile(first_name=names, last_name=names)

    assert (found("n1x"), found("n20x"), found("n39x")) == ([names], [names], [])
    assert found(" ".join(f"n{number}x" for number in range(MOST_WORDS, 0, -1))) == [names]
    assert MiddleName.objects.count() == keys.MOST_MIDDLE_NAMES


def test_other_names_are_found_in_place_of_those_before():
    make_profile(email="ann@example.com", first_name="Mary Jane", last_name="Watson")

    process([raw_record(email="ann@example.com", first_name="Mary Ann")])

    assert (found("jane"), found("ann watson")) == ([], ["Mary Ann"])


def test_nothing_is_left_of_the_names_of_somebody_who_was_erased():
    person = make_profile(first_name="Mary Jane", last_name="Watson")

    erase_profile(person.id, cause=Cause(CauseKind.ADMIN), now=timezone.now())

    assert not MiddleName.objects.exists()


WORDS = st.sampled_from(["Ann", "anna", "Lee", "le", "O'Brien", "Mary-Jane", "Ørsted", "van", "Der"])
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@examples(40, torture=2_000)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4), st.lists(WORDS, min_size=1, max_size=3))
def test_whoever_has_a_name_that_begins_with_each_word_is_found(people, words):
    with rolled_back():
        ids = {make_profile(first_name=first, last_name=last).id: f"{first} {last}" for first, last in people}
        asked = keys.name_words(" ".join(words))

        answer = set(find_profiles(" ".join(words)).values_list("id", flat=True))

        for id_, name in ids.items():
            starts = [keys.search_name(*keys.name_words(name)[place:]) for place in range(len(keys.name_words(name)))]
            if all(any(start.startswith(word) for start in starts) for word in asked):
                assert id_ in answer, (name, words)


# --- Keys --------------------------------------------------------------------------------------------------------


@pytest.fixture
def people():
    """Return three whose keys begin, end or read alike."""
    make_profile(
        first_name="Ann",
        email="Ann.Smith@Example.com",
        mobile_phone="+61404123123",
        identities=[{"handle": "shop", "identifier": "Ab-12"}, {"handle": "pos", "identifier": "Straße7"}],
    )
    make_profile(
        first_name="Ben",
        email="ann.smithson@example.com",
        mobile_phone="+61404123124",
        secondary_phone="+6421555123",
        identities=[{"handle": "shop", "identifier": "AB-12"}, {"handle": "till", "identifier": "cd-9"}],
    )
    make_profile(
        first_name="Cyd", email="cyd@example.org", mobile_phone="+16502530000", secondary_phone="+61404123123"
    )


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        # Emails: whole, else by their beginning.
        ("ann.smith@example.com", ["Ann"]),
        ("ANN.SMITH@EXAMPLE.COM", ["Ann"]),
        ("ann.smith", ["Ann", "Ben"]),
        ("ann.smith@ex", ["Ann"]),
        ("Ann.SmithS", ["Ben"]),
        ("cyd@", ["Cyd"]),
        ("smith@example.com", []),
        ("ann.smith@ example", []),
        # Phones: whole, first or second; else by their beginning from the plus, or their last digits.
        ("+61404123123", ["Ann", "Cyd"]),
        ("0404 123 123", ["Ann", "Cyd"]),
        ("04 0412 3124", ["Ben"]),
        ("+61 404 123", ["Ann", "Ben"]),
        ("+1 (650)", ["Cyd"]),
        ("650 253 0000", ["Cyd"]),
        ("(0)650-253.0000", ["Cyd"]),
        ("0061404123124", ["Ben"]),
        ("04123124", ["Ben"]),
        ("021 555 123", ["Ben"]),
        ("4123124", []),
        ("+", []),
        ("+1 650 253 0001", []),
        # Identifiers: as they are, else in any case.
        ("Ab-12", ["Ann"]),
        ("AB-12", ["Ben"]),
        ("ab-12", ["Ann", "Ben"]),
        ("shop:aB-12", ["Ann", "Ben"]),
        ("till:aB-12", []),
        ("CD-9", ["Ben"]),
        ("till: Cd-9", ["Ben"]),
        ("straße7", ["Ann"]),
        ("STRASSE7", []),
        ("b-12", []),
    ],
)
def test_keys_are_found_in_any_spelling(people, settings, term, expected):
    settings.PHONE_DEFAULT_COUNTRY = "AU"

    assert found(term) == expected


def test_national_phone_is_found_without_a_default_country(people, settings):
    settings.PHONE_DEFAULT_COUNTRY = ""

    assert (found("0404 123 124"), found("404123124")) == (["Ben"], ["Ben"])


def test_any_number_of_people_is_found():
    now = timezone.now()
    Profile.objects.bulk_create(
        Profile(first_name="Ann", search_name="annlee", search_last="lee", created_at=now, updated_at=now)
        for _ in range(700)
    )

    assert find_profiles("lee").count() == 700


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL reads small tables whole; see the benchmark")
@pytest.mark.parametrize("term", ["ann", "ann lee van", "shop:Ab-1", "0404 123 123", "+6140", "ann@example.com"])
def test_no_table_is_read_whole(term):
    with CaptureQueriesContext(connection) as queries:
        list(find_profiles(term))

    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql'].replace('%', '%%')}")
            assert [step for *_, step in cursor.fetchall() if step.startswith("SCAN profiles_")] == []
